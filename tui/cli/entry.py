"""How a run begins and how it ends."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from backends.data.errors import VmferryError
from tui.cli.exits import ExitCode, exit_code
from tui.cli.group import vmferry
from tui.cli.live import connect_live, connect_past
from tui.cli.logs import log_to
from tui.cli.output import STDERR, STDOUT, Tone, hush, say
from tui.cli.session import Connect, ConnectPast, Session


def main(args: Sequence[str] | None = None, *, connect: Connect = connect_live) -> NoReturn:
    """Run the command line and exit with its code."""
    sys.exit(run_command_line(sys.argv[1:] if args is None else args, connect))


def run_command_line(
    args: Sequence[str], connect: Connect, connect_past: ConnectPast = connect_past
) -> int:
    """Carry out one command line and return its exit code, whatever happens."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    log_to(None)
    try:
        code = vmferry.main(
            list(args),
            prog_name="vmferry",
            standalone_mode=False,
            obj=Session(connect, connect_past),
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
    except OSError:  # whoever would hear it is gone
        hush(STDOUT, STDERR)
