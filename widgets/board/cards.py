"""A VM's card: one or two lines of text. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from backends.data.picture import Migration, VMState
from backends.judgement.outlook import Outlook
from widgets.bars import (
    UNKNOWN,
    bar,
    bytes_short,
    bytes_text,
    duration_text,
    gauge,
    percent_text,
    rate_short,
    rate_text,
)
from widgets.board.dealing import Card
from widgets.glyphs import (
    ARRIVING_GLYPH,
    CHANCE_MARKS,
    GUARDED,
    STALE_GLYPH,
    VM_MARKS,
    Mark,
    Tone,
    badges,
    load_tone,
)
from widgets.ink import Ground, Line, Look, Span, row

_WIDE = 34
"""From this width on a card has words and a bar where a narrow one has short forms."""


def paint_card(
    card: Card, width: int, lines: int, look: Look, ground: Ground, marked: bool
) -> tuple[Line, ...]:
    """A card in exactly `lines` lines (1 or 2) of exactly `width` cells."""
    edge: Span = (" ", Tone.TEXT)
    if ground in (Ground.CURSOR, Ground.CARRIED):
        edge = ("▌", Tone.ACCENT)
    if marked:
        edge = ("◉" if lines == 1 else "▌", Tone.ACCENT)
    inner = width - 2
    if card.arriving:
        texts = _arriving(card, lines)
    elif card.migration is not None:
        texts = _migrating(card, card.migration, inner, lines)
    else:
        texts = _resting(card, inner, lines, marked)
    return tuple(
        row(width, [edge, *left], [*right, (" ", Tone.TEXT)], look=look, ground=ground)
        for left, right in texts
    )


_Spans = tuple[list[Span], list[Span]]


def _resting(card: Card, width: int, lines: int, marked: bool) -> list[_Spans]:
    vm = card.vm
    mark = VM_MARKS[vm.state]
    in_words = card.stale or vm.state is not VMState.RUNNING
    glyph, tone = (STALE_GLYPH, Tone.MUTED) if card.stale else (mark.glyph, mark.tone)
    title: list[Span] = [(f"{glyph} ", tone), (vm.id, _name_tone(card))]
    signs: list[Span] = [(f" {badge.glyph}", badge.tone) for badge in badges(vm, card.prospect)]
    doubted = card.stale and vm.state is not VMState.UNKNOWN
    word = f"{mark.word}?" if doubted else mark.word
    percent = None if card.stale else vm.cpu_percent
    if marked and lines == 2:
        signs.append((" ◉", Tone.ACCENT))
    if lines == 1:
        if in_words:
            signs.insert(0, (f" {word}", tone))
        else:
            signs.append((f" {gauge(percent)}", load_tone(percent)))
            signs.append((percent_text(percent), Tone.MUTED))
        return [(title, signs)]
    size = f"{_count(vm.vcpus)} vCPU {bytes_text(vm.memory_bytes)}"
    if cell_len(size) > width - (len(word) + 3 if in_words else 9):
        size = f"{_count(vm.vcpus)}c {bytes_short(vm.memory_bytes)}"
    if vm.node is None and vm.vcpus is None and vm.memory_bytes is None:
        size = UNKNOWN
    left: list[Span] = [("  ", Tone.TEXT), (size, Tone.MUTED)]
    if in_words:
        return [(title, signs), (left, [(f" {word}", tone)])]
    return [(title, signs), (left, _load(percent, width))]


def _load(percent: float | None, width: int) -> list[Span]:
    number = (percent_text(percent), Tone.TEXT if percent is not None else Tone.MUTED)
    if width < _WIDE - 2:
        return [(f" {gauge(percent)}", load_tone(percent)), number]
    filled, empty = bar(percent, min(16, width - 24))
    return [
        (" ", Tone.TEXT),
        (filled, load_tone(percent)),
        (empty, Tone.FAINT),
        (" ", Tone.TEXT),
        number,
    ]


def _migrating(card: Card, migration: Migration, width: int, lines: int) -> list[_Spans]:
    mark = VM_MARKS[VMState.MIGRATING]
    percent = migration.percent
    target = migration.target if migration.target else "?"
    title: list[Span] = [
        (f"{mark.glyph} ", mark.tone),
        (card.vm.id, _name_tone(card)),
        (f" → {target}", mark.tone),
    ]
    number: list[Span] = [(f" {percent_text(percent)}", Tone.STRONG)]
    sign = _sign(card)
    if sign is not None:
        signed = [(f" {sign.glyph} {sign.word}", sign.tone), *number]
        if lines == 2 and _cells(title) + _cells(signed) > width:
            return [(title, number), _signed(sign, migration, card.outlook, width)]
        number = signed
        if lines == 1:
            return [(title, number)]
    if lines == 1:
        room = width - _cells(title) - _cells(number)
        filled, empty = bar(percent, 5 if room >= 6 else 0)  # where to is told first
        gap = " " if filled or empty else ""
        return [(title, [(f"{gap}{filled}", mark.tone), (empty, Tone.FAINT), *number])]
    if percent is None or percent >= 100:
        left: list[Span] = [("  ", Tone.TEXT), (migration.phase.value, mark.tone)]
        return [(title, number), (left, [])]
    numbers = _progress(migration, card.outlook, width)
    room = width - 2 - _cells(numbers)
    filled, empty = bar(percent, min(32, room))
    left = [("  ", Tone.TEXT), (filled, mark.tone), (empty, Tone.FAINT)]
    return [(title, number), (left, numbers)]


def _signed(sign: Mark, migration: Migration, outlook: Outlook | None, width: int) -> _Spans:
    """The second line where the first has no room for the sign: it takes the place of the bar."""
    left: list[Span] = [("  ", Tone.TEXT), (f"{sign.glyph} {sign.word}", sign.tone)]
    numbers = _progress(migration, outlook, width)
    while numbers and _cells(left) + _cells(numbers) > width:
        numbers.pop(0)
    return left, numbers


def _cells(spans: Sequence[Span]) -> int:
    return sum(cell_len(text) for text, _ in spans)


def _sign(card: Card) -> Mark | None:
    """What is to be known of its copy beside how far it is."""
    if card.vm.maintenance:
        return GUARDED
    return CHANCE_MARKS[card.outlook.chance] if card.outlook and card.outlook.bad else None


def _progress(migration: Migration, outlook: Outlook | None, width: int) -> list[Span]:
    """Rate, and the time it needs of the time it has."""
    eta_s = outlook.eta_s if outlook is not None else None
    tone = Tone.BAD if outlook is not None and outlook.bad else Tone.TEXT
    rate = migration.rate_bytes_per_s
    spans: list[Span] = []
    if rate is not None:
        spans.append((f" {rate_text(rate) if width >= _WIDE else rate_short(rate)}", Tone.MUTED))
    if eta_s is not None:
        spans.append((f" {duration_text(eta_s)}", tone))
    if migration.deadline_s is not None:
        before = " of " if width >= _WIDE else "/"
        eta = before if eta_s is not None else f" {UNKNOWN}{before}"
        spans.append((f"{eta}{duration_text(migration.deadline_s)}", Tone.MUTED))
    return spans


def _arriving(card: Card, lines: int) -> list[_Spans]:
    migration = card.migration
    source = migration.source if migration else "?"
    percent = migration.percent if migration else None
    title: list[Span] = [
        (f"{ARRIVING_GLYPH} ", Tone.BUSY),
        (card.vm.id, Tone.MUTED),
        (f" ← {source}", Tone.MUTED),
    ]
    number: list[Span] = [(f" {percent_text(percent)}", Tone.MUTED)]
    phase = migration.phase.value if migration else ""
    second: _Spans = ([("  ", Tone.TEXT), (f"arriving · {phase}", Tone.MUTED)], [])
    return [(title, number), second][:lines]


def _name_tone(card: Card) -> Tone:
    if card.stale or card.vm.state is VMState.STOPPED:
        return Tone.MUTED
    return Tone.STRONG


def _count(number: int | None) -> str:
    return str(number) if number is not None else UNKNOWN
