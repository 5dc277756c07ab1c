"""What lies above the columns while VMs are in the hand: a label, and a line at the foot. Pure."""

from __future__ import annotations

from rich.cells import cell_len
from textual.geometry import Offset, Region, Size

from backends.data.plan import Verdict
from widgets.bars import literal
from widgets.drag import Carrying
from widgets.glyphs import VERDICT_MARKS, Tone
from widgets.ink import Ground, Line, Look, Span, row

_LABEL_WIDTH = 24


def in_hand(drag: Carrying) -> str:
    """What is carried, in a word or two."""
    return literal(drag.vms[0]) if len(drag.vms) == 1 else f"{len(drag.vms)} VMs"


def label_region(drag: Carrying, pointer: Offset, view: Size) -> Region:
    """Where the label hangs: below and to the right of the pointer, and always in the view."""
    width = min(_LABEL_WIDTH, cell_len(in_hand(drag)) + 4)
    x = max(0, min(pointer.x + 1, view.width - width))
    return Region(x, max(0, min(pointer.y + 1, view.height - 2)), width, 1)


def paint_label(drag: Carrying, width: int, look: Look) -> Line:
    """The label at the pointer."""
    text: Span = (f" ⇅ {in_hand(drag)} ", Tone.STRONG)
    return row(width, [text], look=look, ground=Ground.LABEL)


def paint_foot(drag: Carrying, verdict: Verdict | None, width: int, look: Look) -> Line:
    """What would go where and at what price, what was typed, and the keys that end it."""
    target = drag.target if drag.target is not None else "…"
    left: list[Span] = [(f" {in_hand(drag)} → {target}", Tone.STRONG)]
    if drag.typed:
        missing = "" if drag.target is not None else "  no such node"
        left.append((f"   {drag.typed}▏{missing}", Tone.STRONG))
    if verdict is not None and drag.homes != {drag.target}:
        mark = VERDICT_MARKS[verdict.kind]
        left.append((f"   {mark.glyph} {mark.word}", Tone.STRONG))
        left.append(("".join(f": {reason}" for reason in verdict.reasons[:1]), Tone.TEXT))
    taken = sum(cell_len(text) for text, _ in left)
    hint = next((each for each in _hints(drag) if taken + cell_len(each) + 2 <= width), "")
    hint = hint or _hints(drag)[-1]
    return row(width, left, [(f"  {hint}", Tone.TEXT)], look=look, ground=Ground.LABEL)


def _hints(drag: Carrying) -> tuple[str, ...]:
    """The keys that go on from here, the fullest wording first: the reason comes before them."""
    if drag.by_mouse:
        return ("Release drops  Esc back ",)
    how = "Enter drops  Esc back "
    if drag.target is not None:
        return f"Tab list  {how}", how
    return f"← → or type a node's name  Tab list  {how}", f"Tab list  {how}", how
