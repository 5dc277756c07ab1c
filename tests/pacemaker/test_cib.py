"""What the CIB says of VMs: configuration, constraints, history."""

from __future__ import annotations

import pytest

from backends.data.errors import BadAnswer, NotPermitted
from backends.data.picture import CibVersion, Constraint, ConstraintKind
from backends.pacemaker.cib import VMResource, parse_cib
from pacemaker.cibs import answer, cib, op, sample, vm

MIGRATE_TO = '<op id="m" name="migrate_to" interval="0" {}/>'


def only(data: bytes) -> VMResource:
    (found,) = parse_cib(data).vms
    return found


def location(name: str, attributes: str, inside: str = "") -> str:
    return f'<rsc_location id="{name}" rsc="vm1" {attributes}>{inside}</rsc_location>'


def test_a_real_cib_is_read_whole() -> None:
    found = parse_cib(sample("cib-before"))
    assert found.version == CibVersion(0, 15, 7)
    assert (found.cluster_name, found.migration_limit) == ("lab", 2)
    vm1, _, vm3 = found.vms
    assert (vm1.id, vm1.agent, vm1.config) == (
        "vm1", "ocf:heartbeat:VirtualDomain", "/srv/lab/vm/vm1.xml",
    )  # fmt: skip
    assert (vm1.allow_migrate, vm3.allow_migrate) == (True, False)
    assert (vm1.migrate_to_timeout_s, vm1.migrate_from_timeout_s) == (180.0, 60.0)
    assert vm1.memory_bytes == 128 << 20
    assert vm1.migration_speed_bytes_per_s == 4 << 20
    assert vm3.migration_speed_bytes_per_s is None
    assert found.constraints == ()


def test_resources_that_run_no_domain_are_passed_over() -> None:
    found = parse_cib(answer("cib-everything"))
    assert [(v.id, v.group) for v in found.vms] == [
        ("mail1", "mail"), ("guestvm", None), ("lost", None), ("broken", None), ("held", None),
    ]  # fmt: skip


def test_the_cousins_of_virtual_domain_are_vms_too() -> None:
    seapath = 'class="ocf" provider="seapath" type="VirtualDomain"'
    server = 'class="ocf" provider="alteeve" type="server"'
    found = parse_cib(
        cib(
            vm("one", attributes=seapath, parameters={"config": "/etc/one.xml"})
            + vm("two", attributes=server, parameters={"name": "srv-two"})
            + vm("three", attributes='class="ocf" provider="heartbeat" type="Xen"')
        )
    )
    assert [(v.id, v.config, v.domain) for v in found.vms] == [
        ("one", "/etc/one.xml", None), ("two", None, "srv-two"),
    ]  # fmt: skip


def test_maintenance_and_the_target_role_of_a_vm() -> None:
    found = only(cib(vm("vm1", {"maintenance": "true", "target-role": "sTopped"})))
    assert (found.maintenance, found.target_role) == (True, "sTopped")


@pytest.mark.parametrize(
    ("value", "limit"), [("2", 2), ("-1", None), ("0", None), ("many", None), (None, None)]
)
def test_only_a_migration_limit_above_zero_is_one(value: str | None, limit: int | None) -> None:
    options = {"migration-limit": value} if value is not None else {}
    assert parse_cib(cib(vm("vm1"), options=options)).migration_limit == limit


def test_moves_and_bans_are_leftovers_and_an_admins_own_wishes_are_not() -> None:
    found = parse_cib(
        cib(
            vm("vm1") + vm("vm2"),
            constraints=location("cli-prefer-vm1", 'node="bravo" score="INFINITY"')
            + location("cli-ban-vm1-on-alpha", 'node="alpha" score="-INFINITY"')
            + location("loves-charlie", 'node="charlie" score="50"'),
        )
    )
    assert found.constraints == (
        Constraint("cli-prefer-vm1", "vm1", "bravo", ConstraintKind.PREFER),
        Constraint("cli-ban-vm1-on-alpha", "vm1", "alpha", ConstraintKind.BAN),
    )


