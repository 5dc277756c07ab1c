"""What an earlier run left open on this cluster: told first, and finished before anything else."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from backends.acts.journal import Act, Journal
from backends.acts.next_stop import waiting
from backends.acts.resume import in_words, left_open, resume
from backends.clusters.base import Backend
from backends.data.errors import VmferryError
from tui.cli.consent import ask, can_ask
from tui.cli.follow import Follower


async def finish_left_open(
    backend: Backend,
    journal: Journal,
    follower: Follower,
    *,
    yes: bool,
    except_moves_of: str | None = None,
) -> tuple[Act, ...]:
    """Tell of the acts that nobody carries out any more, and finish them where that was granted.

    Returns the moves of the VM that is left out because it is about to be aborted; they stay
    locked. An act that cannot be finished is told, and stays for the next start. A cure that waits
    for the next stop of its VM is only told.
    """
    if backend.writer is None:
        return ()
    spared: list[Act] = []
    for act in list(left_open(backend, journal)):
        what = in_words(act.intent)
        if act.intent.kind == "move" and act.intent.vm == except_moves_of:
            follower.words(f"an earlier run was {what}")
            spared.append(act)
        elif await _granted(what, follower, yes=yes):
            await _finish(backend, act, follower)
        else:
            act.leave()
            follower.words("it stays open, for the next start")
    for each in waiting(journal, backend.picture.name):
        follower.words(str(each))
    return tuple(spared)


async def _granted(what: str, follower: Follower, *, yes: bool) -> bool:
    if yes:
        follower.words(f"an earlier run was {what}: finishing that first")
        return True
    if not can_ask():
        follower.words(f"an earlier run was {what}, and was cut short; --yes finishes that first")
        return False
    answer = await ask(f"An earlier run was {what}. Finish that first? [Y/n] ")
    return answer.lower() in ("", "y", "yes")


async def _finish(backend: Backend, act: Act, follower: Follower) -> None:
    try:
        async with aclosing(resume(backend, act)) as reports:
            await follower.follow(reports)
    except VmferryError as error:
        follower.words(f"that did not come to a good end: {error}")
    except asyncio.CancelledError:
        follower.words("let go: it stays open, for the next start")
        raise
