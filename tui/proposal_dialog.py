"""A proposal in the middle of the screen: read it, then confirm it or let it be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import Key
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Button, Input, Static
from textual.worker import Worker

from backends.data.errors import VmferryError
from backends.data.picture import CibVersion
from tui.bugs import report_bug
from tui.dialog import error_content
from tui.modal import Modal
from tui.proposal import READ_ONLY, Answer, Line, Make, Proposal, Then, plain
from widgets.bars import literal
from widgets.glyphs import Tone
from widgets.tones import toned

_CHANGED = "⚠ The cluster has changed meanwhile, and so has the plan. Read it again.\n"
_READ_ONLY = (
    f"read-only: {READ_ONLY}. Run these commands yourself, or start it without --read-only."
)


class ProposalDialog(Modal[Then]):
    """Ends with what was confirmed, or with nothing.

    What stops a guest is confirmed only by typing a word. When the cluster has moved on since the
    proposal was made, it is made again, and shown again where it differs.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape", "cancel", "Cancel", id="proposal.cancel", tooltip="Leave everything as it is"
        ),
        Binding(
            "o,ctrl+o",
            "option",
            "Option",
            id="proposal.option",
            tooltip="Take what the dialog offers beside, or leave it",
        ),
    ]

    @dataclass
    class Made(Message):
        proposal: Proposal

    @dataclass
    class Failed(Message):
        error: VmferryError

    def __init__(
        self,
        heading: str,
        make: Make,
        version: Callable[[], CibVersion | None],
        *,
        read_only: bool,
    ) -> None:
        super().__init__()
        self._heading = heading
        self._propose = make
        self._version = version
        self._read_only = read_only
        self._proposal: Proposal | None = None
        self._pending: Answer | None = None
        self._variant = 0
        self._answered: tuple[Line, ...] = ()

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = Content(literal(self._heading))
            with VerticalScroll(can_focus=False):
                with Vertical(id="lines"):
                    yield Static("Asking the cluster's scheduler what would happen …")
                yield Vertical(id="answered")
            with Vertical(id="foot"):
                yield Static(id="hint")
                yield Input(id="word", compact=True, select_on_focus=False)
                with Horizontal(id="buttons"):
                    yield Button("", id="option")
                    yield Button("", id="confirm", variant="primary")
                    yield Button("Cancel", id="cancel")

    def on_mount(self) -> None:
        for name in ("#hint", "#word", "#confirm", "#option"):
            self.query_one(name).display = False
        self._make()

    @work(group="proposal", exclusive=True, exit_on_error=False)
    async def _make(self) -> None:
        try:
            proposal = await self._propose(self._variant)
        except VmferryError as error:
            self.post_message(self.Failed(error))
        else:
            self.post_message(self.Made(proposal))

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        report_bug(self.app, event)

    @on(Made)
    async def _made(self, event: Made) -> None:
        before, self._proposal = self._proposal, event.proposal
        pending, self._pending = self._pending, None
        if pending is not None and before == event.proposal:
            self.dismiss(pending.then)
            return
        self.set_class(event.proposal.bad, "-bad")
        lines = list(event.proposal.lines)
        if pending is not None:
            lines.insert(0, Line(Content.styled(_CHANGED, "bold $warning")))
        can = event.proposal.enter is not None or event.proposal.typed is not None
        if self._read_only and can:
            lines += [plain(""), plain(_READ_ONLY, Tone.WARN)]
        await self._fill(lines)
        self._offer(event.proposal)

    @on(Failed)
    async def _failed(self, event: Failed) -> None:
        self._proposal = None
        self.add_class("-bad")
        await self._fill([Line(error_content(event.error))])
        self._offer(Proposal(()))

    async def _fill(self, lines: list[Line]) -> None:
        self._answered = ()
        await self.query_one("#answered").remove_children()
        await _refill(self.query_one("#lines"), lines)

    def _offer(self, proposal: Proposal) -> None:
        """Show what may be answered."""
        can = not self._read_only
        typed, enter = can and proposal.typed is not None, can and proposal.enter is not None
        word, confirm = self.query_one("#word", Input), self.query_one("#confirm", Button)
        option = self.query_one("#option", Button)
        hint = self.query_one("#hint", Static)
        hint.display = word.display = typed
        confirm.display = typed or enter
        word.value = ""
        hint.update(
            toned(f"Type {' or '.join(proposal.words)} to stop and start the guest", Tone.MUTED)
        )
        option.display = proposal.option is not None and can
        # While a word is typed, a bare letter belongs to it.
        option.label = toned(f"{'^o' if typed else 'o'} {proposal.option or ''}")
        option.refresh(layout=True)
        self.query_one("#cancel", Button).label = "Cancel" if typed or enter else "Close"
        self._show_answer()
        if typed and not enter:
            word.focus()
        elif enter:
            confirm.focus()
        else:
            self.query_one("#cancel").focus()

    def _answer(self) -> Answer | None:
        """What would be confirmed now."""
        proposal = self._proposal
        if proposal is None or self._read_only:
            return None
        typed = self.query_one("#word", Input).value.strip()
        if typed:
            return proposal.typed if typed in proposal.words else None
        return proposal.enter

    def _show_answer(self) -> None:
        """What Enter would confirm now: its name, and its own lines."""
        confirm, answer = self.query_one("#confirm", Button), self._answer()
        confirm.disabled = answer is None
        proposal = self._proposal
        offered = (proposal.typed or proposal.enter) if proposal is not None else None
        shown = answer or offered
        if shown is not None:
            confirm.label = shown.label
            confirm.refresh(layout=True)
        lines = shown.lines if shown is not None else ()
        if lines != self._answered:
            self._answered = lines
            self.run_worker(
                _refill(self.query_one("#answered"), lines), group="answer", exclusive=True
            )

    @on(Input.Changed, "#word")
    def _typed(self) -> None:
        self._show_answer()

    def on_key(self, event: Key) -> None:
        """While a word is waited for, letters are its, wherever the focus is."""
        word = self.query_one("#word", Input)
        if word.display and not word.has_focus and event.is_printable and event.character:
            event.stop()
            word.focus()
            word.insert_text_at_cursor(event.character)

    @on(Input.Submitted, "#word")
    @on(Button.Pressed, "#confirm")
    def _confirm(self) -> None:
        proposal, answer = self._proposal, self._answer()
        if proposal is None:
            return
        if answer is None:
            self.query_one("#hint").add_class("-wanted")
            return
        if proposal.version is None or proposal.version == self._version():
            self.dismiss(answer.then)
        else:
            self._pending = answer
            self._make()

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#option")
    def action_option(self) -> None:
        proposal = self._proposal
        if proposal is not None and proposal.option is not None and not self._read_only:
            self._variant = (self._variant + 1) % proposal.variants
            self._make()


async def _refill(place: Widget, lines: Iterable[Line]) -> None:
    async with place.batch():
        await place.remove_children()
        await place.mount_all(line.widget() for line in lines)
