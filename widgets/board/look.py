"""The theme, as the board sees it."""

from __future__ import annotations

from rich.style import Style
from textual.widget import Widget

from widgets.glyphs import Tone
from widgets.ink import Ground

COMPONENTS = {
    *(f"board--{tone.value}" for tone in Tone),
    *(f"board--on-{ground.value}" for ground in Ground),
    "board--on-cursor-blurred",
}


class Theme:
    """A `Look` out of a widget's component styles, each looked up once."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._styles: dict[tuple[Tone, Ground], Style] = {}

    def forget(self) -> None:
        self._styles.clear()

    def style(self, tone: Tone, ground: Ground) -> Style:
        """The style for a tone on a ground."""
        style = self._styles.get((tone, ground))
        if style is None:
            style = self._widget.get_visual_style(*self._names(tone, ground)).rich_style
            self._styles[tone, ground] = style
        return style

    def _names(self, tone: Tone, ground: Ground) -> list[str]:
        if ground is Ground.LABEL:
            return ["board--on-label"]
        if ground is Ground.PLAIN:
            return [f"board--{tone.value}"]
        blurred = ground is Ground.CURSOR and not self._widget.has_focus
        name = "board--on-cursor-blurred" if blurred else f"board--on-{ground.value}"
        return [name, f"board--{tone.value}"]
