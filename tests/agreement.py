"""Whether all that says how a VM can leave its node says the same."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping

from backends.acts.evacuation_plan import objection, plan_evacuation
from backends.acts.prospects import by_verdicts, prospects
from backends.clusters.base import Backend
from backends.data.examination import Report
from backends.data.picture import VM, Cluster
from backends.doctor.telling import verdict
from backends.judgement.health import Judged, Kind, Known
from backends.judgement.leaving import EvacuationWay, Fate, on_node
from backends.judgement.problems import judge_health
from backends.judgement.prospect import Passage, Prospect
from widgets.details import vm_lines
from widgets.glyphs import PASSAGE_BADGES, PASSAGE_MARKS, VM_MARKS, badges
from widgets.listing.columns import VM_COLUMNS, Entry

CLAIMS = {badge: passage.is_live for passage, badge in PASSAGE_BADGES.items()}
LIST = {column.title: column for column in VM_COLUMNS}


async def contradictions(backend: Backend, report: Report) -> AsyncIterator[str]:
    """Each two words on one VM of this cluster that cannot both be so."""
    picture = backend.picture
    told = await prospects(backend, report)
    judged = Judged(judge_health(picture, Known(report, told)), told)
    for vm in picture.vms:
        for what in shown(picture, vm, judged, report):
            yield f"{vm.id}: {what}"
        verdicts = await backend.preview([vm.id])
        asked = by_verdicts(picture, verdicts.values(), report)
        word = told[vm.id].passage
        if word is not Passage.UNKNOWN and word.is_live != asked.passage.is_live:
            yield f"{vm.id}: the badge says {told[vm.id]}, picked up it is {asked}"
    for node in picture.nodes:
        if objection(picture, node.name) is None:
            async for what in of_the_plan(backend, node.name, report, told):
                yield what


def shown(picture: Cluster, vm: VM, judged: Judged, report: Report) -> Iterator[str]:
    """Between what the glass shows of a VM: its badge, details, list, checklist and health."""
    passage = judged.prospect(vm).passage
    badge = next((CLAIMS[each] for each in badges(vm, judged.prospect(vm)) if each in CLAIMS), None)
    entry = Entry(vm, None, judged.health.vms.get(vm.id, ()), judged.prospect(vm))
    listed, _ = LIST["a move is"].span(entry)
    details = "\n".join(line.plain for line in vm_lines(picture, vm, judged, {}))
    head = verdict(report.of_vm(vm.id), judged.prospect(vm))
    if badge is not None and passage is not Passage.UNKNOWN and badge is not passage.is_live:
        yield f"its badge does not say {passage}"
    if PASSAGE_MARKS[passage].word not in listed:
        yield f"the list says {listed}, not {passage}"
    if f"\n{PASSAGE_MARKS[passage].glyph} " not in details:
        yield f"the details do not say {passage}: {details}"
    if head.startswith("fit for") != passage.is_live or head.startswith("not fit") != (
        passage in (Passage.FAILS, Passage.REBOOT)
    ):
        yield f"the checklist says {head!r}, not {passage}"
    complained = any(each.kind is Kind.MOVE for each in entry.problems)
    if complained != (passage in (Passage.FAILS, Passage.REBOOT)):
        yield f"its health says {entry.problems}, not {passage}"
    state = VM_MARKS[vm.state].word
    if state not in LIST["state"].span(entry)[0] or state not in details.splitlines()[1]:
        yield f"list or details do not say that it is {state}"


async def of_the_plan(
    backend: Backend, node: str, report: Report, told: Mapping[str, Prospect]
) -> AsyncIterator[str]:
    """Between the plan of an evacuation, and the badges; it takes no side effects upon itself."""
    plan = await plan_evacuation(backend, node, report)
    here = {vm.id for vm in on_node(backend.picture, node)}
    for leaving in plan.vms:
        passage = told[leaving.vm].passage
        moves_live = leaving.fate(EvacuationWay.VM_BY_VM) is Fate.LIVE
        if leaving.vm not in here or passage is Passage.UNKNOWN:
            continue
        explained = passage is Passage.SIDE_EFFECTS and leaving.why is not None
        if moves_live != passage.is_live and not explained:
            yield f"{leaving.vm}: its badge says {passage}, its evacuation {leaving}"
