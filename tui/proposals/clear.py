"""Removing leftover constraints: what they do, and what would move without them."""

from __future__ import annotations

from collections.abc import Sequence

from backends.data import commands
from backends.data.picture import VM, Cluster
from backends.data.plan import Action
from backends.judgement.leaving import interrupted
from backends.judgement.waves import prepared
from tui.proposal import (
    Answer,
    Line,
    Proposal,
    Then,
    commands_lines,
    heading,
    plain,
    point,
    refused,
)
from widgets.facts import constraint_text
from widgets.glyphs import Tone

WORD = "REBOOT"


def of_clear(picture: Cluster, vm: VM, foreseen: Sequence[Action], then: Then) -> Proposal:
    """`foreseen`: what the scheduler would do without the constraints."""
    left = [
        point(f"{constraint.id}: {constraint_text(constraint)}", Tone.WARN, "⚑")
        for constraint in vm.constraints
    ]
    if flying := ", ".join(migration.vm for migration in picture.migrations):
        reason = f"{flying} is being migrated: to remove a constraint now could reboot the guest."
        return refused(reason, *left)
    stopped = interrupted(picture, foreseen)
    answer = Answer("Remove, with reboot" if stopped else "Remove", then)
    return Proposal(
        lines=(
            *left,
            *foreseen_lines(picture, foreseen, "Without them, the scheduler says"),
            *commands_lines(prepared(commands.clear(vm.id), picture, foreseen)),
        ),
        enter=None if stopped else answer,
        typed=answer if stopped else None,
        words=(vm.id, WORD),
        bad=bool(stopped),
        version=picture.version,
    )


def foreseen_lines(picture: Cluster, foreseen: Sequence[Action], title: str) -> list[Line]:
    """What would happen by itself, the interruptions marked."""
    stopped = interrupted(picture, foreseen)
    if not foreseen:
        return [heading(title), plain("✔ nothing moves, and nothing stops", Tone.OK)]
    return [
        heading(title),
        *(
            point(f"{action}: its guest is stopped", Tone.BAD, "✖")
            if action.resource in stopped
            else point(str(action), Tone.WARN, "➜")
            for action in foreseen
        ),
    ]
