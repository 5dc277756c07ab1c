"""The plan of a move: read it, then confirm it or let it be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Button, Input, Static
from textual.worker import Worker

from backends.errors import VmferryError
from backends.plan import Plan, VerdictKind
from tui.bugs import report_bug
from tui.dialog import error_content
from tui.item import Item
from tui.modal import Modal
from widgets.bars import literal
from widgets.glyphs import Tone
from widgets.tones import heading, toned

WORD = "REBOOT"

_CHANGED = "⚠ The cluster has changed meanwhile, and so has the plan. Read it again.\n"
_READ_ONLY = (
    "read-only: vmferry was started so that it cannot change the cluster. Run these commands "
    "yourself, or start it without --read-only."
)
_MEANING = {
    VerdictKind.LIVE: ("✔", "$success", "The guest keeps running, and nothing else moves."),
    VerdictKind.SIDE_EFFECTS: ("⚠", "$warning", "The guest keeps running, but this comes with it:"),
    VerdictKind.REBOOT: ("✖", "$error", "This is no live migration: a guest is shut down."),
    VerdictKind.REFUSED: ("⊘", "$error", "This cannot be done now."),
}


class PlanDialog(Modal[Plan | None]):
    """Ends with the plan that was confirmed, or with `None`.

    A plan that stops a guest is confirmed only by typing its name (or REBOOT). When the cluster
    has moved on since the plan was made, it is made again, and shown again where it differs.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape", "cancel", "Cancel", id="plan.cancel", tooltip="Leave everything as it is"
        ),
    ]

    @dataclass
    class Made(Message):
        plan: Plan
        again: bool

    @dataclass
    class Failed(Message):
        error: VmferryError

    def __init__(
        self,
        heading: str,
        make_plan: Callable[[], Awaitable[Plan]],
        is_current: Callable[[Plan], bool],
        *,
        read_only: bool,
    ) -> None:
        super().__init__()
        self._heading = heading
        self._make_plan = make_plan
        self._is_current = is_current
        self._read_only = read_only
        self._plan: Plan | None = None

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = Content(literal(self._heading))
            with VerticalScroll(can_focus=False):
                yield Static("Asking the cluster's scheduler what would happen …")
            with Vertical(id="foot"):
                yield Input(id="word", compact=True)
                with Horizontal(id="buttons"):
                    yield Button("Move", id="confirm", variant="primary")
                    yield Button("Cancel", id="cancel")

    def on_mount(self) -> None:
        self.query_one("#word").display = False
        self.query_one("#confirm").display = False
        self._make()

    @work(group="plan", exclusive=True, exit_on_error=False)
    async def _make(self, *, again: bool = False) -> None:
        try:
            plan = await self._make_plan()
        except VmferryError as error:
            self.post_message(self.Failed(error))
        else:
            self.post_message(self.Made(plan, again))

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        report_bug(self.app, event)

    @on(Made)
    async def _made(self, event: Made) -> None:
        before, self._plan = self._plan, event.plan
        if event.again and before is not None and _same(before, event.plan):
            self.dismiss(event.plan)
            return
        self.set_class(event.plan.verdict.kind is VerdictKind.REFUSED or event.plan.reboots, "-bad")
        lines = list(_body(event.plan, read_only=self._read_only))
        if event.again:
            lines.insert(0, Static(Content.styled(_CHANGED, "bold $warning")))
        await self._fill(lines)
        self._offer(event.plan)

    @on(Failed)
    async def _failed(self, event: Failed) -> None:
        self._plan = None
        self.add_class("-bad")
        await self._fill([Static(error_content(event.error))])
        self._offer(None)

    async def _fill(self, lines: Iterable[Widget]) -> None:
        body = self.query_one(VerticalScroll)
        async with body.batch():
            await body.remove_children()
            await body.mount_all(lines)

    def _offer(self, plan: Plan | None) -> None:
        """Show what may be answered to this plan."""
        can = plan is not None and bool(plan.commands) and not self._read_only
        word, confirm = self.query_one("#word", Input), self.query_one("#confirm", Button)
        typed = can and plan is not None and plan.reboots
        word.display, confirm.display = typed, can
        word.value = ""
        confirm.disabled = typed
        self.query_one("#cancel", Button).label = "Cancel" if can else "Close"
        if plan is not None and typed:
            word.placeholder = f"type {' or '.join(_words(plan))} to stop and start the guest"
            confirm.label = "Move with reboot"
            word.focus()
        elif can:
            confirm.label = "Move"
            confirm.focus()
        else:
            self.query_one("#cancel").focus()

    @on(Input.Changed, "#word")
    def _typed(self, event: Input.Changed) -> None:
        self.query_one("#confirm", Button).disabled = not self._word_is_right(event.value)

    @on(Input.Submitted, "#word")
    def _submitted(self, event: Input.Submitted) -> None:
        if self._word_is_right(event.value):
            self._confirm()

    @on(Button.Pressed, "#confirm")
    def _pressed(self) -> None:
        self._confirm()

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        self.dismiss(None)

    def _word_is_right(self, typed: str) -> bool:
        return self._plan is not None and typed.strip() in _words(self._plan)

    def _confirm(self) -> None:
        plan = self._plan
        if plan is None or not plan.commands or self._read_only:
            return
        if plan.reboots and not self._word_is_right(self.query_one("#word", Input).value):
            return
        if self._is_current(plan):
            self.dismiss(plan)
        else:
            self._make(again=True)


def _words(plan: Plan) -> tuple[str, ...]:
    return (*plan.vms, WORD) if len(plan.vms) == 1 else (WORD,)


def _same(before: Plan, after: Plan) -> bool:
    """Whether two plans do the same; the version they were made on does not count."""
    return replace(before, verdict=replace(before.verdict, version=None)) == replace(
        after, verdict=replace(after.verdict, version=None)
    )


def _body(plan: Plan, *, read_only: bool) -> Iterator[Widget]:
    glyph, style, meaning = _MEANING[plan.verdict.kind]
    yield Static(Content.assemble((f"{glyph} {plan.verdict.kind.value}", f"bold {style}")))
    yield Static(meaning)
    for reason in plan.verdict.reasons:
        yield Item(Content.styled("•", style), Content.styled(literal(reason), style))
    if plan.verdict.kind is VerdictKind.REFUSED:
        return
    yield _heading("What will happen")
    for number, step in enumerate(plan.steps, 1):
        yield Item(toned(str(number), Tone.MUTED), toned(step))
    if plan.deadline_s is not None:
        text = f"Pacemaker gives the live migration {plan.deadline_s:.0f} s."
        yield Item(Content(""), toned(text, Tone.MUTED))
    if plan.warnings:
        yield _heading("Mind")
    for warning in plan.warnings:
        yield Item(toned("⚠", Tone.WARN), toned(warning))
    yield _heading("Exactly these commands")
    for command in plan.commands:
        yield Item(toned("$", Tone.MUTED), Content.styled(literal(str(command)), "$accent"))
    if read_only:
        yield Static(Content(""))
        yield Static(toned(_READ_ONLY, Tone.WARN))


def _heading(text: str) -> Static:
    return Static(Content("\n").join(heading(text)))
