"""pytest plugin: the count that matters, summed up over all workers and said at the very end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import pytest


class Cause(StrEnum):
    """Why a guest was rebooted though nobody was surprised."""

    CONFIRMED = "rebooted as confirmed"
    WARNED = "restarted as the plan had warned"
    POWER = "lost with their node's power"


@dataclass
class Tally:
    """The sums of a whole run."""

    tests: int = 0
    surprised: int = 0
    constraints: int = 0
    expected: Counter[str] = field(default_factory=Counter)

    @property
    def harmed(self) -> bool:
        return bool(self.surprised or self.constraints)

    def add(self, other: Tally) -> None:
        self.tests += other.tests
        self.surprised += other.surprised
        self.constraints += other.constraints
        self.expected.update(other.expected)

    def __str__(self) -> str:
        causes = "".join(f", {cause}: {self.expected[cause]}" for cause in Cause)
        return (
            f"Guests rebooted without a confirmed REBOOT or a warning: {self.surprised}, "
            f"constraints left: {self.constraints} (scenarios: {self.tests}{causes})"
        )


TALLY = pytest.StashKey[Tally]()
OUTPUT = "tally"


@pytest.fixture(scope="session")
def tally(pytestconfig: pytest.Config) -> Tally:
    return tally_of(pytestconfig)


def tally_of(config: pytest.Config) -> Tally:
    return config.stash.setdefault(TALLY, Tally())


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker has ended and hands over what it counted; one that crashed fails the run anyway."""
    counted = getattr(node, "workeroutput", {}).get(OUTPUT)
    if counted is not None:
        tests, surprised, constraints, expected = counted
        tally_of(node.config).add(Tally(tests, surprised, constraints, Counter(expected)))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand over to the controller, if there is one; whoever sums up fails the run for any harm."""
    tally = tally_of(session.config)
    workeroutput = getattr(session.config, "workeroutput", None)
    if workeroutput is not None:
        workeroutput[OUTPUT] = (
            tally.tests,
            tally.surprised,
            tally.constraints,
            {str(cause): count for cause, count in tally.expected.items()},
        )
    elif tally.harmed:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Generator[None, None, None]:
    """Say how many guests were harmed in the making of this run."""
    yield
    tally = tally_of(config)
    if tally.tests or tally.harmed:
        terminalreporter.write_line(str(tally), red=tally.harmed, green=not tally.harmed, bold=True)
