"""pytest plugin: `lab`, one for the whole run, and `settled_lab`, the same in its seeded state."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import pytest

from lab import cache, inquest, releases
from lab.lab import Lab
from lab.system import LabError

REASON = "needs root"
FIXTURES = {"lab", "settled_lab"}
NODES = 3
REBUILT = "the lab was built anew"


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Install and fetch what tests need, before any is collected and before there are workers.

    Whatever is missing after that is a failure: see `pytest_sessionfinish`.
    """
    if os.geteuid() == 0 and not hasattr(session.config, "workerinput"):
        try:
            cache.prepare()
            releases.prepare(releases.of_nodes(None, NODES))
        except LabError as error:
            pytest.exit(
                f"no lab can be built here: {error}", returncode=pytest.ExitCode.TESTS_FAILED
            )


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """A cluster of three nodes, reachable from this process, gone when the run ends.

    While developing, `VMFERRY_TEST_LAB` names one that is up already, and stays.
    """
    if standing := os.environ.get("VMFERRY_TEST_LAB"):
        attached = Lab.attach(standing)
        attached.enter_network()
        yield attached
        return
    with Lab.up(NODES, base=f"test-{os.getpid()}", owner=os.getpid()) as lab:
        lab.enter_network()
        yield lab


@pytest.fixture
def settled_lab(lab: Lab, request: pytest.FixtureRequest) -> Lab:
    """The lab as it was seeded: every VM at home, every guest ticking, nothing left behind."""
    settle(lab, request.node)
    return lab


def settle(lab: Lab, item: pytest.Item) -> None:
    """Bring the lab to its seed for a test (or for the first of several)."""
    if why := lab.reset():
        item.user_properties.append((REBUILT, why))
    inquest.begin_test(lab.base, item.nodeid)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that use the lab; leave out without root what needs it.

    Files with such tests come first: they take longest, and one that is begun last would keep all
    other workers waiting.
    """
    for item in items:
        uses_lab = FIXTURES.intersection(getattr(item, "fixturenames", ()))
        if uses_lab or item.get_closest_marker("lab"):
            item.add_marker(pytest.mark.lab)
        needs_root = item.get_closest_marker("lab") or item.get_closest_marker("root")
        if needs_root and os.geteuid():
            item.add_marker(pytest.mark.skip(reason=REASON))
    on_the_lab = {item.path for item in items if item.get_closest_marker("lab")}
    items.sort(key=lambda item: item.path not in on_the_lab)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With root nothing is left out: what was skipped was wanting, and fails the run."""
    if os.geteuid() == 0 and _reports(session.config, "skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Generator[None, None, None]:
    """Say plainly, below all else, which labs had to be built anew, and how much was left out."""
    yield
    for report in _reports(config, "passed", "failed", "error", ""):
        for name, why in report.user_properties:
            if name == REBUILT and report.when == "setup":
                terminalreporter.write_line(f"{name} before {report.nodeid}: {why}", yellow=True)
    if left_out := len(_reports(config, "skipped")):
        terminalreporter.write_line(
            f"LEFT OUT: {left_out} tests did not run"
            + (", because they need root." if os.geteuid() else ": this run has failed."),
            yellow=True,
            bold=True,
        )


def _reports(config: pytest.Config, *kinds: str) -> list[pytest.TestReport]:
    """What a run without workers, or the process that has them, knows of the tests."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    stats = {} if reporter is None else reporter.stats
    return [
        report
        for kind in kinds
        for report in stats.get(kind, [])
        if isinstance(report, pytest.TestReport)
    ]
