"""The smallest Textual app: what Textual itself takes for a key."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.reactive import reactive
from textual.widget import Widget


class Number(Widget, can_focus=True):
    BINDINGS = [("down,up", "more", "More")]  # noqa: RUF012
    number = reactive(0)

    def render(self) -> str:
        return f"number {self.number}"

    def action_more(self) -> None:
        self.number += 1


class Trivial(App[None]):
    def compose(self) -> ComposeResult:
        yield Number()


if __name__ == "__main__":
    Trivial().run()
