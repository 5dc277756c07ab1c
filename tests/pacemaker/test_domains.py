"""The name of a domain stands in its file, whatever the resource is called."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from backends.pacemaker import domains
from backends.pacemaker.cib import parse_cib
from pacemaker.cibs import cib, vm


def ask(*files: Path) -> dict[str, str]:
    names = [str(file) for file in files]
    done = subprocess.run(domains.command(names), capture_output=True, check=True)
    return domains.parse(done.stdout, names)


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


DOMAIN = "<domain type='kvm'>\n  {}\n  <devices><x><name>inner</name></x></devices>\n</domain>\n"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("<name>web1-guest</name>", "web1-guest"),
        ("<uuid>1</uuid><name>web1</name><memory>5</memory>", "web1"),
        ("<name> padded </name>", "padded"),
        ("<name>a&amp;b</name>", "a&b"),
        ("<name>[red]x[/]</name>", "[red]x[/]"),
        ("<name>漢字</name>", "漢字"),
        ("<name>$(reboot)</name>", "$(reboot)"),
    ],
)
def test_the_first_name_in_the_file_is_the_domains(tmp_path: Path, line: str, name: str) -> None:
    file = write(tmp_path / "web1.xml", DOMAIN.format(line))
    assert ask(file) == {str(file): name}


def test_a_file_that_is_missing_or_has_no_name_is_passed_over(tmp_path: Path) -> None:
    good = write(tmp_path / "good.xml", DOMAIN.format("<name>good</name>"))
    empty = write(tmp_path / "empty.xml", "")
    last = write(tmp_path / "last.xml", DOMAIN.format("<name>last</name>"))
    found = ask(tmp_path / "missing.xml", good, empty, tmp_path / "gone.xml", last)
    assert found == {str(good): "good", str(last): "last"}


@pytest.mark.parametrize("name", ["with space.xml", "$(touch x).xml", "-n.xml", "it's.xml", "%s"])
def test_no_path_is_more_than_a_path(tmp_path: Path, name: str) -> None:
    file = write(tmp_path / name, DOMAIN.format("<name>web1</name>"))
    assert ask(file) == {str(file): "web1"}
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_name_that_the_configuration_gives_outweighs_a_file() -> None:
    server = 'class="ocf" provider="alteeve" type="server"'
    found = parse_cib(
        cib(
            vm("a", parameters={"config": "/a.xml"})
            + vm("b", parameters={"name": "srv-b"}, attributes=server)
            + vm("c", parameters={"config": "/c.xml"})
        )
    )
    names = domains.by_vm(found.vms, {"/a.xml": "guest-a"})
    assert names == {"a": "guest-a", "b": "srv-b"}
