"""`vmferry`: the group of commands, and how every run ends."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from backends.errors import VmferryError
from tui.cli.board import board, open_board
from tui.cli.clear import clear
from tui.cli.demo import demo
from tui.cli.exits import ExitCode, exit_code
from tui.cli.live import connect_live
from tui.cli.logs import log_to
from tui.cli.migrate import migrate
from tui.cli.options import Command
from tui.cli.output import STDERR, STDOUT, Tone, hush, say
from tui.cli.preview import preview
from tui.cli.session import Connect, Session, takes_session
from tui.cli.status import status
from tui.cli.watch import watch

NOT_YET = frozenset({"abort", "audit", "doctor", "evacuate", "record", "replay"})
"""Words that later versions have as commands: never taken for a host."""


class Commands(Command, click.Group):
    """A first word that is no command is a HOST of the board."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        word = args[0]
        if word in self.commands:
            return super().resolve_command(ctx, args)
        if word in NOT_YET:
            raise click.UsageError(
                f"this version has no command {word!r} (a host of that name: --host {word})", ctx
            )
        for later in args[1:]:
            if later in self.commands:
                raise click.UsageError(
                    f"{later!r} is a command and comes first: vmferry {later} … "
                    f"(a host of that name: --host {later})",
                    ctx,
                )
        return "board", board, args

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            hush(STDOUT, STDERR)
            return ExitCode.DONE

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.format_commands(ctx, formatter)
        Command.format_options(self, ctx, formatter)


@click.group(
    cls=Commands,
    invoke_without_command=True,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    subcommand_metavar="[HOST]... | COMMAND",
    epilog="HOST is any node of the cluster, as ssh takes it; without one it is the cluster that "
    "this machine belongs to, or the default of the configuration file. Exit codes: 0 done, "
    "1 the act failed, 2 usage, 3 cluster not reachable, 4 refused, 130 interrupted.",
)
@click.version_option(package_name="vmferry", message="%(package)s %(version)s")
@takes_session
@click.pass_context
def vmferry(ctx: click.Context, session: Session) -> int | None:
    """See the virtual machines of a Pacemaker cluster live, and move them between its nodes.

    Without a command it opens the board: drag a VM to another node, or press m.
    """
    return open_board(session) if ctx.invoked_subcommand is None else None


for command in (demo, status, watch, preview, migrate, clear):
    vmferry.add_command(command)


def main(args: Sequence[str] | None = None, *, connect: Connect = connect_live) -> NoReturn:
    """Run the command line and exit with its code."""
    sys.exit(run_command_line(sys.argv[1:] if args is None else args, connect))


def run_command_line(args: Sequence[str], connect: Connect) -> int:
    """Carry out one command line and return its exit code, whatever happens."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    log_to(None)
    try:
        code = vmferry.main(
            list(args), prog_name="vmferry", standalone_mode=False, obj=Session(connect)
        )
        return int(code or ExitCode.DONE)
    except VmferryError as error:
        logging.info("ended by an error", exc_info=True)
        _complain(error.what, where=error.where, cure=error.cure)
        return exit_code(error)
    except click.ClickException as error:
        _complain(error.format_message(), cure=f"`{_help_of(error)}` shows what there is")
        return ExitCode.USAGE
    except click.Abort:
        return ExitCode.INTERRUPTED
    except Exception as error:
        logging.exception("a fault in vmferry")
        what = f"a fault in vmferry itself: {type(error).__name__}: {error}"
        _complain(what, cure="--log FILE writes down where it happened; please report it")
        return ExitCode.FAILED


def _help_of(error: click.ClickException) -> str:
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    if ctx is None or ctx.command.hidden:
        return "vmferry --help"
    return f"{ctx.command_path} --help"


def _complain(what: str, *, where: str | None = None, cure: str | None = None) -> None:
    place = f"{where}: " if where else ""
    try:
        say(f"vmferry: {place}{what}", Tone.BAD, err=True)
        if cure:
            say(f"  → {cure}", err=True)
    except BrokenPipeError:
        hush(STDOUT, STDERR)
