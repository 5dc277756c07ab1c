"""`vmferry demo`: the board on a simulated cluster."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import click

from backends.acts.journal import Journal
from backends.clusters.simulated import SCENARIOS, SimulatedBackend
from tui.cli.board import AT, moment_of, need_terminal
from tui.cli.options import Command
from tui.cli.session import Session, takes_session


class DemoCommand(Command):
    """A command whose help tells the scenarios."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Scenarios"):
            formatter.write_dl(list(SCENARIOS.items()))


@click.command(cls=DemoCommand)
@click.option("--nodes", type=click.IntRange(1, 64), default=4, show_default=True, metavar="N")
@click.option("--vms", type=click.IntRange(0, 5000), default=24, show_default=True, metavar="N")
@click.option("--seed", type=int, default=1, show_default=True, metavar="S")
@click.option(
    "--speed",
    type=click.FloatRange(0.1, 100),
    default=1.0,
    show_default=True,
    metavar="X",
    help="How fast its time passes.",
)
@click.option(
    "--scenario",
    type=click.Choice(sorted(SCENARIOS)),
    metavar="NAME",
    help="What goes on in it.",
)
@AT
@takes_session
def demo(
    session: Session,
    nodes: int,
    vms: int,
    seed: int,
    speed: float,
    scenario: str | None,
    at: str | None,
) -> int:
    """Open the board on a simulated cluster."""
    if session.options.hosts or session.options.cluster:
        raise click.UsageError("the demo has its own cluster: it takes no HOST and no -c")
    target, then = session.prepare(), moment_of(at)
    need_terminal()
    from tui.cli.show import show_board

    backend = SimulatedBackend(nodes, vms, seed, speed, scenario, read_only=target.read_only)
    with tempfile.TemporaryDirectory(prefix="vmferry-demo-") as directory:
        return show_board(
            backend,
            replace(target, name="demo"),
            Journal(Path(directory)),
            clock=lambda: backend.world.state.now,
            at=then,
        )
