"""What states look like: a glyph, a word and a tone for each. The one place that decides it.

A tone is a meaning; the theme makes a colour of it (`Board.COMPONENT_CLASSES`). Glyph and word
alone tell every state apart, so nothing is lost on 16 colours or none.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from backends.data.picture import VM, NodeState, VMState
from backends.data.plan import VerdictKind
from backends.judgement.health import Grade
from backends.judgement.outlook import Chance
from backends.judgement.policy import left_over
from backends.judgement.prospect import Passage, Prospect


class Tone(StrEnum):
    """What a piece of text means."""

    TEXT = "text"
    STRONG = "strong"
    MUTED = "muted"
    FAINT = "faint"
    ACCENT = "accent"
    OK = "ok"
    BUSY = "busy"
    TREND = "trend"
    WARN = "warn"
    BAD = "bad"


class Mark(NamedTuple):
    glyph: str
    word: str
    tone: Tone


class Badge(NamedTuple):
    glyph: str
    meaning: str
    tone: Tone


NODE_MARKS = {
    NodeState.ONLINE: Mark("●", "online", Tone.OK),
    NodeState.STANDBY: Mark("◐", "standby", Tone.WARN),
    NodeState.MAINTENANCE: Mark("◆", "maintenance", Tone.WARN),
    NodeState.PENDING: Mark("◔", "pending", Tone.BUSY),
    NodeState.UNCLEAN: Mark("▲", "unclean", Tone.BAD),
    NodeState.OFFLINE: Mark("○", "offline", Tone.BAD),
}

VM_MARKS = {
    VMState.RUNNING: Mark("●", "running", Tone.OK),
    VMState.PAUSED: Mark("◫", "paused", Tone.WARN),
    VMState.STARTING: Mark("△", "starting", Tone.BUSY),
    VMState.STOPPING: Mark("▽", "stopping", Tone.BUSY),
    VMState.MIGRATING: Mark("➜", "migrating", Tone.BUSY),
    VMState.STOPPED: Mark("○", "stopped", Tone.MUTED),
    VMState.FAILED: Mark("✖", "failed", Tone.BAD),
    VMState.BLOCKED: Mark("■", "blocked", Tone.BAD),
    VMState.UNKNOWN: Mark("?", "unknown", Tone.WARN),
}

STALE_GLYPH = "◌"
"""Instead of a state's own glyph where the state is only what was last heard."""

ARRIVING_GLYPH = "⇠"

VERDICT_MARKS = {
    VerdictKind.LIVE: Mark("✔", "LIVE", Tone.OK),
    VerdictKind.SIDE_EFFECTS: Mark("◐", "LIVE, SIDE EFFECTS", Tone.WARN),
    VerdictKind.NO_ROOM: Mark("◐", "LIVE, DOES NOT FIT", Tone.WARN),
    VerdictKind.REBOOT: Mark("⊘", "REBOOT", Tone.BAD),
    VerdictKind.REFUSED: Mark("✖", "REFUSED", Tone.MUTED),
}

BEST = Mark("★", "most room", Tone.STRONG)
"""The node with most room among those that a move reaches live."""

CHANCE_MARKS = {
    Chance.LATE: Mark("⚠", "late", Tone.WARN),
    Chance.STALLED: Mark("⚠", "stalled", Tone.BAD),
}
"""Copies that will not arrive before their timeout strikes."""

GUARDED = Mark("‖", "guarded", Tone.OK)
"""A copy of a VM that Pacemaker keeps its hands off: no timeout restarts its guest."""

GRADE_MARKS = {
    Grade.ERROR: Mark("✖", "error", Tone.BAD),
    Grade.WARNING: Mark("⚠", "warning", Tone.WARN),
    Grade.NOTE: Mark("·", "note", Tone.MUTED),
    Grade.FINE: Mark("✔", "fine", Tone.OK),
}

PASSAGE_MARKS = {
    Passage.LIVE: Mark("⇄", "live", Tone.MUTED),
    Passage.SIDE_EFFECTS: Mark("◐", "side effects", Tone.WARN),
    Passage.FAILS: Mark("⊗", "would fail", Tone.BAD),
    Passage.REBOOT: Mark("⊘", "reboot", Tone.WARN),
    Passage.STAYS: Mark("‖", "stays", Tone.MUTED),
    Passage.UNKNOWN: Mark("?", "not known", Tone.MUTED),
}
"""What a move of a VM would come to, by the last word of the scheduler and the doctor."""

LIVE_MIGRATABLE = Badge("⇄", "can be migrated live", Tone.MUTED)
LIVE_WITH_OTHERS = Badge("◐", "can be migrated live, with side effects", Tone.WARN)
WOULD_FAIL = Badge("⊗", "a live migration would fail", Tone.BAD)
WOULD_REBOOT = Badge("⊘", "a move would reboot it", Tone.WARN)
MOVE_UNKNOWN = Badge("?", "not known yet whether it can be migrated live", Tone.MUTED)
CONSTRAINT_LEFT = Badge("⚑", "a move or a ban left a constraint", Tone.WARN)
HAS_FAILED = Badge("✖", "Pacemaker remembers a failure", Tone.BAD)
UNMANAGED = Badge("‖", "Pacemaker does not manage it", Tone.WARN)
PASSAGE_BADGES = {
    Passage.LIVE: LIVE_MIGRATABLE,
    Passage.SIDE_EFFECTS: LIVE_WITH_OTHERS,
    Passage.FAILS: WOULD_FAIL,
    Passage.REBOOT: WOULD_REBOOT,
    Passage.UNKNOWN: MOVE_UNKNOWN,
}
BADGES = (*PASSAGE_BADGES.values(), CONSTRAINT_LEFT, HAS_FAILED, UNMANAGED)
"""All of them, for a legend."""


def badges(vm: VM, prospect: Prospect) -> Iterator[Badge]:
    """The badges of a VM, in the order of `BADGES`."""
    if vm.node is not None and prospect.passage in PASSAGE_BADGES:
        yield PASSAGE_BADGES[prospect.passage]
    if left_over(vm):
        yield CONSTRAINT_LEFT
    if vm.failed and vm.state is not VMState.FAILED:
        yield HAS_FAILED
    if not vm.managed or vm.maintenance:
        yield UNMANAGED


def load_tone(percent: float | None) -> Tone:
    """How worrying a load is."""
    if percent is None:
        return Tone.FAINT
    return Tone.BAD if percent >= 90 else Tone.WARN if percent >= 75 else Tone.OK
