"""One run of the command line: what was typed, and how to connect."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, fields, replace
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import click

from backends.clusters.base import Backend
from tui.cli.configuration import Target, resolve
from tui.cli.logs import log_to
from tui.cli.options import Options, options_everywhere
from tui.cli.output import hush_if_lost
from tui.cli.signals import when_ended

if TYPE_CHECKING:
    from backends.past.record import Record

T = TypeVar("T")

Connect = Callable[[Target], Backend]
ConnectPast: TypeAlias = "Callable[[Target], Record]"


@dataclass(frozen=True, slots=True)
class Session:
    connect: Connect
    connect_past: ConnectPast
    options: Options = field(default_factory=Options)

    def prepare(self) -> Target:
        """Read the configuration and start the log.

        Raises `BadConfiguration`, and `click.UsageError` for options that contradict each other.
        """
        target = resolve(self.options)
        log_to(target.log)
        return target


def takes_session(function: Callable[..., int | None]) -> Callable[..., int | None]:
    """Give a command, or the group, the options everywhere and its `Session` as first argument."""

    @click.pass_context
    def called(ctx: click.Context, /, **parameters: Any) -> int | None:
        words: tuple[str, ...] = parameters.pop("host_words", ())
        given = Options(**{field.name: parameters.pop(field.name) for field in fields(Options)})
        given = replace(given, hosts=(*words, *given.hosts))
        ctx.obj = replace(ctx.obj, options=given.after(ctx.obj.options))
        return function(ctx.obj, **parameters)

    return options_everywhere(update_wrapper(called, function))


def takes_hosts(function: Callable[..., int | None]) -> Callable[..., int | None]:
    """`takes_session` for a command that also takes HOST words."""
    return click.argument("host_words", metavar="[HOST]...", nargs=-1)(takes_session(function))


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run to the end; Ctrl-C, SIGTERM and SIGHUP all cancel it and raise `KeyboardInterrupt`."""

    async def stoppable() -> T:
        task = asyncio.current_task()
        assert task is not None
        when_ended(task.cancel)
        return await coroutine

    try:
        return asyncio.run(stoppable())
    except asyncio.CancelledError:
        hush_if_lost()
        raise KeyboardInterrupt from None
