"""What releases of Pacemaker make of one and the same CIB, where they differ."""

from __future__ import annotations

import pytest
from lxml import etree

from backends.pacemaker.cib import VMResource, parse_cib
from backends.pacemaker.configured import Configured
from backends.pacemaker.moments import Clock
from pacemaker.cibs import cib, nvpairs, vm

RELEASES = ("2.1.5", "3.0.0", "3.0.3")


def read(version: str, *, schema: str = "pacemaker-3.9", **parts: str) -> VMResource:
    resources = parts.pop("resources", vm("web1"))
    options = {"dc-version": version, "stonith-enabled": "true"}
    if "fencing" in parts:
        options["fencing-enabled"] = parts.pop("fencing")
    text = cib(resources, options=options, schema=schema, **parts)
    return parse_cib(text, clock=Clock(1_715_779_211, 0)).vms[0]


def defaults(*sets: tuple[str, str]) -> str:
    return "".join(
        f'<meta_attributes id="d{number}" score="{score}">{pairs}</meta_attributes>'
        for number, (score, pairs) in enumerate(sets)
    )


def pair(name: str, value: str) -> str:
    return f'<nvpair id="p-{name}-{value.strip("#")}" name="{name}" value="{value}"/>'


TWICE = defaults(
    ("9", pair("allow-migrate", "false")),
    ("5", pair("allow-migrate", "#default") + pair("allow-migrate", "true")),
)


@pytest.mark.parametrize(
    ("version", "schema", "allowed"),
    [
        ("2.1.5", "pacemaker-3.9", True),
        ("3.0.0", "pacemaker-3.9", False),
        ("3.0.3", "pacemaker-3.9", False),
        ("3.0.0", "pacemaker-4.0", True),
    ],
)
def test_the_upgrade_of_the_schema_leaves_one_nvpair_of_a_name(
    version: str, schema: str, allowed: bool
) -> None:
    """So that `#default` takes nothing back any more where a value stands behind it."""
    assert read(version, schema=schema, rsc_defaults=TWICE).allow_migrate is allowed


BEYOND = defaults(
    ("2000000", pair("allow-migrate", "true")), ("INFINITY", pair("allow-migrate", "false"))
)


@pytest.mark.parametrize(
    ("version", "allowed"), list(zip(RELEASES, (False, True, True), strict=True))
)
def test_the_upgrade_of_the_schema_orders_what_is_beyond_infinity(
    version: str, allowed: bool
) -> None:
    assert read(version, rsc_defaults=BEYOND).allow_migrate is allowed


FENCES = '<op id="o" name="migrate_to" interval="0" on-fail="fence" timeout="0"/>'


@pytest.mark.parametrize(
    ("version", "on_fail"), list(zip(RELEASES, ("fence", "fence", "stop"), strict=True))
)
def test_the_new_name_of_fencing_counts_where_it_is_known(version: str, on_fail: str) -> None:
    found = read(version, resources=vm("web1", {}, FENCES), fencing="false")
    assert found.migrate_to_on_fail == on_fail


@pytest.mark.parametrize(("version", "timeout_s"), list(zip(RELEASES, (60, 20, 20), strict=True)))
def test_a_timeout_of_0_is_the_controller_s_or_the_default(version: str, timeout_s: int) -> None:
    found = read(version, resources=vm("web1", {}, FENCES))
    assert found.migrate_to_timeout_s == timeout_s


ZONED = nvpairs("meta_attributes", "z", {"allow-migrate": "true"}).replace(
    "<nvpair",
    '<rule id="r" score="0"><date_expression id="e" operation="gt" '
    'start="2024-05-15T14:20:11+02:00"/></rule><nvpair',
    1,
)


@pytest.mark.parametrize(
    ("version", "allowed"), list(zip(RELEASES, (False, False, True), strict=True))
)
def test_a_zone_right_behind_a_time_counts_where_it_is_seen(version: str, allowed: bool) -> None:
    """It is 13:20:11 UTC."""
    assert read(version, rsc_defaults=ZONED).allow_migrate is allowed


NUMBERED = nvpairs("instance_attributes", "n", {"migration_transport": "ssh"}).replace(
    "<nvpair",
    '<rule id="r" score="0"><expression id="e" attribute="#id" operation="gte" type="integer" '
    'value="{}"/></rule><nvpair',
    1,
)


@pytest.mark.parametrize(("value", "holds"), [("1", True), ("1.9x", True), ("2.5", False)])
def test_of_an_integer_in_a_rule_the_digits_at_its_beginning_count(value: str, holds: bool) -> None:
    """On every release (`scan_ll`); the node's id is 1."""
    resource = vm("web1").replace("<operations>", NUMBERED.format(value) + "<operations>")
    configured = Configured(etree.fromstring(cib(resource, nodes=("alpha",))))
    (web1,) = configured.primitives()
    assert ("migration_transport" in web1.parameters()) is holds
