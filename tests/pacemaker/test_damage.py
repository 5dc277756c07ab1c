"""Answers that are cut off, damaged, or made to harm: the last picture must survive them."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from random import Random
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.data.errors import BadAnswer, VmferryError
from backends.doctor.configuration import parse_configuration
from backends.pacemaker import simulate, xml
from backends.pacemaker.cib import parse_cib
from backends.pacemaker.picture import pacemaker_picture
from backends.pacemaker.status import parse_status
from pacemaker.cibs import answer, cib, op, sample, vm
from pacemaker.mutations import mutated

Parser = Callable[[bytes], object]
ANSWERS: list[tuple[Parser, bytes]] = [
    (parse_status, sample("crm_mon-during")),
    (parse_status, answer("crm_mon-everything")),
    (parse_status, answer("crm_mon-2.0.2")),
    (parse_cib, sample("cib-during")),
    (parse_cib, answer("cib-everything")),
    (simulate.parse_actions, sample("simulate-sim")),
]
PARSERS = [parse_status, parse_cib, simulate.parse_actions]
MUTATED = int(os.environ.get("VMFERRY_TEST_MUTATIONS", "600"))
"""How many mutated answers are tried; a hundred thousand take some minutes."""
NASTY = st.sampled_from([b'"', b"<", b">", b"&", b"&#0;", b"]]>", b"\x00", b"\xff", b"\x1b[2J"])


ALWAYS_TAKEN = 32 << 10
"""Bytes that the shortest answer takes too: for the error and its words."""


def taken(parser: Parser, data: bytes) -> int:
    """Bytes at most, over what was taken before."""
    tracemalloc.start()
    try:
        parsed_or_refused(parser, data)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def parsed_or_refused(parser: Parser, data: bytes) -> None:
    try:
        parser(data)
    except VmferryError as error:
        assert str(error)


@given(st.sampled_from(ANSWERS), st.floats(0, 1))
def test_every_beginning_is_parsed_or_refused(case: tuple[Parser, bytes], share: float) -> None:
    parser, data = case
    parsed_or_refused(parser, data[: int(len(data) * share)])


@pytest.mark.parametrize(("parser", "data"), ANSWERS)
def test_an_answer_that_is_cut_off_is_refused(parser: Parser, data: bytes) -> None:
    whole = data.rstrip()
    for end in (1, len(whole) // 3, len(whole) // 2, len(whole) - 1):
        with pytest.raises(BadAnswer):
            parser(whole[:end])


@given(
    st.sampled_from(ANSWERS),
    st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=0, max_size=4) | NASTY), max_size=5),
)
def test_random_damage_is_parsed_or_refused(
    case: tuple[Parser, bytes], damage: list[tuple[float, bytes]]
) -> None:
    parser, data = case
    for share, put in damage:
        at = int(len(data) * share)
        data = data[:at] + put + data[at + len(put) :]
    parsed_or_refused(parser, data)


@given(st.sampled_from(ANSWERS), st.data())
def test_any_value_in_any_attribute_is_parsed_or_refused(
    case: tuple[Parser, bytes], data: st.DataObject
) -> None:
    parser, text = case
    quotes = [index for index, byte in enumerate(text) if byte == ord('"')]
    start = data.draw(st.integers(0, len(quotes) // 2 - 1)) * 2
    value = data.draw(
        st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters='<>&"'))
        | st.sampled_from(["9" * 400, "-1", "9" * 5000, "1e9", "٣", "true", "+", "0001-01-01Z"])
    )
    value_bytes = value.encode()
    parsed_or_refused(parser, text[: quotes[start] + 1] + value_bytes + text[quotes[start + 1] :])


@settings(max_examples=MUTATED, deadline=None, database=None)
@given(st.sampled_from(ANSWERS), st.integers(0, 1 << 64))
def test_whatever_becomes_of_an_answer_it_is_parsed_or_refused(
    case: tuple[Parser, bytes], seed: int
) -> None:
    """What is parsed makes a picture as well: no later step stumbles over it. Python's half of the
    memory that it takes is measured here, all of it by the large ones below."""
    parser, data = case
    data = mutated(data, Random(seed))
    assert taken(parser, data) <= 10 * len(data) + ALWAYS_TAKEN
    try:
        if parser is parse_status:
            pacemaker_picture(parse_status(data), parse_cib(sample("cib-during")))
        elif parser is parse_cib:
            pacemaker_picture(parse_status(sample("crm_mon-during")), parse_cib(data))
            parse_configuration(data)
            simulate.batch(data, ["vm1"], ["alpha", "bravo"])
    except VmferryError as error:
        assert str(error)


TAKES = """
import re, sys
from backends.data.errors import VmferryError
from backends.pacemaker.cib import parse_cib
from backends.pacemaker.status import parse_status

