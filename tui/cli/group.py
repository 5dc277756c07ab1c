"""The group of commands. Each is loaded when it is wanted: `status` is to start at once."""

from __future__ import annotations

from importlib import import_module
from itertools import takewhile
from typing import Any

import click

from tui.cli.board import AT, board, open_board
from tui.cli.exits import ExitCode
from tui.cli.options import Command
from tui.cli.output import STDERR, STDOUT, hush, hush_if_lost
from tui.cli.session import Session, takes_session

COMMANDS = (
    *("demo", "status", "watch", "since", "why", "report"),
    *("preview", "migrate", "abort", "evacuate", "clear", "doctor"),
)
"""Each a module of this package, with a function of the same name; in the order of the help."""

NOT_YET = frozenset({"audit", "record", "replay"})
"""Words that later versions have as commands: never taken for a host."""


class Group(Command, click.Group):
    """A first word that is no command is a HOST of the board."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"tui.cli.{cmd_name}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] in COMMANDS:
            return super().resolve_command(ctx, args)
        if args[0] in NOT_YET:
            raise click.UsageError(
                f"this version has no command {args[0]!r} (a host of that name: --host {args[0]})",
                ctx,
            )
        for word in takewhile(lambda word: not word.startswith("-"), args[1:]):
            if word in COMMANDS:
                raise click.UsageError(
                    f"{word!r} is a command and comes first: vmferry {word} … "
                    f"(a host of that name: --host {word})",
                    ctx,
                )
        return board.name, board, args

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            hush(STDOUT, STDERR)
            return ExitCode.DONE
        except OSError:
            if not hush_if_lost():
                raise
            return ExitCode.INTERRUPTED

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.format_commands(ctx, formatter)
        super().format_options(ctx, formatter)


@click.group(
    cls=Group,
    invoke_without_command=True,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    subcommand_metavar="[HOST]... | COMMAND",
    epilog="HOST is any node of the cluster, as ssh takes it; without one it is the cluster that "
    "this machine belongs to, or the default of the configuration file. Exit codes: 0 done, "
    "1 the act failed, 2 usage, 3 cluster not reachable, 4 refused, 130 interrupted.",
)
@click.version_option(package_name="vmferry", message="%(package)s %(version)s")
@AT
@takes_session
@click.pass_context
def vmferry(ctx: click.Context, session: Session, at: str | None) -> int | None:
    """See the virtual machines of a Pacemaker cluster live, and move them between its nodes.

    Without a command it opens the board: drag a VM to another node, or press m.
    """
    if ctx.invoked_subcommand is None:
        return open_board(session, at)
    if at is None:
        return None
    if ctx.invoked_subcommand == board.name:
        raise click.UsageError("--at comes after the HOST", ctx)
    raise click.UsageError(f"--at is of the board, not of {ctx.invoked_subcommand}", ctx)
