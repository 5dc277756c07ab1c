"""The journal: on disk before anything is sent, and still there after a crash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest

from backends.acts import journal as module
from backends.acts.journal import Act, Closed, Intent, Journal, Note
from backends.data.errors import BadConfiguration

INTENT = Intent(
    kind="move",
    cluster="lab",
    vm="[red]web1[/]",
    source="alpha",
    target="bravo",
    reboot=False,
    at=1795397258.5,
    calls=(("alpha", "start", 5, 100.0), ("bravo", "monitor", 4, None)),
)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "state" / "acts")


def abandoned(journal: Journal) -> list[Act]:
    acts = list(journal.abandoned())
    for act in acts:
        act.leave()
    return acts


def texts(act: Act) -> list[str]:
    return [entry.text for entry in act.entries if isinstance(entry, Note)]


def test_what_was_begun_and_noted_is_found_again_whole(journal: Journal) -> None:
    act = journal.begin(INTENT)
    act.note("moving", "tell Pacemaker", command="crm_resource --move", node=None)
    act.note("following", "copying")
    act.leave()
    (found,) = abandoned(journal)
    assert found.intent == INTENT
    assert texts(found) == ["tell Pacemaker", "copying"]
    assert [e.command for e in found.entries if isinstance(e, Note)] == [
        "crm_resource --move", None,
    ]  # fmt: skip


def test_each_line_is_on_disk_when_noting_returns(journal: Journal) -> None:
    act = journal.begin(INTENT)
    assert act.path.read_bytes().count(b"\n") == 1
    act.note("moving", "now")
    assert act.path.read_bytes().count(b"\n") == 2
    act.leave()


def test_a_closed_act_is_not_found_again_but_kept(journal: Journal) -> None:
    act = journal.begin(INTENT)
    act.close("moved live")
    assert abandoned(journal) == []
    (kept,) = (act.path.parent / "closed").glob("*.jsonl")
    last = msgspec.json.decode(kept.read_bytes().splitlines()[-1], type=Closed | Note | Intent)
    assert isinstance(last, Closed) and last.outcome == "moved live"


def test_an_act_under_way_is_not_abandoned(journal: Journal) -> None:
    act = journal.begin(INTENT)
    assert abandoned(journal) == []
    act.leave()
    (found,) = journal.abandoned()
    assert abandoned(journal) == [], "who found it first carries it out"
    found.leave()
    assert len(abandoned(journal)) == 1


CHILD = """
import os, sys, time
from pathlib import Path
from backends.acts.journal import Intent, Journal
act = Journal(Path(sys.argv[1])).begin(
    Intent("move", "lab", "web1", "alpha", "bravo", False, time.time())
)
act.note("moving", "sent")
print("noted", flush=True)
sys.stdin.read()
"""


def test_it_survives_the_death_of_its_process(journal: Journal, tmp_path: Path) -> None:
    directory = tmp_path / "state" / "acts"
    with subprocess.Popen(
        (sys.executable, "-c", CHILD, str(directory)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"noted\n"
        assert abandoned(journal) == [], "another process carries it out"
        child.send_signal(signal.SIGKILL)
        child.wait()
    (found,) = abandoned(journal)
    assert (found.intent.vm, texts(found)) == ("web1", ["sent"])


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_torn_last_line_announced_nothing_and_is_written_over(journal: Journal, cut: int) -> None:
    act = journal.begin(INTENT)
    act.note("moving", "sent")
    act.note("following", "torn")
    act.leave()
    act.path.write_bytes(act.path.read_bytes()[:-cut])
    (found,) = journal.abandoned()
    assert texts(found) == ["sent"]
    found.note("following", "taken up again")
    found.leave()
    (again,) = abandoned(journal)
    assert texts(again) == ["sent", "taken up again"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"type":"note"}\n', b"\xff\xfe\n", b"not json\n", b"[]\n"]
)
def test_a_file_that_begins_with_no_intent_is_no_act(journal: Journal, content: bytes) -> None:
    act = journal.begin(INTENT)
    act.leave()
    act.path.write_bytes(content)
    assert abandoned(journal) == []


def test_damage_in_the_middle_loses_that_line_only(journal: Journal) -> None:
    act = journal.begin(INTENT)
    act.note("moving", "one")
    act.note("moving", "two")
    act.leave()
    lines = act.path.read_bytes().splitlines(keepends=True)
    act.path.write_bytes(lines[0] + b"\xff" + lines[1] + lines[2])
    (found,) = abandoned(journal)
    assert texts(found) == ["two"]


def test_nothing_was_ever_begun(tmp_path: Path) -> None:
    assert abandoned(Journal(tmp_path / "nowhere")) == []


def test_acts_come_oldest_first(journal: Journal) -> None:
    for at in (3e9, 1e9, 2e9):
        journal.begin(msgspec.structs.replace(INTENT, at=at)).leave()
    assert [act.intent.at for act in abandoned(journal)] == [1e9, 2e9, 3e9]


def test_only_so_many_closed_acts_are_kept(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEEP_CLOSED", 3)
    for at in range(10):
        act = journal.begin(msgspec.structs.replace(INTENT, at=1e9 + at))
        act.close("done")
    kept = sorted(path.name for path in (act.path.parent / "closed").iterdir())
    assert [name[:15] for name in kept] == ["20010909T014647", "20010909T014648", "20010909T014649"]


def test_nobody_else_may_read_it(journal: Journal) -> None:
    act = journal.begin(INTENT)
    assert act.path.parent.stat().st_mode & 0o077 == 0
    act.leave()


@pytest.fixture
def public() -> Iterator[Path]:
    """A directory that every user gets into."""
    with TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o777)
        yield path


@contextmanager
def as_somebody_else() -> Iterator[None]:
    """Without the powers of root, where the tests have them."""
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(mine)


@pytest.mark.parametrize("mode", [0o000, 0o444])
def test_what_root_left_there_does_not_keep_a_user_from_working(public: Path, mode: int) -> None:
    """With sudo and the user's HOME, vmferry runs as root in the user's journal."""
    journal = Journal(public)
    act = journal.begin(INTENT)
    act.leave()
    act.path.chmod(mode)
    with as_somebody_else():
        assert abandoned(journal) == []
        assert [intent for _, intent in journal.open()] == ([INTENT] if mode else [])
        journal.begin(INTENT).close("done")
    act.path.chmod(0o600)
    assert [found.path for found in abandoned(journal)] == [act.path]


def test_where_it_cannot_be_written_a_sentence_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BadConfiguration) as error:
        Journal(tmp_path / "file" / "acts").begin(INTENT)
    assert "journal cannot be written" in str(error.value)
    assert "without a journal nothing is changed" in str(error.value)


def test_a_disk_that_fills_up_in_the_middle_is_a_sentence_too(journal: Journal) -> None:
    act = journal.begin(INTENT)
    full = Path("/dev/full").open("r+b", buffering=0)  # noqa: SIM115
    broken = Act(act.path, full, list(act.entries))
    with pytest.raises(BadConfiguration, match="No space left"):
        broken.note("moving", "x")
    broken.leave()
    act.leave()


def test_the_default_lies_in_the_state_directory_of_the_user(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    act = Journal.default().begin(INTENT)
    assert act.path.is_relative_to(tmp_path / "vmferry" / "acts")
    act.leave()