def peak():
    # Not ru_maxrss, which begins with what the process had that started this one.
    return int(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1]) << 10

parser = {"cib": parse_cib, "status": parse_status}[sys.argv[1]]
data = open(sys.argv[2], "rb").read()
before = peak()
try:
    parser(data)
except VmferryError as error:
    print(error, file=sys.stderr)
print(peak() - before)
"""


def grown(data: bytes, element: bytes, size: int) -> bytes:
    """The same with so many bytes of its first such element more, each with an id of its own."""
    start = data.index(b"<" + element)
    end = data.index(b"</" + element.split(b" ")[0] + b">", start) + len(element.split(b" ")[0]) + 3
    before, name, after = data[start:end].partition(b'id="')
    many = b"".join(b"%s%s%d-%s" % (before, name, n, after) for n in range(size // (end - start)))
    return data[:end] + many + data[end:]


LARGE = [
    ("cib", sample("cib-during"), b"lrm_resource "),
    ("status", sample("crm_mon-during"), b"resource "),
]


@pytest.mark.parametrize(("kind", "data", "element"), LARGE, ids=["cib", "status"])
@pytest.mark.parametrize("damage", ["whole", "cut", "twice", "broken", "latin-1"])
def test_no_answer_takes_twenty_times_its_size(
    tmp_path: Path, kind: str, data: bytes, element: bytes, damage: str
) -> None:
    """libxml2 alone takes thirteen times that of crm_mon's answer."""
    data = grown(data, element, 8 << 20)
    match damage:
        case "cut":
            data = data[: len(data) * 9 // 10]
        case "twice":
            data = data + data
        case "broken":
            data = data.replace(b'="', '="ü & "x" '.encode(), 200)
        case "latin-1":
            data = data.replace(b'="', b'="\xfc', 200)
    file = tmp_path / "answer"
    file.write_bytes(data)
    argv = [sys.executable, "-c", TAKES, kind, str(file)]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    assert int(done.stdout) < 20 * len(data), done.stderr


@pytest.mark.parametrize(
    "part",
    [
        *(b"\x00", b"\x00\n", b"\xff", b"\xff\x00", b"&", b'"', b'"\x00', b"\\303\\274", b"\\303"),
        *(b"<a b='\xff\xff'>", b'a="\x00"\n', b"\\37777777703\\37777777"),
    ],
)
@pytest.mark.parametrize("before", ["", '<cib a="ü'])
def test_nor_does_one_of_which_every_letter_must_be_mended(before: str, part: bytes) -> None:
    data = before.encode() + part * (40_000 // len(part)) + b'">'
    assert taken(parse_cib, data) <= 10 * len(data) + ALWAYS_TAKEN


@given(st.sampled_from(PARSERS), st.binary(max_size=200))
def test_nonsense_is_refused(parser: Parser, data: bytes) -> None:
    with pytest.raises(BadAnswer):
        parser(data)


def test_more_than_any_cluster_says_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml, "LIMIT_BYTES", 1000)
    for parser, data in ANSWERS:
        with pytest.raises(BadAnswer, match="MiB"):
            parser(data)


def test_what_is_nested_beyond_reason_is_refused() -> None:
    depth = 100_000
    with pytest.raises(BadAnswer):
        parse_status(b"<crm_mon>" + b"<nodes>" * depth + b"</nodes>" * depth + b"</crm_mon>")


BOMB = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    "place", ['<node name="{}" id="1"/>', "<node name='a' id='1'>{}</node>", "{}"]
)
def test_an_entity_bomb_does_no_harm(place: str) -> None:
    bomb = f'<!DOCTYPE crm_mon [<!ENTITY l0 "ha">{BOMB}]>'
    data = f"{bomb}<crm_mon><nodes>{place.format('&l11;')}</nodes></crm_mon>".encode()
    try:
        status = parse_status(data)
    except BadAnswer:
        return
    assert all(len(node.name) < 1000 for node in status.nodes)


