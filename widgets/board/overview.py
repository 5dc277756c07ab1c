"""All nodes in one line below the columns, where not all of them fit: a cell each. Pure.

It stands where a scrollbar would, and says more: the state, load and trouble of every node, which
of them are seen, and at its ends the names of those beyond. A click on any of it leads there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from backends.data.picture import Node, NodeState
from backends.judgement.health import Grade
from widgets.bars import cut, gauge, literal
from widgets.board.scene import Column
from widgets.board.sight import Sight
from widgets.glyphs import GRADE_MARKS, NODE_MARKS, VERDICT_MARKS, Tone, load_tone
from widgets.hand import Hand
from widgets.ink import Ground, Line, Look, Span
from widgets.selection import Selection

_MOST_NAMES = 3
_LONGEST_NAME = 20


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some cells of the line from `x` on, and the node that they lead to."""

    x: int
    span: Span
    node: str | None = None
    is_cell: bool = False


def node_at(sight: Sight, x: int) -> str | None:
    """Where a click on the line leads."""
    for piece in _pieces(sight, Hand()):
        if piece.x <= x < piece.x + cell_len(piece.span[0]):
            return piece.node
    return None


def paint_overview(sight: Sight, selection: Selection, hand: Hand, look: Look) -> Line:
    """The line, as wide as the view. What is seen stands on a ground of its own."""
    seen = frozenset(sight.heads())
    line: Line = []
    x = 0
    for piece in _pieces(sight, hand):
        _write(line, " " * (piece.x - x), look(Tone.TEXT, Ground.PLAIN))
        text, tone = piece.span
        _write(line, text, look(tone, _ground(piece, seen, selection, hand)))
        x = piece.x + cell_len(text)
    _write(line, " " * (sight.view.width - x), look(Tone.TEXT, Ground.PLAIN))
    return line


def _write(line: Line, text: str, style: Style) -> None:
    """What looks alike is one segment: the fewer, the faster it is drawn."""
    if line and line[-1].style is style:
        text = line.pop().text + text
    if text:
        line.append(Segment(text, style))


def _ground(piece: _Piece, seen: Collection[str], selection: Selection, hand: Hand) -> Ground:
    if not piece.is_cell or piece.node is None:
        return Ground.PLAIN
    if piece.node == hand.target:
        return Ground.LABEL
    if piece.node == selection.node:
        return Ground.CURSOR
    return Ground.REFUSED if piece.node in seen else Ground.PLAIN


def _pieces(sight: Sight, hand: Hand) -> Iterator[_Piece]:
    """From left to right: who is beyond, all cells, who is beyond."""
    nodes = [column for column in sight.scene.columns if column.node is not None]
    width = sight.view.width
    each = min(3, max(1, width // (2 * len(nodes)))) if nodes else 1
    cells = min(len(nodes), width) * each
    room = (width - cells) // 2 - 2
    before, after = sight.beyond()
    sideways = sight.layout.width > width
    yield from _beyond(before, "‹" if sideways else "↑", 1, room)
    start = (width - cells) // 2
    for number, column in enumerate(nodes[: cells // each]):
        span = _cell(column, hand)
        yield _Piece(start + number * each, (span[0].center(each), span[1]), column.name, True)
    ends = list(_beyond(after, "›" if sideways else "↓", 0, room))
    taken = sum(cell_len(piece.span[0]) for piece in ends)
    for piece in ends:
        yield _Piece(width - 1 - taken + piece.x, piece.span, piece.node)


def _beyond(columns: Sequence[Column], arrow: str, x: int, room: int) -> Iterator[_Piece]:
    """Names of nodes that are not seen: those in trouble first, then the nearest."""
    ranked = sorted(columns, key=lambda column: column.worst is not Grade.ERROR)
    chosen: list[Column] = []
    used = 6
    for column in ranked[:_MOST_NAMES]:
        used += cell_len(_name(column)) + 1
        if used <= room:
            chosen.append(column)
    if not columns or room < 1:
        return
    spans: list[tuple[Span, str | None]] = [
        ((f"{_name(column)} ", Tone.BAD if column.worst is Grade.ERROR else Tone.STRONG),
         column.name)
        for column in chosen
    ]  # fmt: skip
    nearest = columns[0].name
    if len(columns) > len(chosen):
        spans.append(((f"+{len(columns) - len(chosen)} ", Tone.MUTED), nearest))
    sign: tuple[Span, str | None] = (f"{arrow} ", Tone.ACCENT), nearest
    for span, node in [sign, *spans] if x else [*spans, sign]:
        yield _Piece(x, span, node)
        x += cell_len(span[0])


def _name(column: Column) -> str:
    return cut(literal(column.name or ""), _LONGEST_NAME)


def _cell(column: Column, hand: Hand) -> Span:
    """In the hand's sight its verdict; else its state, what is wrong on it, or its load."""
    node = column.node
    if node is None:
        return " ", Tone.TEXT
    offer = hand.offer(node)
    if offer is not None and offer.home:
        return NODE_MARKS[NodeState.ONLINE].glyph, Tone.MUTED
    if offer is not None:
        mark = VERDICT_MARKS[offer.verdict.kind] if offer.verdict is not None else None
        return (mark.glyph, mark.tone) if mark is not None else ("…", Tone.MUTED)
    if node.state is not NodeState.ONLINE:
        return NODE_MARKS[node.state].glyph, NODE_MARKS[node.state].tone
    if column.worst.rank < Grade.NOTE.rank:
        return GRADE_MARKS[column.worst].glyph, GRADE_MARKS[column.worst].tone
    load = _load(node)
    return (gauge(load), load_tone(load)) if load is not None else ("?", Tone.MUTED)


def _load(node: Node) -> float | None:
    """Of its memory or its CPU, whichever is scarcer."""
    used, total = node.memory_used_bytes, node.memory_bytes
    known = [node.cpu_percent, 100 * used / total if used is not None and total else None]
    return max((percent for percent in known if percent is not None), default=None)
