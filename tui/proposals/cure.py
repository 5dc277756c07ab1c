"""Curing what the doctor found: what is set, what the scheduler makes of it, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from backends.data.picture import Cluster
from backends.data.plan import Action
from backends.judgement.remedies import Remedy, When, guests_stopped, in_short
from tui.proposal import (
    Answer,
    Line,
    Proposal,
    commands_lines,
    heading,
    plain,
    point,
    refused,
)
from tui.proposals.clear import WORD, foreseen_lines
from widgets.glyphs import Tone

_LATER = (
    "Enter: nothing is sent now. It is set when the VM is stopped the next time, by a vmferry that "
    "is open then; the doctor's view shows what waits, and calls it off."
)
_NOW = "With the word typed: it is set now, and Pacemaker shuts the guest down and boots it again."
_MOST = 3
_ONE_BY_ONE = "To restart a guest for it now, choose its VM alone."


def of_cure(
    picture: Cluster,
    remedies: Sequence[Remedy],
    foreseen: Sequence[Action],
    then: Callable[[When, bool], None],
) -> Proposal:
    """`foreseen`: what the scheduler would do because of all of them.

    Guests are restarted one VM at a time: for several, only their next stops are offered.
    """
    if not remedies:
        return refused("vmferry can cure nothing of this itself: type what the doctor shows")
    if flying := ", ".join(migration.vm for migration in picture.migrations):
        return refused(f"{flying} is being migrated: to change anything now could reboot the guest")
    stopped = tuple(
        dict.fromkeys(vm for each in remedies for vm in guests_stopped(picture, each, foreseen))
    )
    one = len(remedies) == 1
    label = "Now, with a reboot" if stopped else "Do it"
    now = Answer(label, lambda: then(When.NOW, bool(stopped)))
    later = Answer(
        "At its next stop" if one else "At their next stops", lambda: then(When.AT_NEXT_STOP, False)
    )
    return Proposal(
        lines=(
            *_what(remedies),
            *foreseen_lines(picture, foreseen, "Once it is set, the scheduler says"),
            *_when(stopped, one=one),
            *commands_lines([command for each in remedies for command in each.commands]),
        ),
        enter=later if stopped else now,
        typed=now if stopped and one else None,
        words=(remedies[0].vm, WORD),
        bad=bool(stopped),
        version=picture.version,
    )


def _what(remedies: Sequence[Remedy]) -> Iterator[Line]:
    """In a long list what the scheduler says would go out of sight; the commands tell it all."""
    if len(remedies) <= _MOST:
        yield from (point(in_short(remedy.commands), glyph="✎") for remedy in remedies)
    else:
        yield point(", ".join(remedy.vm for remedy in remedies), glyph="✎")


def _when(stopped: Sequence[str], *, one: bool) -> Iterator[Line]:
    if stopped:
        yield heading("When")
        yield plain(f"✖ Set now, it stops the guest of {', '.join(stopped)}.", Tone.BAD)
        yield point(_LATER)
        yield point(_NOW if one else _ONE_BY_ONE)
