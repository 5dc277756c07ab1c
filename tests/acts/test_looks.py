"""When a cluster was looked at last: kept for each, and never in the way."""

from __future__ import annotations

from pathlib import Path

from backends.acts.looks import FILE, Looks


def test_it_is_kept_for_each_cluster(tmp_path: Path) -> None:
    Looks(tmp_path / "state").note("prod", 1000.0)
    Looks(tmp_path / "state").note("test", 2000.0)
    known = Looks(tmp_path / "state")
    assert (known.last("prod"), known.last("test"), known.last("new")) == (1000.0, 2000.0, None)


def test_a_damaged_file_is_as_good_as_none_and_is_written_anew(tmp_path: Path) -> None:
    looks = Looks(tmp_path)
    for content in ("{", "[]", '{"prod": "soon"}'):
        (tmp_path / FILE).write_text(content)
        assert looks.last("prod") is None
    looks.note("prod", 3.0)
    assert looks.last("prod") == 3.0


def test_a_directory_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    looks = Looks(tmp_path / "state")
    looks.note("prod", 1.0)
    assert looks.last("prod") is None
