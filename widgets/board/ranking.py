"""The ranked list of targets, over the cards while VMs are in the hand. Pure.

It lies below the heads, and on the side where the VMs are not, so that neither a verdict nor what
is under the mouse is hidden by it, and nothing moves to make room. The edges stay free: there the
mouse scrolls on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.segment import Segment
from textual.geometry import Offset, Region

from widgets.bars import UNKNOWN, change_text, cut, literal, percent_text, widest
from widgets.board.edge import CELLS
from widgets.board.sight import Sight
from widgets.glyphs import BEST, VERDICT_MARKS, Tone
from widgets.ink import Ground, Line, Look, Span, row
from widgets.targets import Target

_WIDEST = 84
_ONE_LINE_FROM = 64
"""From this width on the reason stands on the same line."""
_LONGEST_NAME = 16
_TITLE = " where to, the best first "


def place(sight: Sight, count: int, *, left: bool) -> Region:
    """Where a list of so many targets lies, at one side of the view."""
    view, top = sight.view, sight.layout.head_height
    width = min(_WIDEST, view.width // 2)
    height = min(count * _lines_each(width) + 2, view.height - 1 - top)
    x = CELLS if left else view.width - width - CELLS
    return Region(x, top, width, max(0, height))


def _lines_each(width: int) -> int:
    return 1 if width >= _ONE_LINE_FROM else 2


@dataclass(frozen=True, slots=True)
class Ranking:
    """The list as it lies on the glass."""

    region: Region
    targets: tuple[Target, ...] = ()

    @property
    def _each(self) -> int:
        """Lines a target; in short where there is no room for all."""
        each = _lines_each(self.region.width)
        return each if len(self.targets) * each <= self._room else 1

    @property
    def _room(self) -> int:
        return max(0, self.region.height - 2)

    @property
    def in_sight(self) -> tuple[Target, ...]:
        """As many as there is room for, the one aimed at among them."""
        count = self._room // self._each
        aimed = next((i for i, each in enumerate(self.targets) if each.offer.target), 0)
        first = max(0, min(aimed - count // 2, len(self.targets) - count))
        return self.targets[first : first + count]

    def node_at(self, at: Offset) -> str | None:
        """The node of the row there; `None` on the frame."""
        line = at.y - self.region.y - 1
        rows = self.in_sight
        if not self.region.contains(*at) or not 0 <= line < len(rows) * self._each:
            return None
        return rows[line // self._each].node.name

    def ink(self, look: Look) -> Iterator[tuple[Region, Line]]:
        """Its lines, each with its place."""
        if not self._room:
            return
        x, y, width, _ = self.region
        hidden = len(self.targets) - len(self.in_sight)
        more = f" {hidden} more " if hidden else ""
        yield Region(x, y, width, 1), _border(width, look, "╭─", cut(_TITLE, width - 4), "╮")
        lines = [line for target in self.in_sight for line in self._target(target, look)]
        for number, line in enumerate(lines, 1):
            yield Region(x, y + number, width, 1), line
        end = Region(x, y + len(lines) + 1, width, 1)
        yield end, _border(width, look, "╰─", more, "╯")

    def _target(self, target: Target, look: Look) -> Iterator[Line]:
        names = min(_LONGEST_NAME, widest(each.node.name for each in self.targets))
        offer, verdict = target.offer, target.offer.verdict
        mark = VERDICT_MARKS[verdict.kind] if verdict is not None else None
        star = f" {BEST.glyph}" if offer.best else ""
        word = f"{mark.glyph} {mark.word}{star}" if mark is not None else "… asking"
        tone = mark.tone if mark is not None else Tone.MUTED
        name: Span = (f" {literal(target.node.name):<{names}}  ", Tone.STRONG)
        why = offer.why
        load: list[Span] = [(f"{self._burden(target)} ", Tone.TEXT)]
        if self._each == 2:
            yield self._row([name, (word, tone)], load, offer.target, look)
            yield self._row([(f"   {why}", Tone.MUTED)], [], offer.target, look)
        elif self.region.width >= _ONE_LINE_FROM:
            said: list[Span] = [name, (f"{word:<20}  ", tone), *load, (f" {why}", Tone.MUTED)]
            yield self._row(said, [], offer.target, look)
        else:
            yield self._row([name, (word, tone)], load, offer.target, look)

    def _row(self, left: list[Span], right: list[Span], aimed: bool, look: Look) -> Line:
        edge = Segment("│", look(Tone.MUTED, Ground.PLAIN))
        ground = Ground.CURSOR if aimed else Ground.PLAIN
        sign: Span = ("▌" if aimed else " ", Tone.ACCENT)
        line = row(self.region.width - 2, [sign, *left], right, look=look, ground=ground)
        return [edge, *line, edge]

    def _burden(self, target: Target) -> str:
        node, after = target.node, target.offer.used_after_bytes
        cpu = percent_text(node.cpu_percent)
        if self.region.width < _ONE_LINE_FROM:
            used = change_text(node.memory_used_bytes, after, node.memory_bytes)
            return f"{used.partition(' ')[0]:>10} {cpu}"
        if after is None:
            return f"mem {UNKNOWN:>14}  cpu {cpu}"
        used = change_text(node.memory_used_bytes, after, node.memory_bytes)
        return f"mem {used:>14}  cpu {cpu}"


def _border(width: int, look: Look, start: str, text: str, end: str) -> Line:
    tone = Tone.MUTED
    left: list[Span] = [(start, tone), (text, Tone.STRONG)]
    return row(width, left, [(end, tone)], look=look, fill=("─", tone))
