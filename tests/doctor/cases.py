"""Cases for the judgements, out of the texts that tools print."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from backends.data.examination import Facts, Finding, Output, State
from backends.data.picture import VM, Cluster, Node, NodeState, VMState
from backends.data.plan import Prediction
from backends.doctor.case import Case
from backends.doctor.configuration import Configuration, Resource
from backends.pacemaker.effective import fences
from backends.pacemaker.release import Release

GiB = 1 << 30
Text = Output | str


def vm(name: str = "web1", node: str | None = "alpha", memory_bytes: int | None = GiB) -> VM:
    state = VMState.RUNNING if node else VMState.STOPPED
    nodes = (node,) if node else ()
    return VM(name, state, domain=name, node=node, nodes=nodes, memory_bytes=memory_bytes)


def resource(
    name: str = "web1",
    parameters: Mapping[str, str] | None = None,
    meta: Mapping[str, str] | None = None,
    operations: Mapping[str, Mapping[str, str]] | None = None,
    agent: str = "ocf:heartbeat:VirtualDomain",
) -> Resource:
    """A resource; without anything given, one that is all right over tcp."""
    given = {"migration_transport": "tcp"} if parameters is None else parameters
    return Resource(
        name,
        agent,
        {"config": f"/vm/{name}.xml", **given},
        {"allow-migrate": "true"} if meta is None else meta,
        operations=operations or {},
    )


def make(
    outputs: Mapping[str, Mapping[str, Text]] | None = None,
    *,
    nodes: Iterable[str | Node] = ("alpha", "bravo"),
    vms: Iterable[tuple[VM, Resource]] = ((vm(), resource()),),
    others: Iterable[Resource] = (),
    options: Mapping[str, str] | None = None,
    picture: Cluster | None = None,
    dependent: Iterable[str] = (),
    predictions: Mapping[str, Mapping[str, Prediction]] | None = None,
    answered_at: float = 0.0,
) -> Case:
    """`outputs` by node (`*`: every node), then by probe; a text alone is one that succeeded."""
    known = [each if isinstance(each, Node) else _node(each) for each in nodes]
    pairs, outputs = list(vms), outputs or {}
    facts = {
        node.name: Facts(
            node.name,
            {
                name: Output(0, text) if isinstance(text, str) else text
                for name, text in {**outputs.get("*", {}), **outputs.get(node.name, {})}.items()
            },
            None,
            answered_at,
            answered_at,
        )
        for node in known
    }
    whole = picture or Cluster(quorum=True)
    return Case(
        picture=Cluster(
            name="test",
            quorum=whole.quorum,
            maintenance=whole.maintenance,
            migration_limit=whole.migration_limit,
            migrations=whole.migrations,
            nodes=tuple(known),
            vms=tuple(each for each, _ in pairs),
        ),
        configuration=Configuration(
            options or {},
            fences(options or {}, Release(3, 0, 2)),
            {each.id: each for each in (*(own for _, own in pairs), *others)},
            frozenset(dependent),
        ),
        facts=facts,
        predictions=predictions or {},
    )


def _node(name: str) -> Node:
    return Node(name, name, NodeState.ONLINE)


def found(
    judge: Callable[[Case], Iterator[Finding]], case: Case, check: str | None = None
) -> list[tuple[State, str | None, str | None]]:
    """State, node and VM of every finding (of one check)."""
    return [(f.state, f.node, f.vm) for f in judge(case) if check in (None, f.check)]


def only(judge: Callable[[Case], Iterator[Finding]], case: Case, check: str) -> Finding:
    """The one finding of a check."""
    (finding,) = [each for each in judge(case) if each.check == check]
    return finding


def lines(finding: Finding) -> list[str]:
    """Every line of its cures."""
    return [line for cure in finding.cures for line in cure.lines]
