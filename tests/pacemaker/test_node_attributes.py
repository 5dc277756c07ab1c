"""What rules learn of a node: what is set on it for good and until it goes, and what Pacemaker
adds."""

from __future__ import annotations

import pytest
from lxml import etree

from backends.pacemaker.configured import Configured
from pacemaker.cibs import cib, nvpairs


def configured(
    permanent: dict[str, str], transient: dict[str, str], options: dict[str, str], extra: str = ""
) -> Configured:
    inside = nvpairs("instance_attributes", "status-1", transient)
    root = etree.fromstring(
        cib(
            "",
            options=options,
            nodes=("alpha",),
            status='<node_state id="1" uname="alpha">'
            f'<transient_attributes id="1">{inside}</transient_attributes></node_state>',
        )
    )
    node, section = root.find(".//nodes/node"), root.find(".//crm_config")
    assert node is not None and section is not None
    node.append(etree.fromstring(nvpairs("instance_attributes", "nodes-1", permanent)))
    if extra:
        section.append(etree.fromstring(extra))
    return Configured(root)


HERE, NOW, NAMED = {"site-name": "here"}, {"site-name": "now"}, {"cluster-name": "prod"}


@pytest.mark.parametrize(
    ("permanent", "transient", "options", "site"),
    [
        ({}, {}, {}, None),
        ({}, {}, NAMED, "prod"),
        ({}, NOW, {}, "now"),
        ({}, NOW, NAMED, "prod"),
        (HERE, NOW, NAMED, "here"),
        (HERE, NOW, {}, "here"),
    ],
)
def test_a_site_is_told_from_what_is_set_for_good_or_the_name_of_the_cluster_first(
    permanent: dict[str, str], transient: dict[str, str], options: dict[str, str], site: str | None
) -> None:
    alpha = configured(permanent, transient, options).nodes["alpha"]
    assert alpha.attributes.get("#site-name") == site
    assert alpha.complete
    last = {**permanent, **transient}.get("site-name")
    assert alpha.attributes.get("site-name") == last, "what is set until it goes is its own still"


def test_a_site_is_not_known_where_the_name_of_the_cluster_is_not() -> None:
    rule = '<rule id="r"><date_expression id="e" operation="date_spec"><date_spec id="d" moon="1"/>'
    extra = (
        f'<cluster_property_set id="other">{rule}</date_expression></rule>'
        '<nvpair id="n" name="cluster-name" value="prod"/></cluster_property_set>'
    )
    alpha = configured({}, {}, {}, extra).nodes["alpha"]
    assert "#site-name" not in alpha.attributes
    assert not alpha.complete
