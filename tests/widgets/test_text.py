"""Names are shown literally, whatever they are, and numbers as numbers or as unknown."""

from __future__ import annotations

import time
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from backends.data.picture import (
    Constraint,
    ConstraintKind,
    LiveMigration,
    Migration,
    Phase,
    VMState,
)
from backends.data.plan import Verdict, VerdictKind
from backends.judgement.prospect import Passage, Prospect, untold
from board_pictures import node, vm
from widgets.bars import (
    bar,
    bytes_short,
    bytes_text,
    cut,
    duration_text,
    fit,
    literal,
    moment_text,
    percent_text,
    rate_text,
    sparkline,
    wrap,
)
from widgets.board.cards import paint_card
from widgets.board.dealing import Card
from widgets.board.heads import Frame, paint_head
from widgets.board.scene import Column
from widgets.hand import Offer
from widgets.ink import Ground, plain_look, text_of

nasty = st.one_of(
    st.text(max_size=60),
    st.text(st.characters(codec=None), max_size=20),
    st.sampled_from(
        [
            "[red]web[/]",
            "[/nope]",
            "web\x1b[31m01\x1b]0;owned\x07",
            "a\u202egnp.exe",
            "虚拟机" * 30,
            "👩‍👩‍👧‍👦🇩🇪" * 5,
            "z\u0351\u0352\u0353\u0354" * 10,
            "x" * 200,
            "\ud800",
            "",
            "\u200b",
        ]
    ),
)
FORBIDDEN = ("Cc", "Cs", "Cf", "Zl", "Zp")


def assert_harmless(text: str) -> None:
    assert not [c for c in text if unicodedata.category(c) in FORBIDDEN]


@given(nasty)
def test_nothing_in_a_name_acts_on_the_terminal(name: str) -> None:
    assert_harmless(literal(name))


@given(nasty, st.integers(0, 40))
def test_a_name_is_cut_to_cells(name: str, width: int) -> None:
    assert cell_len(cut(literal(name), width)) <= width
    assert cell_len(fit(literal(name), width)) == width


@given(nasty, st.integers(2, 40), st.integers(1, 4))
def test_wrapped_text_stays_in_its_box(text: str, width: int, lines: int) -> None:
    wrapped = wrap(literal(text), width, lines)
    assert len(wrapped) <= lines
    assert all(cell_len(line) <= width for line in wrapped)


@given(
    nasty,
    st.integers(20, 80),
    st.sampled_from([1, 2]),
    st.sampled_from(list(VMState)),
    st.sampled_from(list(Ground)),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_a_card_fills_its_cells_and_no_more(
    name: str,
    width: int,
    lines: int,
    state: VMState,
    ground: Ground,
    arriving: bool,
    stale: bool,
    marked: bool,
) -> None:
    migration = None
    if arriving or state is VMState.MIGRATING:
        migration = Migration(name, name, name, Phase.COPYING, 5, 10, 1 << 40, eta_s=1e6)
    card = Card(replace(vm(name, name), state=state), migration, arriving, stale)
    strips = paint_card(card, width, lines, plain_look, ground, marked)
    assert len(strips) == lines
    for strip in strips:
        assert sum(cell_len(segment.text) for segment in strip) == width
        assert_harmless(text_of(strip))


@given(nasty, st.integers(25, 80), st.sampled_from([3, 4]), st.sampled_from([None, *VerdictKind]))
def test_a_head_fills_its_cells_and_no_more(
    name: str, width: int, lines: int, kind: VerdictKind | None
) -> None:
    verdict = Verdict((name,), name, kind, (name, name)) if kind else None
    for offer in (None, Offer(verdict), Offer(verdict, target=True)):
        strips = paint_head(
            Column(node(name), (), 3, trouble=name or None, numbers_known=not name),
            width,
            lines,
            plain_look,
            frame=Frame(),
            offer=offer,
            history=[1.0, None, 99.0],
        )
        assert len(strips) == lines + 2
        for strip in strips:
            assert sum(cell_len(segment.text) for segment in strip) == width
            assert_harmless(text_of(strip))


def test_markup_is_shown_and_not_obeyed() -> None:
    card = Card(vm("[red]web[/]", "a"))
    strips = paint_card(card, 30, 1, plain_look, Ground.PLAIN, False)
    assert "[red]web[/]" in text_of(strips[0])


def test_an_escape_sequence_is_seen() -> None:
    assert literal("web\x1b[31m") == "web␛[31m"
    assert literal("a\u202eb") == "a\N{REPLACEMENT CHARACTER}b"


def test_unknown_is_never_zero() -> None:
    assert percent_text(None).strip() == "–"
    assert bytes_text(None) == "–"
    assert rate_text(None) == "–"
    assert duration_text(None) == "–"
    unknown = replace(vm("web01", "a"), cpu_percent=None, vcpus=None, memory_bytes=None)
    for lines in (1, 2):
        for strip in paint_card(Card(unknown), 40, lines, plain_look, Ground.PLAIN, False):
            assert "0" not in text_of(strip).replace("web01", "")


def test_a_bar_says_its_level_without_colour() -> None:
    assert bar(0, 8) == ("", "────────")
    assert bar(50, 8) == ("━━━━", "────")
    assert bar(100, 8) == ("━━━━━━━━", "")
    assert bar(None, 3) == ("", "╌╌╌")


@given(st.one_of(st.none(), st.floats(allow_nan=False)), st.integers(0, 60))
def test_a_bar_has_its_width(percent: float | None, width: int) -> None:
    assert sum(map(len, bar(percent, width))) == width


def test_a_sparkline_has_gaps_where_nothing_was_known() -> None:
    assert sparkline([0, None, 50, 100], 6) == "  ▁ ▅█"


@pytest.mark.parametrize(
    ("count", "text", "short"),
    [
        (0, "0 B", "0B"),
        (512 << 20, "512 MiB", "512M"),
        (1536 << 20, "1.5 GiB", "1.5G"),
        (4 << 30, "4 GiB", "4G"),
        (128 << 30, "128 GiB", "128G"),
        ((1 << 40) - 1, "1 TiB", "1T"),
    ],
)
def test_bytes_in_units(count: int, text: str, short: str) -> None:
    assert bytes_text(count) == text
    assert bytes_short(count) == short


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (12.4, "0:12"), (725, "12:05"), (3723, "1:02:03"), (3 * 86400 + 7200, "3d 2h")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_every_badge_shows() -> None:
    left = Constraint("cli-ban-x", "x", "a", ConstraintKind.BAN)
    troubled = replace(
        vm("x", "a"),
        live_migration=LiveMigration(False, "allow-migrate is not set"),
        constraints=(left,),
        failed=True,
        managed=False,
    )
    text = text_of(
        paint_card(
            Card(troubled, prospect=untold(troubled)), 40, 2, plain_look, Ground.PLAIN, False
        )[0]
    )
    assert all(glyph in text for glyph in "⊘⚑✖‖")
    calm = Card(vm("x", "a"), prospect=Prospect(Passage.LIVE))
    quiet = paint_card(calm, 40, 2, plain_look, Ground.PLAIN, False)[0]
    assert "⇄" in text_of(quiet)


def test_a_moment_has_its_date_when_it_is_not_today() -> None:
    now = time.mktime((2026, 11, 28, 3, 0, 0, 0, 0, -1))
    assert moment_text(now - 60, now) == "02:59:00"
    assert moment_text(now - 4 * 3600, now) == "11-27 23:00:00"
    assert moment_text(now - 400 * 86400, now).startswith("2025-")
    assert moment_text(None, now) == "?"
