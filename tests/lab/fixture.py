"""pytest plugin: `lab`, one for the whole run, and `settled_lab`, the same in its seeded state."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import pytest

from lab.lab import Lab

REASON = "needs root: the lab is made of namespaces"
FIXTURES = {"lab", "settled_lab"}


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
    with Lab.up(base=f"test-{os.getpid()}", owner=os.getpid()) as lab:
        lab.enter_network()
        lab.wait_guests()
        yield lab


@pytest.fixture
def settled_lab(lab: Lab) -> Lab:
    """The lab as it was seeded: every VM at home, every guest ticking, nothing left behind."""
    lab.reset()
    return lab


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that use the lab; leave them out where it cannot be built.

    Files with such tests come first: they take longest, and one that is begun last would keep all
    other workers waiting.
    """
    for item in items:
        uses_lab = FIXTURES.intersection(getattr(item, "fixturenames", ()))
        if uses_lab or item.get_closest_marker("lab"):
            item.add_marker(pytest.mark.lab)
            if os.geteuid():
                item.add_marker(pytest.mark.skip(reason=REASON))
    on_the_lab = {item.path for item in items if item.get_closest_marker("lab")}
    items.sort(key=lambda item: item.path not in on_the_lab)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter,
) -> Generator[None, None, None]:
    """Say plainly, below all else, how much was left out."""
    yield
    left_out = [
        report
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple) and REASON in report.longrepr[2]
    ]
    if left_out:
        terminalreporter.write_line(
            f"LEFT OUT: {len(left_out)} lab tests did not run, because the lab needs root.",
            yellow=True,
            bold=True,
        )
