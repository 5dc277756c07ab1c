"""The theme, as a widget sees it that draws its own lines."""

from __future__ import annotations

from rich.style import Style
from textual.widget import Widget

from widgets.glyphs import Tone
from widgets.ink import Ground

_BLURRED = "on-cursor-blurred"
_UNCOLOURED = frozenset({Ground.PLAIN, Ground.MARKED, Ground.REFUSED})
"""The grounds that in sixteen colours are the terminal's own."""
_FAINT = frozenset({Tone.MUTED, Tone.FAINT})


def components(kind: str) -> set[str]:
    """The component classes that a style sheet gives a style each."""
    tones, grounds = (tone.value for tone in Tone), (f"on-{ground.value}" for ground in Ground)
    return {f"{kind}--{name}" for name in (*tones, *grounds, _BLURRED)}


class Theme:
    """A `Look` out of a widget's component styles, each looked up once."""

    def __init__(self, widget: Widget, kind: str, *, own_labels: bool = False) -> None:
        """`own_labels`: they have one colour for all that is written on them."""
        self._widget = widget
        self._kind = kind
        self._own_labels = own_labels
        self._styles: dict[tuple[Tone, Ground], Style] = {}

    def forget(self) -> None:
        self._styles.clear()

    def style(self, tone: Tone, ground: Ground) -> Style:
        """The style for a tone on a ground."""
        style = self._styles.get((tone, ground))
        if style is None:
            names = (f"{self._kind}--{name}" for name in self._names(tone, ground))
            style = self._widget.get_visual_style(*names).rich_style
            self._styles[tone, ground] = style
        return style

    def _names(self, tone: Tone, ground: Ground) -> tuple[str, ...]:
        """The last one's colour is the one that is seen.

        A colour of sixteen is hard to read on another: there, the ground says which.
        """
        if ground is Ground.PLAIN:
            return (tone.value,)
        blurred = ground is Ground.CURSOR and not self._widget.has_focus
        on = _BLURRED if blurred else f"on-{ground.value}"
        if ground is Ground.LABEL and self._own_labels:
            return (on,)
        if ground in _UNCOLOURED or not self._widget.has_pseudo_class("ansi"):
            return (on, tone.value)
        return (on,) if tone in _FAINT else (tone.value, on)
