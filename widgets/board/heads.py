"""The head of a column: its title, load and counts, or the verdict while a VM is in the hand. Pure.

A head keeps its height whatever it says, so that no card moves under the mouse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment

from backends.data.picture import Node
from backends.data.plan import VerdictKind
from backends.judgement.health import Grade
from widgets.bars import (
    UNKNOWN,
    bar,
    bytes_text,
    change_text,
    percent_text,
    sparkline,
    wrap,
)
from widgets.board.scene import Column
from widgets.glyphs import BEST, NODE_MARKS, VERDICT_MARKS, Tone, load_tone
from widgets.hand import Offer
from widgets.ink import Ground, Line, Look, Span, row

_ROUND = "╭─╮├┤│╰╯"
_HEAVY = "┏━┓┠┨┃┗┛"

VERDICT_GROUNDS = {
    VerdictKind.LIVE: Ground.LIVE,
    VerdictKind.SIDE_EFFECTS: Ground.SIDE_EFFECTS,
    VerdictKind.NO_ROOM: Ground.SIDE_EFFECTS,
    VerdictKind.REBOOT: Ground.REBOOT,
    VerdictKind.REFUSED: Ground.REFUSED,
}


def ground_of(offer: Offer) -> Ground:
    """What the head of a node that says this stands on."""
    if offer.home:
        return Ground.REFUSED
    return VERDICT_GROUNDS[offer.verdict.kind] if offer.verdict else Ground.PLAIN


def tone_of(offer: Offer) -> Tone:
    if offer.home or offer.verdict is None:
        return Tone.MUTED
    return VERDICT_MARKS[offer.verdict.kind].tone


@dataclass(frozen=True, slots=True)
class Frame:
    """The lines around a column."""

    box: str = _ROUND
    tone: Tone = Tone.FAINT

    def edge(self, look: Look) -> Segment:
        return Segment(self.box[5], look(self.tone, Ground.PLAIN))

    def bottom(self, width: int, look: Look) -> Line:
        line = self.box[6] + self.box[1] * (width - 2) + self.box[7]
        return [Segment(line, look(self.tone, Ground.PLAIN))]


def frame_of(column: Column, selected: bool, offer: Offer | None) -> Frame:
    """How a column is framed: with an empty hand a lost node is the loudest."""
    if offer is not None:
        tone = tone_of(offer)
        if offer.target:
            return Frame(_HEAVY, Tone.ACCENT if tone is Tone.MUTED else tone)
        return Frame(tone=Tone.FAINT if tone is Tone.MUTED else tone)
    if column.lost:
        return Frame(_HEAVY, Tone.BAD)
    if selected:
        return Frame(tone=Tone.ACCENT)
    return Frame(tone=Tone.BAD if column.grade is Grade.ERROR else Tone.FAINT)


def paint_head(
    column: Column,
    width: int,
    lines: int,
    look: Look,
    *,
    frame: Frame,
    on_head: bool = False,
    offer: Offer | None = None,
    history: Sequence[float | None] = (),
    filtered: bool = False,
) -> tuple[Line, ...]:
    """Border with the name, `lines` lines, and a rule: `lines` + 2 lines of `width` cells."""
    inner = width - 4
    ground = Ground.CURSOR if on_head else Ground.PLAIN
    if offer is not None and column.node is not None:
        ground = ground_of(offer)
        texts = _verdict(column.node, offer, inner, lines)
    elif column.node is None:
        texts = _tray(column, filtered)
    else:
        texts = _load(column, column.node, inner, lines, history, filtered)
    edge = frame.edge(look)
    empty: _Spans = ([], [])
    body = [
        [edge, *_padded(width - 2, texts[i] if i < len(texts) else empty, look, ground), edge]
        for i in range(lines)
    ]
    return (_title(column, width, look, frame, on_head), *body, _rule(width, look, frame))


_Spans = tuple[Sequence[Span], Sequence[Span]]


def _padded(width: int, text: _Spans, look: Look, ground: Ground) -> Line:
    space: Span = (" ", Tone.TEXT)
    return row(width, [space, *text[0]], [*text[1], space], look=look, ground=ground)


def _title(column: Column, width: int, look: Look, frame: Frame, on_head: bool) -> Line:
    box, tone = frame.box, frame.tone
    if column.node is None:
        name: list[Span] = [("not running", Tone.MUTED)]
    else:
        mark = NODE_MARKS[column.node.state]
        name = [
            (f"{mark.glyph} ", Tone.MUTED if column.stale else mark.tone),
            (column.node.name, Tone.ACCENT if on_head else Tone.STRONG),
        ]
    left: list[Span] = [(f"{box[0]}{box[1]} ", tone), *name, (" ", tone)]
    dc = column.node is not None and column.node.is_dc
    right: list[Span] = [(" DC ", Tone.ACCENT)] if dc else []
    right.append((f"{box[1]}{box[2]}", tone))
    return row(width, left, right, look=look, fill=(box[1], tone))


def _rule(width: int, look: Look, frame: Frame) -> Line:
    box = frame.box
    line = box[3] + "─" * (width - 2) + box[4]
    return [Segment(line, look(frame.tone, Ground.PLAIN))]


def _load(
    column: Column,
    node: Node,
    width: int,
    lines: int,
    history: Sequence[float | None],
    filtered: bool,
) -> list[_Spans]:
    mark = NODE_MARKS[node.state]
    word = f"{mark.word}?" if column.stale else mark.word
    health: list[Span] = [(f", health {node.health}", Tone.WARN)] if node.health else []
    state: _Spans = (
        [(word, Tone.MUTED if column.stale else mark.tone), *health],
        [_counted(column, filtered)],
    )
    if not column.numbers_known and column.trouble:
        wrapped = wrap(column.trouble, width, lines - 1)
        return [state, *(([(text, Tone.WARN)], []) for text in wrapped)]
    if not column.numbers_known:
        return [state]
    spark = "" if lines > 3 else " " + sparkline(history, min(12, max(4, width // 4)))
    rows = [
        state,
        _gauge("cpu", node.cpu_percent, percent_text(node.cpu_percent), spark, width),
        _memory(node, width),
    ]
    if column.trouble:
        rows.append(([(column.trouble, Tone.WARN)], []))
    else:
        rows.append(([("    ", Tone.TEXT), (sparkline(history, width - 4), Tone.TREND)], []))
    return rows


def _gauge(name: str, percent: float | None, number: str, spark: str, width: int) -> _Spans:
    room = width - cell_len(name) - 2 - cell_len(number)
    if room < cell_len(spark):
        spark = ""
    filled, empty = bar(percent, room - cell_len(spark))
    label = f"{name} " if room >= 0 else ""
    left = [(label, Tone.MUTED), (filled, load_tone(percent)), (empty, Tone.FAINT)]
    tone = Tone.TEXT if percent is not None else Tone.MUTED
    return left, [(f" {number}", tone), (spark, Tone.TREND)]


def _memory(node: Node, width: int) -> _Spans:
    used, total = node.memory_used_bytes, node.memory_bytes
    percent = 100 * used / total if used is not None and total else None
    number = f"{bytes_text(used)} / {bytes_text(total)}"
    if used is not None and total is not None:
        used_value, _, used_unit = bytes_text(used).partition(" ")
        if used_unit == bytes_text(total).partition(" ")[2]:
            number = f"{used_value}/{bytes_text(total)}"
    elif used is None and total is None:
        number = f"  {UNKNOWN} "
    return _gauge("mem", percent, number, "", width)


def _tray(column: Column, filtered: bool) -> list[_Spans]:
    return [([_counted(column, filtered)], [])]


def _counted(column: Column, filtered: bool) -> Span:
    noun = "VM" if column.total == 1 else "VMs"
    if filtered:
        shown = sum(not card.arriving for card in column.cards)
        return f"{shown} of {column.total} {noun}", Tone.ACCENT
    return f"{column.total} {noun}", Tone.MUTED


def _verdict(node: Node, offer: Offer, width: int, lines: int) -> list[_Spans]:
    """What it says, what it would have to carry, and why; of a refused one only why."""
    load: _Spans = ([(_burden(node, offer, width), Tone.TEXT)], [])
    if offer.home:
        return [([("● here now", Tone.MUTED)], []), load]
    if offer.verdict is None:
        return [([("… asking", Tone.MUTED)], []), load]
    mark = VERDICT_MARKS[offer.verdict.kind]
    best: list[Span] = [(f"{BEST.glyph} {BEST.word}", BEST.tone)] if offer.best else []
    said: list[_Spans] = [([(f"{mark.glyph} {mark.word}", Tone.STRONG)], best)]
    if offer.verdict.kind is not VerdictKind.REFUSED:
        said.append(load)
    why = wrap(offer.why, width, lines - len(said))
    return [*said, *(([(text, Tone.TEXT)], []) for text in why)]


def _burden(node: Node, offer: Offer, width: int) -> str:
    """Its memory now and after, and its CPU: `mem 55→57/192 GiB  cpu 12%`, as much as fits."""
    memory = change_text(node.memory_used_bytes, offer.used_after_bytes, node.memory_bytes)
    cpu = percent_text(node.cpu_percent).strip()
    wordings = (f"mem {memory}  cpu {cpu}", f"{memory}  cpu {cpu}", f"{memory} {cpu}")
    return next((text for text in wordings if cell_len(text) <= width), wordings[-1])
