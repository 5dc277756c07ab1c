"""What the CIB says of VMs: configuration, constraints, history."""

from __future__ import annotations

import pytest

from backends.data.errors import BadAnswer, NotPermitted
from backends.data.picture import CibVersion, Constraint, ConstraintKind
from backends.pacemaker.cib import VMResource, parse_cib
from pacemaker.cibs import answer, cib, nvpairs, op, sample, vm

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


TRUE, FALSE = {"allow-migrate": "true"}, {"allow-migrate": "false"}


@pytest.mark.parametrize("word", ["true", "True", "on", "yes", "y", "1"])
def test_allow_migrate_in_every_spelling_of_yes(word: str) -> None:
    assert only(cib(vm("vm1", {"allow-migrate": word}))).allow_migrate


@pytest.mark.parametrize("word", ["false", "off", "no", "n", "0", "", "maybe"])
def test_allow_migrate_in_every_spelling_of_no(word: str) -> None:
    assert not only(cib(vm("vm1", {"allow-migrate": word}))).allow_migrate


def test_allow_migrate_is_off_unless_somebody_says_so() -> None:
    assert not only(cib(vm("vm1"))).allow_migrate


def test_allow_migrate_comes_from_rsc_defaults() -> None:
    defaults = nvpairs("meta_attributes", "d", TRUE)
    assert only(cib(vm("vm1"), rsc_defaults=defaults)).allow_migrate
    assert not only(cib(vm("vm1", FALSE), rsc_defaults=defaults)).allow_migrate


@pytest.mark.parametrize("parent", ["group", "clone"])
def test_allow_migrate_comes_from_what_the_vm_is_in(parent: str) -> None:
    def inside(own: dict[str, str] | None) -> bytes:
        meta = nvpairs("meta_attributes", "p", TRUE)
        return cib(f'<{parent} id="p">{meta}{vm("vm1", own)}</{parent}>')

    assert only(inside(None)).allow_migrate
    assert not only(inside(FALSE)).allow_migrate


def test_a_template_lends_its_agent_its_values_and_its_operations() -> None:
    template = (
        '<template id="t" class="ocf" provider="heartbeat" type="VirtualDomain">'
        + nvpairs("instance_attributes", "t", {"config": "/t.xml", "migration_speed": "7"})
        + nvpairs("meta_attributes", "t", TRUE)
        + '<operations><op id="t-m" name="migrate_to" interval="0" timeout="90s" on-fail="block"/>'
        "</operations></template>"
    )
    lent = only(cib(template + vm("vm1", attributes='template="t"')))
    assert (lent.agent, lent.config) == ("ocf:heartbeat:VirtualDomain", "/t.xml")
    assert (lent.allow_migrate, lent.migrate_to_timeout_s, lent.migrate_to_on_fail) == (
        True, 90.0, "block",
    )  # fmt: skip
    own = only(
        cib(
            template
            + vm(
                "vm1",
                FALSE,
                MIGRATE_TO.format('timeout="30s"'),
                {"config": "/own.xml"},
                'template="t"',
            )
        )
    )
    assert (own.allow_migrate, own.config) == (False, "/own.xml")
    assert (own.migrate_to_timeout_s, own.migrate_to_on_fail) == (30.0, "restart")
    assert lent.migrate_to_op_id is None, "to change it would change others too"
    assert own.migrate_to_op_id == "m"


@pytest.mark.parametrize("score", ["10", "INFINITY", "+INFINITY"])
def test_the_set_with_the_highest_score_wins_then_the_last(score: str) -> None:
    low = nvpairs("meta_attributes", "low", FALSE)
    high = nvpairs("meta_attributes", "high", TRUE, f'score="{score}"')
    assert only(cib(vm("vm1"), rsc_defaults=high + low)).allow_migrate
    second = nvpairs("meta_attributes", "second", TRUE)
    assert only(cib(vm("vm1"), rsc_defaults=low + second)).allow_migrate
    assert not only(cib(vm("vm1"), rsc_defaults=second + low)).allow_migrate


def guarded(expression: str, value: str = "true") -> str:
    return (
        f'<meta_attributes id="g"><rule id="r" score="0">{expression}</rule>'
        f'<nvpair id="p" name="allow-migrate" value="{value}"/></meta_attributes>'
    )


def at(operation: str, **moments: str) -> str:
    said = " ".join(f'{name}="{moment}"' for name, moment in moments.items())
    return f'<date_expression id="e" operation="{operation}" {said}/>'


HOURS = (
    '<date_expression id="e" operation="date_spec"><date_spec id="d" hours="{}"/></date_expression>'
)
MOON = HOURS.replace('hours="{}"', 'moon="4"')


