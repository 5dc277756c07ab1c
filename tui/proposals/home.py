"""Taking an emptied node back, and bringing its VMs home; and evening the nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from backends.data import commands
from backends.data.picture import Cluster
from backends.data.plan import Action, Verdict, VerdictKind
from backends.judgement.judge import warnings
from backends.judgement.leaving import interrupted
from backends.judgement.moves import Move
from backends.judgement.waves import prepared, sequence
from tui.proposal import (
    MEANINGS,
    Answer,
    Line,
    Proposal,
    commands_lines,
    heading,
    plain,
    point,
    warning,
)
from tui.proposals.clear import foreseen_lines
from widgets.bars import change_text
from widgets.glyphs import Tone

WORD = "REBOOT"


def of_return(
    picture: Cluster,
    node: str,
    foreseen: Sequence[Action],
    then: Callable[[tuple[str, ...]], None],
) -> Proposal:
    """Ending a standby: what Pacemaker does by itself is foreseen, the rest offered afterwards."""
    stopped = interrupted(picture, foreseen)
    label = "Take it back, with reboot" if stopped else "Take it back"
    answer = Answer(label, lambda: then(stopped))
    title = "Pacemaker will then by itself"
    return Proposal(
        lines=(
            plain(f"{node} may run VMs again. Its VMs from before are offered to come home then."),
            *foreseen_lines(picture, foreseen, title),
            *commands_lines(prepared(commands.standby(node, on=False), picture, foreseen)),
        ),
        enter=None if stopped else answer,
        typed=answer if stopped else None,
        words=(WORD,),
        bad=bool(stopped),
        version=picture.version,
    )


def of_homecoming(
    picture: Cluster, node: str, moves: Sequence[Move], then: Callable[[Sequence[Move]], None]
) -> Proposal:
    """The VMs that were on the node before, and would come home live."""
    return Proposal(
        lines=(
            plain(f"These were on {node} before it was emptied, and would come home live."),
            heading(f"{len(moves)} VMs" if len(moves) > 1 else "1 VM"),
            *(point(f"{move.vm} → {move.node}", Tone.OK, "✔") for move in moves),
            plain(""),
            plain("They wait in a queue.", Tone.MUTED),
            *_mind(picture, moves),
            *commands_lines(sequence(picture, _places(moves))),
        ),
        enter=Answer("Bring them home", lambda: then(moves)),
    )


def of_balance(
    picture: Cluster,
    proposed: Sequence[Move],
    verdicts: Mapping[str, Verdict],
    then: Callable[[Sequence[Move]], None],
) -> Proposal:
    """Moves that would even the nodes, as far as the scheduler says they are live."""
    if not proposed:
        return Proposal((plain("The nodes are even enough: no move is worth it."),))
    live = [move for move in proposed if verdicts[move.vm].kind is VerdictKind.LIVE]
    left_out = [move for move in proposed if move not in live]
    lines = [
        plain("Each of these evens memory and CPU of the nodes, given those before it."),
        heading("Previewed by the scheduler"),
    ]
    for move in proposed:
        verdict = verdicts[move.vm]
        glyph, tone, _ = MEANINGS[verdict.kind]
        why = f": {verdict.reasons[0]}" if verdict.reasons else ""
        lines.append(point(f"{move.vm} → {move.node}  {verdict.kind.value}{why}", tone, glyph))
    if left_out:
        lines += [plain(""), plain("Only LIVE moves are made.", Tone.MUTED)]
    if live:
        lines += [heading("Memory of the nodes, before and after"), *_evened(picture, live)]
    lines += _mind(picture, live)
    lines += commands_lines(sequence(picture, _places(live)))
    return Proposal(tuple(lines), enter=Answer("Move them", lambda: then(live)) if live else None)


def _evened(picture: Cluster, moves: Sequence[Move]) -> Iterator[Line]:
    """Of each node that a VM leaves or comes to; where a size is not known, nor is the sum."""
    moving = [(vm, move.node) for move in moves if (vm := picture.vm(move.vm)) is not None]
    for node in picture.nodes:
        here = [vm for vm, to in moving if node.name in (vm.node, to)]
        if not here:
            continue
        used, after = node.memory_used_bytes, None
        if used is not None and all(vm.memory_bytes is not None for vm in here):
            signed = ((vm.memory_bytes or 0) * (1 if vm.node != node.name else -1) for vm in here)
            after = used + sum(signed)
        yield point(f"{node.name}: {change_text(used, after, node.memory_bytes)}", Tone.MUTED, "·")


def _mind(picture: Cluster, moves: Sequence[Move]) -> Iterator[Line]:
    vms = [vm for vm in (picture.vm(move.vm) for move in moves) if vm is not None]
    texts = tuple(warnings(vms))
    if texts:
        yield heading("Risks")
    yield from map(warning, texts)


def _places(moves: Sequence[Move]) -> dict[str, str]:
    return {move.vm: move.node for move in moves}