def test_a_lifetime_is_said_with_its_node_and_its_end() -> None:
    """As `crm_resource --move --lifetime` and `--ban --lifetime` of 2.1.5 write them."""
    ends = '<date_expression id="x-{0}" operation="lt" end="2026-11-23 03:27:51Z"/>'
    where = '<expression id="e-{0}" attribute="#uname" operation="eq" value="{0}" type="string"/>'
    found = parse_cib(
        cib(
            vm("vm1"),
            constraints=location(
                "cli-prefer-vm1",
                "",
                '<rule id="cli-prefer-rule-vm1" score="INFINITY" boolean-op="and">'
                f"{where.format('bravo')}{ends.format('bravo')}</rule>",
            )
            + location(
                "cli-ban-vm1-on-alpha",
                "",
                '<rule id="cli-ban-vm1-on-alpha-rule" score="-INFINITY" boolean-op="and">'
                f"{where.format('alpha')}{ends.format('alpha')}</rule>",
            ),
        )
    )
    assert [(c.node, c.kind, c.expires) for c in found.constraints] == [
        ("bravo", ConstraintKind.PREFER, "2026-11-23 03:27:51Z"),
        ("alpha", ConstraintKind.BAN, "2026-11-23 03:27:51Z"),
    ]


def test_constraints_on_sets_and_patterns_belong_to_no_vm() -> None:
    odd = (
        '<rsc_location id="cli-prefer-x" rsc-pattern="vm.*" node="alpha" score="1"/>'
        '<rsc_location id="cli-ban-y" node="alpha" score="1"><resource_set id="s">'
        '<resource_ref id="vm1"/></resource_set></rsc_location>'
    )
    assert parse_cib(cib(vm("vm1"), constraints=odd)).constraints == ()


def test_a_history_is_in_the_order_of_its_calls_and_what_runs_comes_last() -> None:
    operations = (
        op("vm1", "migrate_to", -1, rc=193, status=-1, source="alpha", target="bravo")
        + op("vm1", "start", 21)
        + op("vm1", "stop", 9)
        + op("vm1", "monitor", 100)
    )
    status = (
        '<node_state id="1" uname="alpha"><lrm id="1"><lrm_resources>'
        f'<lrm_resource id="vm1">{operations}</lrm_resource></lrm_resources></lrm></node_state>'
    )
    history = parse_cib(cib(vm("vm1"), status=status)).history["vm1"]
    assert [o.task for o in history] == ["stop", "start", "monitor", "migrate_to"]
    last = history[-1]
    assert last.pending and not last.succeeded
    assert (last.node, last.source, last.target, last.at) == (
        "alpha", "alpha", "bravo", 1795397258.0,
    )  # fmt: skip
    assert history[0].succeeded and not history[0].pending


def test_the_real_history_during_a_migration() -> None:
    history = parse_cib(sample("cib-during")).history["vm1"]
    assert [(o.source, o.target) for o in history if o.pending] == [("bravo", "alpha")]


def test_a_cib_without_sections_has_nothing_to_say() -> None:
    found = parse_cib(b'<cib admin_epoch="0" epoch="1" num_updates="2"/>')
    assert (found.vms, found.constraints, dict(found.history)) == ((), (), {})


@pytest.mark.parametrize(
    "data", [b"", b"<cib/>", b'<cib epoch="x"/>', b"<nodes/>", b"Call cib_query failed (-62)"]
)
def test_what_is_no_cib_is_a_bad_answer(data: bytes) -> None:
    with pytest.raises(BadAnswer):
        parse_cib(data)


def test_numbers_beyond_all_measure_are_unknown() -> None:
    huge = "9" * 400
    status = (
        '<node_state id="1" uname="alpha"><lrm><lrm_resources><lrm_resource id="vm1">'
        f'<lrm_rsc_op operation="start" call-id="{huge}" rc-code="{huge}" op-status="0" '
        f'last-rc-change="{huge}" exec-time="{huge}"/>'
        "</lrm_resource></lrm_resources></lrm></node_state>"
    )
    operations = MIGRATE_TO.format(f'timeout="{huge}"')
    found = parse_cib(cib(vm("vm1", operations=operations), status=status))
    assert found.vms[0].migrate_to_timeout_s == 20.0
    assert found.history["vm1"][0].at is None


HIDDEN = [
    (b'<cib><configuration id="c"><nodes/></configuration><status/></cib>', "version, crm_config"),
    (
        cib(vm("web1")).replace(b"<resources>", b"<x>").replace(b"</resources>", b"</x>"),
        "resources",
    ),
    (cib(vm("web1")).replace(b"<status></status>", b""), "status"),
]


@pytest.mark.parametrize(("text", "hidden"), HIDDEN)
def test_a_login_that_may_not_see_all_is_told_so(text: bytes, hidden: str) -> None:
    """Never an empty board, as if the cluster had no VMs."""
    with pytest.raises(NotPermitted, match=f"ACLs hide its {hidden}") as told:
        parse_cib(text)
    assert "--sudo" in (told.value.cure or "")
