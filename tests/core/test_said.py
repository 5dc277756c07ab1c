"""What commands said is kept to be read: its beginning, bounded, and no secret of it."""

from __future__ import annotations

import pytest

from backends.clusters.command_log import EACH_BYTES, CommandLog
from backends.data.plan import Kept
from backends.pacemaker.secrets import STRUCK, masked


def said(log: CommandLog, stdout: bytes, stdin: bytes = b"") -> None:
    with log.record("alpha", "cibadmin --query") as recorder:
        recorder.exit_status, recorder.stdin = 0, stdin
        recorder.stdout, recorder.stderr = stdout, b""


def test_what_went_in_and_came_out_is_kept() -> None:
    log = CommandLog()
    said(log, b"out", b"in")
    (sent,) = log.sent
    assert (sent.stdin, sent.stdout, sent.stderr) == (Kept("in"), Kept("out"), Kept(""))


def test_what_a_lost_command_would_have_said_is_not_known() -> None:
    log = CommandLog()
    with pytest.raises(ConnectionError), log.record("alpha", "sh -s") as recorder:
        recorder.stdin = b"uname"
        raise ConnectionError
    (sent,) = log.sent
    assert sent.stdin == Kept("uname") and sent.stdout is None


def test_of_a_long_answer_the_beginning_is_kept_and_the_rest_counted() -> None:
    log = CommandLog()
    said(log, b"x" * (EACH_BYTES + 7))
    (sent,) = log.sent
    assert sent.stdout == Kept("x" * EACH_BYTES, 7)


def test_the_oldest_lose_what_they_said_and_none_is_lost() -> None:
    log = CommandLog(keep_chars=25)
    for number in range(4):
        said(log, b"%d" % number * 10)
    assert [s.stdout.text[0] if s.stdout else None for s in log.sent] == [None, None, "2", "3"]
    assert sum(sent.kept_chars for sent in log.sent) <= 25


@pytest.mark.parametrize(
    "text",
    [
        '<nvpair id="f-passwd" name="passwd" value="hunter2"/>',
        '<nvpair value="hunter2" id="f" name="ipmi_password"/>',
        "<graphics type='vnc' passwd='hunter2'/>",
        "password = hunter2",
        "api_key: hunter2",
        "fence_ipmilan --password hunter2 --ip x",
        "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nhunter2",
        '<nvpair name="passwd" value="hunter2',
        '<nvpair name="passwd" value="hunter2"/> failed: no login with hunter2',
    ],
)
def test_a_secret_is_never_kept(text: str) -> None:
    assert STRUCK in masked(text) and "hunter2" not in masked(text)


def test_a_secret_in_a_tag_that_is_cut_is_not_kept() -> None:
    tag = b'<nvpair value="hunter2" name="passwd"/>'
    log = CommandLog()
    for cut in range(1, len(tag)):
        said(log, b"x" * (EACH_BYTES - cut) + tag)
        kept = log.sent[-1].stdout
        assert kept is not None and "hunter" not in kept.text


def test_what_is_no_secret_stays() -> None:
    text = '<nvpair id="w-mem" name="memory" value="4096"/> passed: 3 of 4'
    assert masked(text) == text
