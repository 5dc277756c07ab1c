"""Which migrations a finding stands in the way of, check by check, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from backends.data.examination import Effect, Finding, Output, State
from backends.data.plan import Action, ActionKind, Prediction
from backends.doctor import (
    config_file,
    dependencies,
    listening,
    names,
    resource,
    timeouts,
    transport,
)
from backends.doctor.case import Case
from backends.doctor.telling import verdict
from backends.judgement.prospect import Passage, Prospect
from doctor.cases import GiB, Text, make, vm
from doctor.cases import resource as own

NODES = ("alpha", "bravo", "charlie")
SENDING, ARRIVING, RESTARTS = Effect.SENDING_FAILS, Effect.ARRIVING_FAILS, Effect.RESTARTS
NO_CONNECTION = Output(
    1,
    "",
    "error: failed to connect to the hypervisor\n"
    "error: unable to connect to server at 'bravo:16509': Connection refused\n",
)
NO_LIBVIRT = Output(1, "", "error: Failed to connect socket: Connection refused\n")
PORTS: dict[str, Text] = {
    f"migration port {node}": Output(1, "", "connect: Connection refused\n") for node in NODES
}
SUM = "5e88  /vm/web1.xml\n"
ALL = "#alpha\n10.0.0.1 STREAM\n#bravo\n10.0.0.2 STREAM\n#charlie\n10.0.0.3 STREAM\n"


def on(node: str, **outputs: Text) -> Case:
    """Three nodes, one of which answers so; web1 runs on alpha."""
    named = {name.replace("_", " "): text for name, text in outputs.items()}
    return make({node: named}, nodes=NODES)


def uuids(**of: str) -> Case:
    texts: dict[str, dict[str, Text]] = {
        node: {"capabilities": f"<capabilities><host><uuid>{u}</uuid></host></capabilities>"}
        for node, u in of.items()
    }
    return make(texts, nodes=NODES)


def ways(found: list[Finding], effect: Effect) -> set[tuple[str, str]]:
    """From where to where web1's migration comes to that."""
    pairs = [(a, b) for a in NODES for b in NODES if a != b]
    return {
        (a, b)
        for a, b in pairs
        for each in found
        if each.effect is effect and each.meets("web1", a, b)
    }


FROM_ALPHA = {("alpha", "bravo"), ("alpha", "charlie")}
TO_BRAVO = {("alpha", "bravo"), ("charlie", "bravo")}
WITH_BRAVO = TO_BRAVO | {("bravo", "alpha"), ("bravo", "charlie")}
EVERY = {(a, b) for a in NODES for b in NODES if a != b}


@pytest.mark.parametrize(
    ("judge", "case", "check", "effect", "expected"),
    [
        (
            transport.judge,
            make({"alpha": {"transport qemu+tcp://bravo/system": NO_CONNECTION}}, nodes=NODES),
            "tcp",
            SENDING,
            {("alpha", "bravo")},
        ),
        (
            transport.judge,
            make({"*": PORTS, "alpha": {**PORTS, "migration port bravo": Output()}}, nodes=NODES),
            "migration ports",
            SENDING,
            {("alpha", "bravo")},
        ),
        (listening.judge, on("bravo", capabilities=NO_LIBVIRT), "daemon", SENDING, WITH_BRAVO),
        (
            names.judge,
            on("alpha", names=ALL.replace("10.0.0.2", "127.0.1.1"), hostname="alpha\n"),
            "node names",
            SENDING,
            {("alpha", "bravo")},
        ),
        (
            names.judge,
            on("alpha", names=ALL.replace("10.0.0.2 STREAM\n", ""), hostname="alpha\n"),
            "node names",
            SENDING,
            {("alpha", "bravo")},
        ),
        (
            names.judge,
            on("bravo", names=ALL, hostname="localhost.localdomain\n"),
            "host name",
            SENDING,
            TO_BRAVO,
        ),
        (
            names.judge,
            uuids(alpha="1", bravo="1", charlie="2"),
            "host UUID",
            SENDING,
            {("alpha", "bravo"), ("bravo", "alpha")},
        ),
        (
            config_file.judge,
            make(
                {"*": {"config files": SUM}, "bravo": {"config files": ""}},
                nodes=NODES,
            ),
            "config file",
            ARRIVING,
            WITH_BRAVO,
        ),
        (
            resource.judge,
            make(nodes=NODES, vms=[(vm(), own(parameters={"migration_transport": "udp"}))]),
            "migration_transport",
            SENDING,
            EVERY,
        ),
        (
            resource.judge,
            make(nodes=NODES, vms=[(vm(), own(meta={}))]),
            "allow-migrate",
            RESTARTS,
            EVERY,
        ),
        (
            timeouts.judge,
            make(
                {"alpha": {"link speeds": "bravo 100\ncharlie 10000\n"}},
                nodes=NODES,
                vms=[(vm(memory_bytes=4 * GiB), own())],
            ),
            "timeout of migrate_to",
            SENDING,
            {("alpha", "bravo"), ("charlie", "bravo")},
        ),
        (
            timeouts.judge,
            make(
                nodes=NODES,
                vms=[
                    (
                        vm(memory_bytes=4 * GiB),
                        own(parameters={"migration_transport": "tcp", "migration_speed": "16"}),
                    )
                ],
            ),
            "timeout of migrate_to",
            SENDING,
            FROM_ALPHA | {("bravo", "charlie"), ("charlie", "bravo")},
        ),
    ],
    ids=[
        "transport refused",
        "migration ports shut",
        "libvirt down",
        "name at loopback",
        "name does not resolve",
        "host name localhost",
        "equal host UUIDs",
        "config file missing",
        "unknown transport",
        "allow-migrate off",
        "one slow link",
        "a low limit of speed",
    ],
)
def test_what_becomes_of_a_migration_and_of_which(
    judge: Callable[[Case], Iterator[Finding]],
    case: Case,
    check: str,
    effect: Effect,
    expected: set[tuple[str, str]],
) -> None:
    found = [each for each in judge(case) if each.check == check]
    assert ways(found, effect) == expected
    assert {each.effect for each in found} <= {effect, None}


