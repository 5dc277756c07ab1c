"""Where VMs in the hand could go, the best first: for more nodes than are seen at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from backends.data.picture import Cluster, Node
from backends.data.plan import Verdict
from widgets.bars import bytes_text, cut, literal, percent_text
from widgets.glyphs import VERDICT_MARKS, Tone
from widgets.tones import toned


@dataclass(frozen=True, slots=True)
class Target:
    """One node; the memory is what it uses once the VMs are there."""

    node: Node
    verdict: Verdict | None
    used_after_bytes: int | None

    @property
    def rank(self) -> tuple[int, float, str]:
        """Asked nodes first, the better verdict, then the more room."""
        kind = self.verdict.kind.rank if self.verdict is not None else 99
        total, used = self.node.memory_bytes, self.used_after_bytes
        full = used / total if used is not None and total else 1.0
        return kind, full, self.node.name


def ranked(
    picture: Cluster, vms: Sequence[str], verdicts: Mapping[str, Verdict]
) -> tuple[Target, ...]:
    """Every node that is not the VMs' own, the best first."""
    taken = [vm for vm in map(picture.vm, vms) if vm is not None]
    homes = {vm.node for vm in taken}
    sizes = [vm.memory_bytes for vm in taken]
    known = sum(size or 0 for size in sizes) if all(size is not None for size in sizes) else None
    targets = (
        Target(node, verdicts.get(node.name), _after(node, known))
        for node in picture.nodes
        if homes != {node.name}
    )
    return tuple(sorted(targets, key=lambda target: target.rank))


def _after(node: Node, added_bytes: int | None) -> int | None:
    used = node.memory_used_bytes
    return used + added_bytes if used is not None and added_bytes is not None else None


class Targets(Widget):
    """A ranked list beside the board. `aimed` is the node that the hand is over."""

    DEFAULT_CSS = """
    Targets {
        display: none;
        width: 46;
        height: 1fr;
        padding: 0 1;
        border-left: tall $panel;
    }
    """

    targets: reactive[tuple[Target, ...]] = reactive(())
    aimed: reactive[str | None] = reactive(None)

    def show(self, targets: Sequence[Target], aimed: str | None) -> None:
        """Draw these; the same as before draw nothing."""
        self.targets, self.aimed = tuple(targets), aimed

    def render(self) -> Content:
        return Content("\n").join(self._lines())

    def _lines(self) -> Iterator[Content]:
        yield Content.styled("Where to, the best first", "bold $primary")
        for target in self.targets[: max(1, self.content_size.height // 2)]:
            yield from self._target(target)

    def _target(self, target: Target) -> Iterator[Content]:
        width, node = self.content_size.width, target.node
        edge = toned("▌" if node.name == self.aimed else " ", Tone.ACCENT)
        verdict = target.verdict
        mark = VERDICT_MARKS[verdict.kind] if verdict is not None else None
        word = toned(f"{mark.glyph} {mark.word}", mark.tone) if mark else toned("… asking")
        used, total = bytes_text(target.used_after_bytes), bytes_text(node.memory_bytes)
        yield Content.assemble(edge, toned(literal(node.name), Tone.STRONG), "  ", word)
        reasons = "; ".join(map(literal, verdict.reasons)) if verdict is not None else ""
        load = f"mem {used} of {total}, cpu {percent_text(node.cpu_percent).strip()}"
        said = cut(f"{reasons or load}", width - 3)
        yield Content.assemble(edge, toned(f"  {said}", Tone.MUTED))
