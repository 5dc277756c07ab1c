"""The operator's word for an act: given on the terminal, or beforehand with an option."""

from __future__ import annotations

import asyncio
import sys
import termios

import click

from backends.data.errors import Refused
from tui.cli.output import literal


async def consent(
    vm: str, reboots: tuple[str, ...], *, yes: bool, allow_reboot: bool, question: str
) -> None:
    """Return when the act on `vm` may go ahead, which stops the guests in `reboots`.

    Raises `Refused` otherwise. No guest is ever stopped on a plain yes: it takes `--allow-reboot`,
    or the VM's name typed.
    """
    if yes:
        if reboots and not allow_reboot:
            raise Refused(
                f"--yes does not cover the reboot of {', '.join(reboots)}",
                where=vm,
                cure="add --allow-reboot to accept it; nothing was changed",
            )
        return
    if not can_ask():
        raise Refused(
            "there is no terminal to confirm on",
            where=vm,
            cure="add --yes to go ahead without being asked; nothing was changed",
        )
    if reboots:
        given = await ask(f"{question} Type the VM's name to accept the reboot: ") == vm
    else:
        given = (await ask(f"{question} [y/N] ")).lower() in ("y", "yes")
    if not given:
        raise Refused("not confirmed", where=vm, cure="nothing was changed")


def can_ask() -> bool:
    """Whether there is a terminal to ask on."""
    return sys.stdin.isatty() and sys.stderr.isatty()


async def ask(question: str) -> str:
    """One line from the terminal; meanwhile the cluster is still listened to.

    Raises `Refused` where the terminal ends instead: that is no word, and no Enter either.
    """
    descriptor = sys.stdin.fileno()
    # What was typed before the question was there is no answer to it.
    termios.tcflush(descriptor, termios.TCIFLUSH)
    click.echo(literal(question), nl=False, err=True)
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
    line = sys.stdin.readline()
    if not line:
        what = "not confirmed: the terminal ended before an answer"
        raise Refused(what, cure="nothing was changed")
    return line.strip()
