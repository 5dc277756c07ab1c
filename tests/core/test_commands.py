"""Names of a cluster in the XML of commands: read back as they are, or refused."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st
from lxml import etree

from backends.data import commands
from backends.data.xml_text import escaped

AWKWARD = st.text(
    st.one_of(
        st.sampled_from("\t\n\r \"'<>&;#x09\x00\x7f\x85\u2028\ufffe"),
        st.characters(codec="utf-8"),
    )
)


def parsed(text: str) -> etree._Element:
    """As the cluster parses it; what it refuses is refused here."""
    try:
        return etree.fromstring(text.encode())
    except etree.XMLSyntaxError:
        assume(False)
        raise


@given(AWKWARD)
def test_any_text_is_read_back_as_it_is_or_refused(text: str) -> None:
    for quote in "\"'":
        assert parsed(f"<a b={quote}{escaped(text)}{quote}/>").get("b") == text
    assert (parsed(f"<a>{escaped(text)}</a>").text or "") == text


@given(st.text(st.characters(exclude_categories=["C"])))
def test_what_xml_can_carry_is_not_refused(text: str) -> None:
    assert etree.fromstring(f'<a b="{escaped(text)}"/>'.encode()).get("b") == text


@given(AWKWARD, AWKWARD)
def test_no_name_adds_anything_to_what_is_sent(vm: str, node: str) -> None:
    wishes = parsed(commands.move_together({vm: node, "web2": node}).argv[-1])
    assert [(each.get("rsc"), each.get("node")) for each in wishes] == [(vm, node), ("web2", node)]
    primitive = parsed(commands.set_operation(vm, {"id": node, "name": "migrate_to"}).argv[-1])
    assert [each.tag for each in primitive.iter()] == ["primitive", "operations", "op"]
    operation = parsed(commands.block_on_failure(vm, node).argv[-1])
    assert operation.items() == [("id", node), ("on-fail", "block")]