@pytest.mark.parametrize("kind", ["SYSTEM", 'PUBLIC "x"'])
def test_no_file_is_read_for_an_external_entity(tmp_path: Path, kind: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("<node name='stolen' id='1'/>")
    for where in (str(secret), f"file://{secret}"):
        doctype = f'<!DOCTYPE crm_mon [<!ENTITY x {kind} "{where}">]>'
        data = f"{doctype}<crm_mon><nodes>&x;</nodes></crm_mon>".encode()
        try:
            assert parse_status(data).nodes == ()
        except BadAnswer as error:
            assert "stolen" not in str(error)


def test_no_file_is_read_for_a_doctype_or_an_inclusion(tmp_path: Path) -> None:
    dtd = tmp_path / "evil.dtd"
    dtd.write_text('<!ENTITY x "stolen">')
    data = f'<!DOCTYPE crm_mon SYSTEM "{dtd}"><crm_mon><nodes/></crm_mon>'.encode()
    assert parse_status(data).nodes == ()
    included = (
        '<crm_mon xmlns:xi="http://www.w3.org/2001/XInclude"><nodes>'
        f'<xi:include href="{dtd}" parse="text"/></nodes></crm_mon>'
    )
    assert parse_status(included.encode()).nodes == ()


HOSTILE = [
    "[red]x[/]",
    "[/nope]",
    "\u202eevil",
    "漢字のサーバー",
    "🚢" * 20,
    "a" * 200,
    "; rm -rf /",
    "$(reboot)",
    "%s%n",
    'it\'s "quoted"',
    "\u009b2J",
    "a&b<c>",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_pass_through_literally(name: str) -> None:
    quoted = quoteattr(name)
    status = parse_status(
        f'<crm_mon><nodes><node name={quoted} id="1" online="true"/></nodes><resources>'
        f'<resource id={quoted} role="Started"><node name={quoted} id="1"/></resource>'
        "</resources></crm_mon>".encode()
    )
    text = cib(
        vm(name),
        nodes=(name,),
        status=f'<node_state id="1" uname={quoted}><lrm><lrm_resources><lrm_resource id={quoted}>'
        f"{op(name, 'start', 3)}</lrm_resource></lrm_resources></lrm></node_state>",
    )
    picture = pacemaker_picture(status, parse_cib(text))
    (found,) = picture.vms
    assert (found.id, found.node, picture.nodes[0].name) == (name, name, name)
    assert [o.node for o in found.history] == [name]


@pytest.mark.parametrize(
    "part",
    ['="', '="ü', 'a="ü" ', '<a b="ü', '"', "9", "\\303", '" a="', '">', "&#0", "<a id=", "_a"],
)
def test_megabytes_of_the_same_are_refused_like_anything_else(part: str) -> None:
    """In a time that grows with their size, not with its square: else this never ends."""
    much = part.encode() * ((1 << 20) // len(part.encode()))
    for data in (
        b'<crm_mon><nodes x="' + much,
        b'<crm_mon a="\xc3\xbc & "' + much + b'"></crm_mon>',
    ):
        parsed_or_refused(parse_status, data)
    name = quoteattr(f"x{part * 20_000}_0")
    failure = f"<failure op_key={name} exitreason={name}/>"
    parsed_or_refused(
        parse_status, f"<crm_mon><nodes/><failures>{failure}</failures></crm_mon>".encode()
    )