@pytest.mark.parametrize(
    ("rule", "allowed"),
    [
        (at("gt", start="2020-01-01"), True),
        (at("lt", end="2020-01-01"), False),
        (at("in_range", start="2020-01-01", end="2199-01-01"), True),
        (at("gt", start="half past ten"), None),
        (HOURS.format("0-23"), True),
        (HOURS.format("24-"), False),
        (HOURS.format("7"), None),
        (MOON, None),
        ('<rsc_expression id="e" class="ocf" provider="heartbeat" type="VirtualDomain"/>', True),
        ('<rsc_expression id="e" class="ocf" provider="heartbeat" type="Xen"/>', False),
        ('<expression id="e" attribute="#uname" operation="eq" value="alpha"/>', False),
    ],
)
def test_a_rule_that_cannot_be_evaluated_leaves_a_value_unknown(
    rule: str, allowed: bool | None
) -> None:
    """The hours of a day are those of the nodes' zone, which no CIB says."""
    assert only(cib(vm("vm1"), rsc_defaults=guarded(rule))).allow_migrate is allowed


def test_what_a_rule_decides_is_known_where_it_makes_no_difference() -> None:
    unknown = guarded(HOURS.format("7"))
    said = nvpairs("meta_attributes", "low", TRUE, 'score="-5"')
    assert only(cib(vm("vm1"), rsc_defaults=unknown + said)).allow_migrate is True
    assert only(cib(vm("vm1", FALSE), rsc_defaults=unknown)).allow_migrate is False


def of_release(version: str, resources: str, **sections: str) -> VMResource:
    return only(cib(resources, options={"dc-version": f"{version}-abc"}, **sections))


TWICE = (
    '<op id="m" name="migrate_to" interval="0">'
    + nvpairs("meta_attributes", "a", {"timeout": "100s"}, 'score="{}"')
    + nvpairs("meta_attributes", "b", {"timeout": "200s"}, 'score="5"')
    + "</op>"
)


@pytest.mark.parametrize(
    ("version", "score", "timeout_s"),
    [
        ("2.1.5", "1", 100.0),
        ("2.1.7", "1", 200.0),
        ("3.0.0", "1", 200.0),
        ("2.1.5", "5", 100.0),
        ("2.1.7", "5", 100.0),
        ("3.0.0", "5", 200.0),
    ],
)
def test_which_of_an_operations_own_sets_wins_is_the_releases_matter(
    version: str, score: str, timeout_s: float
) -> None:
    found = of_release(version, vm("vm1", operations=TWICE.format(score)))
    assert found.migrate_to_timeout_s == timeout_s


@pytest.mark.parametrize(("version", "allowed"), [("2.1.5", False), ("2.1.8", True)])
def test_whether_a_rule_has_to_name_the_provider_is_the_releases_matter(
    version: str, allowed: bool
) -> None:
    rule = '<rsc_expression id="e" class="ocf" type="VirtualDomain"/>'
    assert of_release(version, vm("vm1"), rsc_defaults=guarded(rule)).allow_migrate is allowed


@pytest.mark.parametrize(("version", "allowed"), [("2.1.5", True), ("3.0.0", False)])
def test_what_a_vm_with_a_template_refers_to_is_the_releases_matter(
    version: str, allowed: bool
) -> None:
    template = '<template id="t" class="ocf" provider="heartbeat" type="VirtualDomain"/>'
    lent = '<primitive id="vm1" template="t"><meta_attributes id-ref="low"/></primitive>'
    shared = '<primitive id="ip" class="ocf" provider="heartbeat" type="IPaddr2">'
    shared += '<meta_attributes id="low"><nvpair id="p" name="allow-migrate" value="true"/>'
    shared += "</meta_attributes></primitive>"
    assert of_release(version, shared + template + lent).allow_migrate is allowed


SHARED = vm("vm0", {"allow-migrate": "true"})


@pytest.mark.parametrize(("version", "allowed"), [("3.0.0", True), ("3.0.3", False)])
@pytest.mark.parametrize("of_its_group", [True, False])
def test_whether_another_resources_set_counts_is_the_releases_matter(
    version: str, allowed: bool, of_its_group: bool
) -> None:
    lent = '<meta_attributes id-ref="vm0-meta_attributes"/>'
    borrowing = vm("vm1").replace("<operations>", f"{'' if of_its_group else lent}<operations>")
    group = f'<group id="g">{lent if of_its_group else ""}{borrowing}</group>'
    options = {"dc-version": version}
    found = {v.id: v for v in parse_cib(cib(SHARED + group, options=options)).vms}
    assert found["vm1"].allow_migrate is allowed


@pytest.mark.parametrize(
    ("version", "allowed"), [("2.1.5", True), ("2.1.9", False), ("3.0.0", True), ("3.0.3", True)]
)
def test_whether_a_value_goes_by_another_name_is_the_releases_matter(
    version: str, allowed: bool
) -> None:
    is_up = vm("ip", {"is-up": "true"}, attributes='class="ocf" provider="heartbeat" type="IP"')
    renamed = '<nvpair id-ref="ip-meta_attributes-is-up" name="allow-migrate"/>'
    borrowing = vm("vm1", {}).replace("</meta_attributes>", f"{renamed}</meta_attributes>")
    assert of_release(version, is_up + borrowing).allow_migrate is allowed


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
