"""The board's geometry: everything has one place, and each place says what is there."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Size

from widgets.board.layout import Layout, Part, arrange, arrange_in

counts = st.lists(st.integers(0, 90), min_size=1, max_size=33)
widths = st.integers(20, 260)
heights = st.integers(8, 80)
pitches = st.sampled_from([None, 1, 2, 3])


@given(widths, heights, counts, pitches)
def test_nothing_overlaps(width: int, height: int, counts: list[int], pitch: int | None) -> None:
    layout = arrange(width, height, counts, pitch)
    for one, other in combinations(layout.columns, 2):
        assert not one.overlaps(other)
    for column, region in enumerate(layout.columns):
        cells: set[tuple[int, int]] = set()
        for index in range(counts[column]):
            card = layout.card(column, index)
            assert region.contains_region(card)
            assert card.y >= region.y + layout.head_height
            assert card.bottom < region.bottom
            covered = {(x, y) for y in card.line_range for x in card.column_range}
            assert not cells & covered
            cells |= covered


@given(widths, heights, counts, pitches, st.data())
def test_every_card_is_found_where_it_stands(
    width: int, height: int, counts: list[int], pitch: int | None, data: st.DataObject
) -> None:
    layout = arrange(width, height, counts, pitch)
    column = data.draw(st.integers(0, len(counts) - 1))
    for index in range(counts[column]):
        card = layout.card(column, index)
        for place in ((card.x, card.y), (card.right - 1, card.bottom - 1)):
            hit = layout.at(*place)
            assert hit is not None
            assert (hit.column, hit.part, hit.card) == (column, Part.CARD, index)


@given(widths, heights, counts, pitches, st.data())
def test_whatever_is_hit_stands_there(
    width: int, height: int, counts: list[int], pitch: int | None, data: st.DataObject
) -> None:
    layout = arrange(width, height, counts, pitch)
    x = data.draw(st.integers(-2, layout.width + 2))
    y = data.draw(st.integers(-2, layout.height + 2))
    hit = layout.at(x, y)
    if hit is None:
        assert not any(region.contains(x, y) for region in layout.columns)
    elif hit.card is None:
        assert layout.columns[hit.column].contains(x, y)
    else:
        assert layout.card(hit.column, hit.card).contains(x, y)


@given(widths, heights, counts, st.data())
def test_a_head_stays_in_sight_while_its_band_is(
    width: int, height: int, counts: list[int], data: st.DataObject
) -> None:
    layout = arrange(width, height, counts)
    scroll = data.draw(st.integers(0, layout.height - 1))
    band = layout.band_at(scroll)
    assert band is not None
    top = layout.head_top(band, scroll)
    assert band.top <= top <= band.top + band.height - layout.head_height
    if band.top + band.height - scroll > layout.head_height:
        assert top == scroll
        hit = layout.at(layout.columns[band.first].x + 1, scroll, scroll)
        assert hit is not None
        assert hit.part is Part.HEAD


@given(widths, heights, counts)
def test_what_does_not_fit_gets_a_scrollbar(width: int, height: int, counts: list[int]) -> None:
    layout, view = arrange_in(Size(width, height), counts)
    assert view.width < width or layout.height <= view.height
    assert view.height < height or layout.width <= view.width


def test_a_narrow_board_scrolls_sideways_and_a_wide_one_wraps() -> None:
    def bands(layout: Layout) -> int:
        return len(layout.bands)

    narrow, wide = arrange(80, 24, [4] * 8), arrange(200, 50, [4] * 8)
    assert bands(narrow) == 1
    assert narrow.width > 80
    assert bands(wide) == 2
    assert wide.width <= 200
    assert [band.last - band.first for band in wide.bands] == [4, 4]


def test_three_whole_columns_fit_80_cells() -> None:
    layout = arrange(80, 24, [4, 4, 4])
    assert layout.width <= 80
    assert len({region.y for region in layout.columns}) == 1


def test_cards_get_denser_only_when_they_must() -> None:
    assert arrange(120, 40, [5, 5]).pitch == 3
    assert arrange(80, 40, [14, 14, 14]).pitch == 2
    assert arrange(80, 40, [30, 30, 30]).pitch == 1
