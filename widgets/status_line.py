"""The status line: which cluster, how it is, how old the picture is, and the time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from backends.data.picture import LOST, Cluster, NodeState, Stale, VMState
from backends.data.timeline import Then
from backends.judgement.health import Health
from widgets.bars import clock_text, cut, duration_text, literal, moment_text
from widgets.glyphs import GRADE_MARKS, NODE_MARKS, VM_MARKS
from widgets.tones import MUTED, toned

MIGRATING = VM_MARKS[VMState.MIGRATING]
_MOST_STALE = 3
WORST = 44
"""In cells: what is worst shall not push all else out."""


class StatusLine(Widget):
    """One line, and one more for each source that does not answer or while the display rests."""

    DEFAULT_CSS = """
    StatusLine {
        height: auto;
        padding: 0 1;
        background: $panel;
    }
    """

    picture: reactive[Cluster | None] = reactive(None)
    paused_since: reactive[float | None] = reactive(None, layout=True)
    read_only: reactive[bool] = reactive(False)
    mouse_released: reactive[bool] = reactive(False)
    health: reactive[Health] = reactive(Health())
    marked: reactive[int] = reactive(0)
    """How many VMs are marked."""
    filter_text: reactive[str] = reactive("")
    """Of the view in sight."""

    def __init__(self, title: str, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._title = title
        self._clock = clock

    def on_mount(self) -> None:
        self.set_interval(1, self.refresh)

    def watch_picture(self, before: Cluster | None, now: Cluster | None) -> None:
        """Lay the screen out anew where it may take another number of lines, and only there."""
        if before is None or now is None or before.stale != now.stale or now.then:
            self.refresh(layout=True)

    def render(self) -> Content:
        return Content("\n").join([self._first_line(), *self._more_lines()])

    def _first_line(self) -> Content:
        right = [*self._marks(), Content.styled(clock_text(self._clock()), MUTED)]
        tail = Content("  ").join(right)
        left = list(self._facts())
        room = self.content_size.width - tail.cell_length - 1
        while len(left) > 1 and sum(part.cell_length + 2 for part in left) - 2 > room:
            left.pop()
        head = Content("  ").join(left)
        gap = self.content_size.width - head.cell_length - tail.cell_length
        return Content.assemble(head, " " * max(1, gap), tail)

    def _facts(self) -> Iterator[Content]:
        """The weightiest first: what has no room is left out from the end."""
        picture = self.picture
        name = literal((picture.name if picture else None) or self._title)
        past = picture is not None and picture.then is not None
        if past:
            yield Content.styled("◀ THE PAST", "bold $warning")
        yield Content.styled(name, "bold $primary")
        if picture is None:
            return
        yield _quorum(picture)
        yield from self._worst()
        yield from _lost(picture)
        if picture.maintenance:
            yield Content.styled("‖ maintenance", "$warning")
        if picture.migrations:
            yield toned(f"{MIGRATING.glyph} {len(picture.migrations)} migrating", MIGRATING.tone)
        yield from _in_standby(picture)
        if picture.failures:
            count = len(picture.failures)
            yield Content.styled(f"✖ {count} failure{'s' if count > 1 else ''}", "$error")
        if picture.fencing_enabled is False:
            yield Content.styled("⚠ fencing is off", "$warning")
        old = "?" if picture.stale_pacemaker() else ""
        yield Content.styled(f"DC {literal(picture.dc) if picture.dc else 'none'}{old}", MUTED)
        if picture.voice:
            yield Content.styled(f"via {literal(picture.voice)}", MUTED)
        counts = (_count(len(picture.nodes), "node"), _count(len(picture.vms), "VM"))
        yield Content.styled("  ".join(counts), MUTED)

    def _worst(self) -> Iterator[Content]:
        """What is worst, in words, and how much more there is; `n` leads there."""
        worst, urgent = self.health.worst, len(self.health.urgent)
        if worst is not None:
            mark = GRADE_MARKS[worst.grade]
            more = f"  +{urgent - 1}" if urgent > 1 else ""
            yield toned(f"{mark.glyph} {cut(worst.text, WORST)}{more}", mark.tone)

    def _marks(self) -> Iterator[Content]:
        if self.marked:
            yield Content.styled(f"◉ {self.marked} marked", "$accent")
        if self.filter_text:
            yield Content.styled(f"/ {literal(self.filter_text)}", "$accent")
        if self.paused_since is not None:
            yield Content.styled("‖ PAUSED", "bold $warning")
        if self.mouse_released:
            yield Content.styled("mouse released", "$warning")
        if self.read_only:
            yield Content.styled("read-only", "$accent")

    def _more_lines(self) -> Iterator[Content]:
        if self.paused_since is not None:
            since = moment_text(self.paused_since, self._clock())
            text = f"‖ The display is paused since {since}: nothing below is newer. p goes on."
            yield Content.styled(text, "$warning")
        if self.picture and self.picture.then:
            yield _where_in_the_past(self.picture.then)
        stale = self.picture.stale if self.picture else ()
        for each in stale[:_MOST_STALE]:
            yield self._stale_line(each)
        if (more := len(stale) - _MOST_STALE) > 0:
            yield Content.styled(f"⚠ and {more} more that do not answer", "$warning")

    def _stale_line(self, stale: Stale) -> Content:
        where = f" on {literal(stale.node)}" if stale.node else ""
        age = max(0, round(self._clock() - stale.since))
        since = moment_text(stale.since, self._clock())
        return Content.assemble(
            (f"⚠ {literal(stale.source)}{where}: not reachable, since {since}", "$warning"),
            (
                f" ({f'{age} s' if age < 100 else duration_text(age)})  {literal(stale.reason)}",
                MUTED,
            ),
        )


def _where_in_the_past(then: Then) -> Content:
    day = time.strftime("%Y-%m-%d", time.localtime(then.at))
    standing = f"change {then.number} of {then.of}" if then.number else "after the last change"
    since = round(then.at - then.decided_at)
    after = f", {duration_text(since)} after it" if since else ""
    return Content.assemble(
        (f"◀ As it was {day} {clock_text(then.at)}", "bold $warning"),
        (f"  {standing}{after}", "$warning"),
        ("  [ ] step  Esc the present; nothing can be changed here", MUTED),
    )


def _lost(picture: Cluster) -> Iterator[Content]:
    """Nodes that are gone; their columns may be out of sight."""
    gone = [n for n in picture.nodes if n.state in LOST and n.state is not NodeState.PENDING]
    if len(gone) == 1:
        yield Content.styled(f"✖ {literal(gone[0].name)} {gone[0].state.value}", "bold $error")
    elif gone:
        yield Content.styled(f"✖ {len(gone)} nodes lost", "bold $error")


def _in_standby(picture: Cluster) -> Iterator[Content]:
    """Nodes that take no VM, and may be forgotten so."""
    names = [node.name for node in picture.nodes if node.state is NodeState.STANDBY]
    if names:
        mark = NODE_MARKS[NodeState.STANDBY]
        who = names[0] if len(names) == 1 else f"{len(names)} nodes"
        yield toned(f"{mark.glyph} {who} {mark.word}", mark.tone)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _quorum(picture: Cluster) -> Content:
    if picture.stale_pacemaker() is not None:
        return Content.styled("◌ quorum?", MUTED)
    if picture.quorum is None:
        return Content.styled("? quorum not known", "$warning")
    if picture.quorum:
        return Content.styled("✔ quorum", "$success")
    return Content.styled("✖ no quorum", "bold $error")
