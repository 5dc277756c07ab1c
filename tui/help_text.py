"""Chapters of keys and signs, each with its words, as one text: hundreds of lines open at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.strip import Strip
from textual.visual import Visual
from textual.widget import Widget

from widgets.bars import fit, literal, wrap
from widgets.glyphs import Tone
from widgets.tones import toned

KEY_COLUMN = 14
_MOST_LINES = 9


@dataclass(frozen=True, slots=True)
class Entry:
    """A key, or a sign, and what it does or means."""

    key: str
    words: str
    tone: Tone = Tone.ACCENT

    def matches(self, parts: Sequence[str]) -> bool:
        text = f"{self.key} {self.words}".casefold()
        return all(part in text for part in parts)


@dataclass(frozen=True, slots=True)
class Chapter:
    title: str
    entries: tuple[Entry, ...]


def found(chapters: Sequence[Chapter], search: str) -> tuple[Chapter, ...]:
    """What has every word of the search in it; a chapter whose title has them is there whole."""
    parts = search.casefold().split()
    shown: list[Chapter] = []
    for chapter in chapters:
        whole = all(part in chapter.title.casefold() for part in parts)
        entries = [entry for entry in chapter.entries if whole or entry.matches(parts)]
        if entries:
            shown.append(Chapter(chapter.title, tuple(entries)))
    return tuple(shown)


def lines(chapters: Sequence[Chapter], width: int) -> Iterator[Content]:
    """Headings, and entries whose words wrap beside the key."""
    for number, chapter in enumerate(chapters):
        if number:
            yield Content("")
        yield Content.styled(chapter.title, "bold $primary")
        for entry in chapter.entries:
            words = wrap(literal(entry.words), max(10, width - KEY_COLUMN - 2), _MOST_LINES)
            yield Content.assemble(toned(f" {fit(entry.key, KEY_COLUMN)} ", entry.tone), *words[:1])
            yield from (Content(f"{'':{KEY_COLUMN + 2}}{more}") for more in words[1:])


class HelpText(Widget):
    """As high as what the search leaves of it."""

    DEFAULT_CSS = """
    HelpText { height: auto; }
    """

    search: reactive[str] = reactive("", layout=True)

    def __init__(self, chapters: Sequence[Chapter]) -> None:
        super().__init__()
        self._chapters = tuple(chapters)
        self._laid: tuple[tuple[str, int], list[Content]] | None = None
        """The lines as they were last asked for, and of what."""

    def _lines(self, width: int) -> list[Content]:
        wanted = (self.search, width)
        if self._laid is None or self._laid[0] != wanted:
            self._laid = wanted, self._lay(width)
        return self._laid[1]

    def _lay(self, width: int) -> list[Content]:
        shown = list(lines(found(self._chapters, self.search), width))
        return shown or [toned("Nothing of this has these letters in it.", Tone.MUTED)]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines(width))

    def render_line(self, y: int) -> Strip:
        """A line when it is to be seen: most of them never are."""
        width = self.content_size.width
        laid = self._lines(width)
        if not 0 <= y < len(laid):
            return Strip.blank(width, self.rich_style)
        return Visual.to_strips(self, laid[y], width, 1, self.visual_style)[0]
