"""The carrying part of the board: what is in the hand, where it is aimed, and what is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from textual.message import Message

from backends.data.picture import Cluster
from backends.data.plan import Verdict
from backends.judgement.outlook import Outlook
from widgets import drag
from widgets.board_scene import why_unmovable
from widgets.board_select import BoardSelect


class BoardCarry(BoardSelect):
    """A board with a hand: whatever moves it, `widgets.drag` makes one intent of it."""

    @dataclass
    class PickedUp(Message, namespace="board"):
        """VMs are in the hand: verdicts are wanted."""

        vms: tuple[str, ...]

    @dataclass
    class TargetChanged(Message, namespace="board"):
        """The hand is over another node, or over none."""

        node: str | None

    @dataclass
    class Dropped(Message, namespace="board"):
        """The operator wants these VMs on that node."""

        vms: tuple[str, ...]
        node: str

    @dataclass
    class PutBack(Message, namespace="board"):
        """The hand is empty again, and nothing is wanted."""

    @dataclass
    class Unmovable(Message, namespace="board"):
        """A VM could not be picked up; `reason` is a sentence."""

        vm: str
        reason: str

    # What the app tells the board

    def show(self, picture: Cluster, outlooks: Mapping[str, Outlook] | None = None) -> None:
        """Draw another picture. Selection, marks and what is in the hand follow the VMs.

        `outlooks`: what is to be expected of the copies under way.
        """
        self._outlooks = outlooks or {}
        before = self._cursor
        spot = self._spot()
        self._picture = picture
        self._compose_scene(self.filter_text, sample=True)
        if self._marked:
            self._marked &= {vm.id for vm in picture.vms}
        if not isinstance(self._drag, drag.Resting):
            self._feed(drag.Changed(self._homes(self._drag.vms), self._scene.nodes))
        self._keep_cursor(before, spot)

    def show_verdicts(self, verdicts: Mapping[str, Verdict], best: str | None = None) -> None:
        """What each node says to the VMs in the hand; a node without a verdict is still asked.

        `best` is the node that suits them best, where there is one.
        """
        self._verdicts = dict(verdicts)
        self._best = best
        if self.carrying:
            self._repaint()

    def pick_up(self, vms: Iterable[str]) -> None:
        """Take VMs into the hand, as the key does."""
        homes = self._homes(vms, complain=True)
        self._feed(drag.Lift(tuple(homes), frozenset(homes.values())))

    def put_back(self) -> None:
        """Empty the hand."""
        self._feed(drag.Escape())

    @property
    def carrying(self) -> tuple[str, ...]:
        """The VMs in the hand."""
        return self._drag.vms if isinstance(self._drag, drag.Carrying) else ()

    @property
    def target(self) -> str | None:
        """The node that the hand is over."""
        return self._drag.target if isinstance(self._drag, drag.Carrying) else None

    # One intent, two hands

    def _feed(self, happened: drag.Input) -> None:
        before = self._drag
        self._drag, intents = drag.step(before, happened)
        for intent in intents:
            match intent:
                case drag.PickUp(vms):
                    self._verdicts = {}
                    self._best = None
                    self.post_message(self.PickedUp(vms))
                case drag.Target(node):
                    self.post_message(self.TargetChanged(node))
                case drag.Drop(vms, node):
                    self._marked = frozenset()
                    self.post_message(self.Dropped(vms, node))
                case drag.PutBack():
                    self.post_message(self.PutBack())
        if self._drag == before:
            return
        if not isinstance(self._drag, drag.Pressed) and not self._mouse_is_down():
            self._let_go()
        if isinstance(before, drag.Carrying) or self.carrying:
            self._repaint()
        if isinstance(before, drag.Carrying) and not self.carrying and self._place():
            self._repaint()

    def _mouse_is_down(self) -> bool:
        return isinstance(self._drag, drag.Carrying) and self._drag.by_mouse

    def _let_go(self) -> None:
        self._pointer = None
        if self.app.mouse_captured is self:
            self.release_mouse()

    def _homes(self, vms: Iterable[str], *, complain: bool = False) -> dict[str, str]:
        """Those of the VMs that can be picked up, and where each runs."""
        homes: dict[str, str] = {}
        for vm in filter(None, map(self._picture.vm, vms)):
            reason = why_unmovable(self._picture, vm)
            if vm.node is not None and reason is None:
                homes[vm.id] = vm.node
            elif complain and reason is not None:
                self.post_message(self.Unmovable(vm.id, reason))
        return homes
