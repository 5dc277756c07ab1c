"""What can be done to what is highlighted; what cannot is there too, with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from backends.data.picture import Cluster
from tui.acts.listed import OFFERS
from tui.acts.offer import About, Act, Offer
from tui.modal import Modal
from widgets.bars import literal
from widgets.glyphs import Tone
from widgets.selection import Selection
from widgets.tones import toned

_NARROW_FIRST = (About.VM, About.NODE, About.EITHER, About.CLUSTER)


def _rank(told: tuple[Offer, str | None]) -> tuple[bool, int]:
    """What can be done first, and of that what concerns the least."""
    offer, objection = told
    return objection is not None, _NARROW_FIRST.index(offer.about)


class ActMenu(Modal[str]):
    """Ends with the name of an act, or with nothing."""

    DEFAULT_CSS = """
    ActMenu OptionList {
        height: auto;
        max-height: 100%;
        border: none;
        background: transparent;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,full_stop", "dismiss", "Close", id="menu.close", tooltip="Do nothing"),
    ]

    def __init__(self, acts: Mapping[str, Act], picture: Cluster, chosen: Selection) -> None:
        super().__init__()
        self._acts = acts
        self._picture = picture
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            what = self._chosen.vm or self._chosen.node or "the cluster"
            dialog.border_title = Content(literal(what))
            with VerticalScroll(can_focus=False):
                yield OptionList(*self._options())

    def _options(self) -> Iterator[Option]:
        """Those that can be done first."""
        offered = [offer for offer in OFFERS.values() if offer.about.of(self._chosen) is not None]
        told = [(offer, self._acts[offer.name].objection(self._chosen)) for offer in offered]
        for offer, objection in sorted(told, key=_rank):
            key = toned(f"{offer.key:<3}", Tone.ACCENT)
            tone = Tone.MUTED if objection else Tone.STRONG
            why = toned(f"  {objection or offer.tooltip}", Tone.MUTED)
            line = Content.assemble(key, toned(offer.label, tone), why)
            yield Option(line, id=offer.name, disabled=objection is not None)

    @on(OptionList.OptionSelected)
    def _chosen_option(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)
