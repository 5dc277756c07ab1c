"""What a VM's values are: whoever sets them, whichever set wins, whatever a rule makes of it."""

from __future__ import annotations

import pytest

from backends.pacemaker.cib import VMResource, parse_cib
from pacemaker.cibs import cib, nvpairs, vm
from pacemaker.test_cib import MIGRATE_TO, only

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