def test_what_works_or_is_not_known_has_no_effect() -> None:
    case = make({"*": {"config files": SUM, "names": ALL}}, nodes=NODES)
    for judge in (transport.judge, names.judge, config_file.judge, timeouts.judge):
        found = [each for each in judge(case) if each.state is not State.WRONG]
        assert found and not any(each.effect for each in found)


def test_a_transport_that_gave_no_answer_speaks_of_that_way_alone() -> None:
    case = make(
        {"alpha": {"transport qemu+tcp://bravo/system": Output()}}, nodes=("alpha", "bravo")
    )
    unknown = next(each for each in transport.judge(case) if each.node == "alpha")
    assert unknown.state is State.UNKNOWN
    assert unknown.meets("web1", "alpha", "bravo") and not unknown.meets("web1", "alpha", "charlie")


def test_a_name_that_only_others_use_stops_them_alone() -> None:
    by_suffix = own("web2", {"migration_transport": "tcp", "migration_network_suffix": "-mig"})
    texts = ALL + "#alpha-mig\n10.1.0.1 STREAM\n#bravo-mig\n#charlie-mig\n10.1.0.3 STREAM\n"
    case = make(
        {"alpha": {"names": texts, "hostname": "alpha\n"}},
        nodes=NODES,
        vms=[(vm(), own()), (vm("web2"), by_suffix)],
    )
    (finding,) = [each for each in names.judge(case) if "bravo-mig does not" in each.seen]
    assert finding.concerns == ("web2",) and finding.effect is SENDING


def predicted(**kinds: ActionKind) -> Finding:
    """What dependencies make of web1's moves."""
    case = make(
        nodes=NODES,
        dependent=["web1"],
        predictions={
            "web1": {
                n: Prediction((Action(kind, "web1", "alpha", n),)) for n, kind in kinds.items()
            }
        },
    )
    (finding,) = dependencies.judge(case)
    return finding


def test_dependencies_that_restart_it_everywhere_are_wrong_to_who_asks_for_it() -> None:
    everywhere = predicted(bravo=ActionKind.MOVE, charlie=ActionKind.RESTART)
    assert (everywhere.state, everywhere.effect, everywhere.ways) == (State.WARNING, RESTARTS, ())
    rebooted = verdict([everywhere], Prospect(Passage.REBOOT, "it depends on something"))
    assert rebooted == "not fit for live migration: a move would reboot it (dependencies)"


def test_dependencies_that_leave_it_one_live_way_are_a_warning_of_the_others() -> None:
    partly = predicted(bravo=ActionKind.MOVE, charlie=ActionKind.MIGRATE)
    assert partly.meets("web1", "alpha", "bravo") and not partly.meets("web1", "alpha", "charlie")
    live = verdict([partly], Prospect(Passage.LIVE))
    assert live == "fit for live migration, but not everywhere (dependencies)"
