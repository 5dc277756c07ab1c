"""XML that Pacemaker's tools write and no parser takes: the board comes up all the same."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backends.data.errors import BadAnswer
from backends.pacemaker import xml
from backends.pacemaker.cib import parse_cib
from backends.pacemaker.simulate import SCRIPT, batch, parse_batch
from backends.pacemaker.status import parse_status
from pacemaker.cibs import cib, history, op, vm

ODD = st.text(
    st.sampled_from("aü漢🚢&<>\"'; =/")
    | st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")),
    max_size=30,
)


ODDEST = 'Büro & <Keller> "x"'


def asked(tool: tuple[str, ...], text: bytes, where: Path) -> bytes:
    """What a tool of this machine says of a CIB."""
    file = where / "cib.xml"
    file.write_bytes(text)
    environment = {**os.environ, "CIB_file": str(file), "LC_ALL": "C.UTF-8"}
    return subprocess.run(tool, env=environment, capture_output=True, check=True).stdout


@pytest.mark.usefixtures("tools")
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ODD, min_size=1, max_size=20))
def test_what_cibadmin_writes_is_read_as_it_was_meant(tmp_path: Path, values: list[str]) -> None:
    text = cib("".join(vm(f"v{n}", {"description": value}) for n, value in enumerate(values)))
    root = xml.parse(asked(("cibadmin", "--query"), text, tmp_path), "cibadmin")
    read = [pair.get("value") for pair in root.iterfind(".//meta_attributes/nvpair")]
    assert read == values


def with_description(value: str) -> bytes:
    """As a release writes it that escapes nothing behind a letter beyond ASCII."""
    primitive = vm("zeit").replace("<primitive ", f'<primitive description="{value}" ', 1)
    return cib(primitive)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('Büro & Keller: "Zeiterfassung" <alt>', 'Büro & Keller: "Zeiterfassung" <alt>'),
        ("a &amp; b, l'été & l'hiver", "a & b, l'été & l'hiver"),
        ('ü"', 'ü"'),
        ("漢<b>字</b>", "漢<b>字</b>"),
        (r"B\37777777703\37777777674ro &amp; Keller", "Büro & Keller"),
        (r"B\303\274ro", "Büro"),
        (r"no letter: \303(", r"no letter: \303("),
        ("bell \x07 and &#27;[2J", "bell \ufffd and \ufffd[2J"),
    ],
)
def test_a_description_blinds_nobody(written: str, meant: str) -> None:
    (primitive,) = xml.parse(with_description(written), "cibadmin").iterfind(".//primitive")
    assert primitive.get("description") == meant
    assert [found.id for found in parse_cib(with_description(written)).vms] == ["zeit"]


def test_a_byte_of_another_encoding_blinds_nobody() -> None:
    latin = with_description("Büro").replace("ü".encode(), b"\xfc")
    (primitive,) = xml.parse(latin, "cibadmin").iterfind(".//primitive")
    assert primitive.get("description") == "B\ufffdro"


def test_what_cannot_be_read_is_named() -> None:
    text = with_description("Keller & Co").replace(b"<primitive ", b'<primitive id="zeit" ', 1)
    with pytest.raises(BadAnswer, match="in description of primitive zeit"):
        parse_cib(text)


@pytest.mark.usefixtures("tools")
def test_the_scheduler_is_asked_whatever_a_description_says(tmp_path: Path) -> None:
    """crm_simulate reads back what it saves: what it could not read again never gets there."""
    described = f"<primitive description={quoteattr(ODDEST)} "
    resources = vm("vm1", {"allow-migrate": "true"}).replace("<primitive ", described, 1)
    text = cib(
        resources,
        nodes=("alpha", "bravo"),
        status=history(1, "alpha", vm1=[op("vm1", "start", 3)])
        + history(2, "bravo", vm1=[op("vm1", "monitor", 2, rc=7)]),
    )
    argv, stdin, version = batch(text, ["vm1"], ["bravo"])
    assert argv[2] == SCRIPT
    done = subprocess.run(argv, input=stdin, capture_output=True, check=True, cwd=tmp_path)
    (prediction,) = parse_batch(done.stdout, done.stderr, ["bravo"], version).values()
    assert [str(action) for action in prediction.moved] == ["migrate vm1 from alpha to bravo"]
    assert prediction.cleared == ()


def failed(attributes: str) -> bytes:
    return f"<crm_mon><nodes/><failures><failure {attributes}/></failures></crm_mon>".encode()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("no route to &amp;quot;b&amp;quot; &amp;lt;end&amp;gt;", 'no route to "b" <end>'),
        ("can&amp;apos;t &amp;amp; won&amp;apos;t", "can't & won't"),
        (
            "&amp;quot;a&amp;quot; à l'hyperviseur &quot;b&quot; &amp; c",
            '"a" à l\'hyperviseur "b" & c',
        ),
        ("à l'hyperviseur &amp;quot;b&amp;quot; 'c'", "à l'hyperviseur \"b\" 'c'"),
        ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
        ("a &amp; b", "a & b"),
        ("a &amp;nbsp; b", "a &nbsp; b"),
        (r"B\37777777703\37777777674ro", "Büro"),
        ("two&amp;#10;lines", "two\nlines"),
    ],
)
def test_an_exit_reason_is_shown_in_words(written: str, meant: str) -> None:
    (failure,) = parse_status(failed(f'op_key="v_start_0" exitreason="{written}"')).failures
    assert failure.reason == meant


def test_where_an_agent_gave_no_reason_its_exit_code_speaks() -> None:
    for none in ('exitreason="none"', 'exitreason=""', ""):
        (failure,) = parse_status(failed(f'op_key="v_start_0" {none} exitstatus="busy"')).failures
        assert failure.reason == "busy"


@pytest.mark.parametrize(
    ("key", "resource", "task"),
    [
        ("x_monitor_10000", "x", "monitor"),
        ("db_migrate_to_0_migrate_to_0", "db_migrate_to_0", "migrate_to"),
        ("win.2019_failure_0_start_0", "win.2019_failure_0", "start"),
        ("a_migrate_from_0", "a", "migrate_from"),
        ("drbd:1_pre_notify_promote_0", "drbd:1", "pre_notify_promote"),
        ("drbd_confirmed-post_notify_stop_0", "drbd", "confirmed-post_notify_stop"),
        ("stonith_it", "stonith_it", ""),
        ("", "", ""),
    ],
)
def test_an_operation_key_alone_says_resource_and_task(key: str, resource: str, task: str) -> None:
    (failure,) = parse_status(failed(f'op_key="{key}" exitcode="1"')).failures
    assert (failure.resource, failure.task) == (resource, task)


def test_mending_is_for_what_is_no_xml() -> None:
    """What a sound document says between its quotes is never touched."""
    sound = with_description("Büro &amp;amp; &lt;Keller&gt;")
    (primitive,) = xml.parse(sound, "cibadmin").iterfind(".//primitive")
    assert primitive.get("description") == "Büro &amp; <Keller>"
