"""crm_mon and the CIB joined: what a migration looks like, whoever started it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from backends.data.picture import Cluster, Migration, NodeState, Operation, Phase, VMState
from backends.pacemaker.cib import parse_cib
from backends.pacemaker.picture import in_flight, pacemaker_picture
from backends.pacemaker.status import parse_status
from pacemaker.cibs import answer, cib, history, op, sample, vm

LIVE = {"allow-migrate": "true"}
ONLINE = dict.fromkeys(("alpha", "bravo", "charlie"), NodeState.ONLINE)


def pictured(mon: bytes, cib_text: bytes) -> Cluster:
    return pacemaker_picture(parse_status(mon), parse_cib(cib_text))


def place(picture: Cluster, name: str) -> tuple[VMState, str | None]:
    found = picture.vm(name)
    assert found is not None
    return found.state, found.node


def did(
    node: str, task: str, call: int, *, target: str | None = None, rc: int = 0, status: int = 0
) -> Operation:
    return Operation(node, task, call, rc, status, 1795397258.0, source=node, target=target)


def running(node: str, task: str, target: str | None = None) -> Operation:
    return did(node, task, -1, target=target, rc=193, status=-1)


def phases(
    *operations: Operation, states: dict[str, NodeState] = ONLINE
) -> list[tuple[str, str | None, Phase]]:
    found = in_flight("vm1", operations, states)
    return [(m.source, m.target, m.phase) for m in found]


def test_before_during_and_after_a_real_migration() -> None:
    before = pictured(sample("crm_mon-before"), sample("cib-before"))
    assert before.migrations == ()
    assert place(before, "vm1") == (VMState.RUNNING, "alpha")
    during = pictured(sample("crm_mon-during"), sample("cib-during"))
    (migration,) = during.migrations
    assert (migration.vm, migration.phase) == ("vm1", Phase.COPYING)
    assert place(during, "vm1") == (VMState.MIGRATING, migration.source)
    assert migration.source != migration.target
    after = pictured(sample("crm_mon-after"), sample("cib-after"))
    assert after.migrations == ()
    assert place(after, "vm1") == (VMState.RUNNING, "bravo")
    moved = after.vm("vm1")
    assert moved is not None and [c.id for c in moved.constraints] == ["cli-prefer-vm1"]


STARTED = did("alpha", "start", 5)
COPIED = did("alpha", "migrate_to", 19, target="bravo")
RECEIVED = did("bravo", "migrate_from", 16, target="bravo")
IN_VAIN = replace(did("bravo", "migrate_from", 16, target="bravo", rc=1), source="alpha")
EARLIER = replace(IN_VAIN, at=1795397000.0)


@pytest.mark.parametrize(
    ("step", "operations", "phase"),
    [
        ("started", [STARTED], None),
        ("copying", [STARTED, running("alpha", "migrate_to", "bravo")], Phase.COPYING),
        ("copied", [COPIED], Phase.SWITCHING),
        (
            "the target takes over",
            [COPIED, running("bravo", "migrate_from", "bravo")],
            Phase.SWITCHING,
        ),
        ("taken over", [COPIED, RECEIVED], Phase.STOPPING),
        ("monitored already", [COPIED, RECEIVED, did("bravo", "monitor", 17)], Phase.STOPPING),
        ("stop is running", [COPIED, running("alpha", "stop"), RECEIVED], Phase.STOPPING),
        ("stopped", [COPIED, did("alpha", "stop", 20), RECEIVED], None),
        ("failed", [did("alpha", "migrate_to", 19, target="bravo", rc=1)], None),
        ("timed out", [did("alpha", "migrate_to", 19, target="bravo", rc=1, status=2)], None),
        ("not received", [COPIED, did("bravo", "migrate_from", 16, rc=1)], None),
        ("stopped on the target since", [COPIED, IN_VAIN, did("bravo", "stop", 17)], None),
        (
            "stopped there after an earlier one had failed",
            [COPIED, EARLIER, did("bravo", "stop", 17)],
            Phase.SWITCHING,
        ),
        (
            "recovering on the source",
            [COPIED, running("alpha", "stop"), did("bravo", "migrate_from", 16, rc=1)],
            None,
        ),
    ],
)
def test_each_step_has_its_phase(
    step: str, operations: Sequence[Operation], phase: Phase | None
) -> None:
    expected = [] if phase is None else [("alpha", "bravo", phase)]
    assert phases(*operations) == expected, step


def test_there_and_back_and_there_again() -> None:
    there = [COPIED, did("alpha", "stop", 20), RECEIVED]
    assert phases(*there, running("bravo", "migrate_to", "alpha")) == [
        ("bravo", "alpha", Phase.COPYING)
    ]
    back = [*there, did("bravo", "migrate_to", 30, target="alpha")]
    assert phases(*back) == [("bravo", "alpha", Phase.SWITCHING)]
    back.append(did("alpha", "migrate_from", 25))
    assert phases(*back) == [("bravo", "alpha", Phase.STOPPING)]
    back.append(did("bravo", "stop", 31))
    assert phases(*back) == []
    again = [did("alpha", "stop", 20), did("alpha", "migrate_from", 25), *back[2:]]
    assert phases(*again, running("alpha", "migrate_to", "bravo")) == [
        ("alpha", "bravo", Phase.COPYING)
    ]


def test_an_old_migration_and_a_stop_today_are_no_migration() -> None:
    moved = [COPIED, did("alpha", "stop", 20), RECEIVED, did("bravo", "stop", 40)]
    assert phases(*moved, did("alpha", "start", 41)) == []
    assert phases(COPIED, running("alpha", "stop"), RECEIVED, did("bravo", "stop", 40)) == []


@pytest.mark.parametrize("state", [NodeState.UNCLEAN, NodeState.OFFLINE, NodeState.PENDING])
def test_a_lost_node_migrates_nothing(state: NodeState) -> None:
    assert phases(running("alpha", "migrate_to", "bravo"), states={**ONLINE, "alpha": state}) == []
    assert phases(COPIED, states={**ONLINE, "bravo": state}) == []
    assert phases(running("alpha", "migrate_to", "bravo"), states={"bravo": NodeState.ONLINE}) == []


def test_a_node_that_came_back_without_its_history_migrates_nothing() -> None:
    assert phases(RECEIVED, did("alpha", "monitor", 3, rc=7)) == []


def mon(*vms: str, nodes: str = "", standby: str = "") -> bytes:
    members = "".join(
        f'<node name="{name}" id="{name}" online="true" standby="{str(name == standby).lower()}"/>'
        for name in ("alpha", "bravo", "charlie")
    )
    return (
        f"<crm_mon><nodes>{members}{nodes}</nodes><resources>{''.join(vms)}</resources></crm_mon>"
    ).encode()


def shown(name: str, *nodes: str, role: str = "Started", flags: str = "") -> str:
    active = "".join(f'<node name="{node}" id="{node}"/>' for node in nodes)
    return f'<resource id="{name}" role="{role}" {flags}>{active}</resource>'


def prefer(name: str, node: str) -> str:
    return (
        f'<rsc_location id="cli-prefer-{name}" rsc="{name}" role="Started" node="{node}" '
        'score="INFINITY"/>'
    )


def copying(number: int, node: str, name: str, target: str) -> str:
    entry = op(name, "migrate_to", -1, rc=193, status=-1, source=node, target=target)
    return history(number, node, **{name: [entry]})


def waiting(picture: Cluster) -> list[tuple[str, str, str | None]]:
    return [(m.vm, m.source, m.target) for m in picture.migrations if m.phase is Phase.WAITING]


def limited(limit: str, *, wishes: str = "", flags: str = "") -> Cluster:
    return pictured(
        mon(shown("vm1", "alpha", role="Migrating"), shown("vm2", "alpha", flags=flags)),
        cib(
            vm("vm1", LIVE) + vm("vm2", LIVE),
            options={"migration-limit": limit},
            constraints=prefer("vm1", "bravo") + (wishes or prefer("vm2", "charlie")),
            status=copying(1, "alpha", "vm1", "bravo"),
        ),
    )


def test_under_a_migration_limit_the_next_one_waits() -> None:
    assert waiting(limited("1")) == [("vm2", "alpha", "charlie")]
    assert waiting(limited("2")) == []
    assert waiting(limited("-1")) == []
    assert waiting(limited("0")) == []


def test_one_that_waits_still_runs() -> None:
    assert place(limited("1"), "vm2") == (VMState.RUNNING, "alpha")


@pytest.mark.parametrize("flags", ['managed="false"', 'blocked="true"', 'failed="true"'])
def test_one_that_cannot_move_does_not_wait(flags: str) -> None:
    assert waiting(limited("1", flags=flags)) == []


def test_the_limit_is_of_each_node_and_not_of_the_cluster() -> None:
    def with_second_on(node: str, target: str) -> Cluster:
        return pictured(
            mon(shown("vm1", "alpha"), shown("vm2", node), nodes='<node name="d" online="true"/>'),
            cib(
                vm("vm1", LIVE) + vm("vm2", LIVE),
                options={"migration-limit": "1"},
                constraints=prefer("vm2", target),
                status=copying(1, "alpha", "vm1", "bravo"),
            ),
        )

    assert waiting(with_second_on("charlie", "d")) == []
    assert waiting(with_second_on("charlie", "bravo")) == [("vm2", "charlie", "bravo")]
    assert waiting(with_second_on("charlie", "alpha")) == [("vm2", "charlie", "alpha")]
    assert waiting(with_second_on("bravo", "d")) == [("vm2", "bravo", "d")]


def test_a_wish_that_cannot_come_true_does_not_wait() -> None:
    assert waiting(limited("1", wishes=prefer("vm2", "alpha"))) == []
    assert waiting(limited("1", wishes=prefer("vm2", "nowhere"))) == []
    assert waiting(limited("1", wishes=prefer("vm9", "charlie"))) == []


@pytest.mark.parametrize(
    ("resource", "state", "node"),
    [
        (shown("vm1", "alpha"), VMState.RUNNING, "alpha"),
        (shown("vm1", "alpha", role="Promoted"), VMState.RUNNING, "alpha"),
        (shown("vm1", "alpha", role="Master"), VMState.RUNNING, "alpha"),
        (shown("vm1", role="Stopped"), VMState.STOPPED, None),
        (shown("vm1", role="Stopped", flags='pending="Starting"'), VMState.STARTING, None),
        (shown("vm1", "alpha", flags='pending="Stopping"'), VMState.STOPPING, "alpha"),
        (shown("vm1", "alpha", flags='pending="Monitoring"'), VMState.RUNNING, "alpha"),
        (shown("vm1", "alpha", role="Stopping"), VMState.STOPPING, "alpha"),
        (shown("vm1", "alpha", flags='failed="true"'), VMState.FAILED, "alpha"),
        (shown("vm1", "alpha", flags='failed="true" blocked="true"'), VMState.BLOCKED, "alpha"),
        (shown("vm1", "alpha", role="Whatever"), VMState.UNKNOWN, "alpha"),
        (shown("vm1", "gone"), VMState.UNKNOWN, "gone"),
        ("", VMState.UNKNOWN, None),
    ],
)
def test_the_state_of_a_vm(resource: str, state: VMState, node: str | None) -> None:
    assert place(pictured(mon(resource), cib(vm("vm1"))), "vm1") == (state, node)


def test_between_copy_and_stop_a_vm_is_on_two_nodes_and_counts_once() -> None:
    copied = op("vm1", "migrate_to", 19, source="alpha", target="bravo")
    picture = pictured(
        mon(shown("vm1", "bravo", "alpha")),
        cib(vm("vm1", LIVE), status=history(1, "alpha", vm1=[copied])),
    )
    found = picture.vm("vm1")
    assert found is not None
    assert (found.state, found.node, found.nodes) == (
        VMState.MIGRATING, "alpha", ("bravo", "alpha"),
    )  # fmt: skip


def test_after_a_failed_copy_the_guest_is_where_it_was_though_both_nodes_are_named() -> None:
    failed = op("vm1", "migrate_to", 19, rc=1, source="alpha", target="bravo")
    picture = pictured(
        mon(shown("vm1", "bravo", "alpha", flags='failed="true" blocked="true"')),
        cib(vm("vm1", LIVE), status=history(1, "alpha", vm1=[failed])),
    )
    assert place(picture, "vm1") == (VMState.BLOCKED, "alpha")


@pytest.mark.parametrize(
    ("history_of_bravo", "expected"),
    [
        ([], (VMState.RUNNING, "alpha")),
        ([op("vm1", "start", 5)], (VMState.UNKNOWN, "bravo")),
    ],
)
def test_of_two_nodes_the_one_that_is_lost_counts_only_where_the_guest_is_proven_there(
    history_of_bravo: list[str], expected: tuple[VMState, str]
) -> None:
    lost = mon(shown("vm1", "bravo", "alpha")).replace(
        b'id="bravo" online="true"', b'id="bravo" online="false"'
    )
    status = history(2, "bravo", vm1=history_of_bravo)
    assert place(pictured(lost, cib(vm("vm1"), status=status)), "vm1") == expected


def test_an_instance_too_many_of_a_vm_is_where_it_runs() -> None:
    picture = pictured(mon(shown("vm1", "alpha", flags='orphaned="true"')), cib(vm("vm1")))
    assert place(picture, "vm1") == (VMState.RUNNING, "alpha")


def test_what_ran_on_a_lost_node_is_unknown_though_crm_mon_says_started() -> None:
    picture = pictured(answer("crm_mon-everything"), answer("cib-everything"))
    assert place(picture, "lost") == (VMState.UNKNOWN, "delta")
    assert place(picture, "broken") == (VMState.FAILED, "alpha")
    held, mail = picture.vm("held"), picture.vm("mail1")
    assert held is not None and not held.managed
    assert mail is not None and mail.group == "mail"
    assert mail.live_migration.possible is False
    assert "allow-migrate" in (mail.live_migration.reason or "")


def as_crm_mon_shows(tmp_path: Path, text: bytes) -> Cluster:
    """What the real crm_mon makes of a history."""
    file = tmp_path / "cib.xml"
    file.write_bytes(text)
    done = subprocess.run(
        ("crm_mon", "-1", "--output-as=xml"),
        env={**os.environ, "CIB_file": str(file)},
        check=True,
        capture_output=True,
    )
    return pictured(done.stdout, text)


@pytest.mark.lab
@pytest.mark.usefixtures("tools")
def test_the_steps_of_a_migration_as_the_real_crm_mon_shows_them(tmp_path: Path) -> None:
    def step(alpha: list[str], bravo: list[str]) -> tuple[VMState, str | None, Migration | None]:
        status = history(1, "alpha", vm1=alpha) + history(2, "bravo", vm1=bravo)
        picture = as_crm_mon_shows(tmp_path, cib(vm("vm1", LIVE), status=status))
        return *place(picture, "vm1"), picture.migration("vm1")

    def way(task: str, call: int, rc: int = 0, status: int = 0) -> str:
        return op("vm1", task, call, rc=rc, status=status, source="alpha", target="bravo")

    pending, copied = way("migrate_to", -1, 193, -1), way("migrate_to", 19)
    receiving, received = way("migrate_from", -1, 193, -1), way("migrate_from", 16)
    stopping = op("vm1", "stop", -1, rc=193, status=-1)
    on_alpha, on_bravo = op("vm1", "start", 5), op("vm1", "monitor", 4, rc=7)

    def moving(phase: Phase) -> tuple[VMState, str, Migration]:
        return VMState.MIGRATING, "alpha", Migration("vm1", "alpha", "bravo", phase)

    assert step([on_alpha], [on_bravo]) == (VMState.RUNNING, "alpha", None)
    assert step([on_alpha, pending], [on_bravo]) == moving(Phase.COPYING)
    assert step([on_alpha, copied], [on_bravo]) == moving(Phase.SWITCHING)
    assert step([on_alpha, copied], [on_bravo, receiving]) == moving(Phase.SWITCHING)
    assert step([on_alpha, copied], [on_bravo, received]) == moving(Phase.STOPPING)
    assert step([stopping, copied], [on_bravo, received]) == moving(Phase.STOPPING)
    stopped = op("vm1", "stop", 20)
    assert step([stopped, copied], [on_bravo, received]) == (VMState.RUNNING, "bravo", None)
    failed = way("migrate_to", 19, 1, 4)
    state, _, migration = step([on_alpha, failed], [on_bravo])
    assert (state, migration) == (VMState.FAILED, None)
