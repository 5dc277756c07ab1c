from __future__ import annotations

from pathlib import Path

import pytest

from cli.conftest import Vmferry
from cli.still import StillBackend
from tui.cli.configuration import Target

CONFIGURATION = """
default = "prod"
log = "vmferry.log"
theme = "vmferry-light"

[clusters.prod]
hosts = ["alpha", "beta"]
user = "operator"
sudo = true
identity = "keys/prod"
known_hosts = "~/known"

[clusters.lab]
hosts = ["lab1"]
read_only = true
"""


@pytest.fixture
def configured(home: Path) -> Path:
    path = home / ".config/vmferry/config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(CONFIGURATION)
    return path


def asked(vmferry: Vmferry, *args: str) -> Target:
    assert vmferry(*args, on=StillBackend()).code == 0
    assert vmferry.target is not None
    return vmferry.target


def test_a_named_cluster_brings_its_hosts_and_login(
    vmferry: Vmferry, configured: Path, home: Path
) -> None:
    assert asked(vmferry, "status", "-c", "prod") == Target(
        hosts=("alpha", "beta"),
        name="prod",
        user="operator",
        sudo=True,
        identity=configured.parent / "keys/prod",
        known_hosts=home / "known",
        log=configured.parent / "vmferry.log",
        theme="vmferry-light",
    )


def test_the_default_cluster_is_taken_where_none_is_named(
    vmferry: Vmferry, configured: Path
) -> None:
    assert asked(vmferry, "status").name == "prod"
    target = asked(vmferry, "status", "gamma")
    assert (target.hosts, target.name, target.user) == (("gamma",), None, None)


def test_without_any_host_it_is_the_cluster_of_this_machine(vmferry: Vmferry) -> None:
    assert asked(vmferry, "status") == Target()


def test_an_option_wins_over_the_file(vmferry: Vmferry, configured: Path) -> None:
    target = asked(vmferry, "status", "-c", "prod", "--user", "root", "--identity", "/k")
    assert (target.user, target.identity) == ("root", Path("/k"))


def test_read_only_holds_as_soon_as_one_says_so(vmferry: Vmferry, configured: Path) -> None:
    assert asked(vmferry, "status", "-c", "lab").read_only
    assert not asked(vmferry, "status", "-c", "prod").read_only
    assert asked(vmferry, "status", "-c", "prod", "--read-only").read_only
    configured.write_text("read_only = true\n" + CONFIGURATION)
    assert asked(vmferry, "status", "-c", "prod").read_only


OPTIONS = (
    *("--user", "op", "--sudo", "--read-only"),
    *("--ssh-config", "/s", "--known-hosts", "/k", "--identity", "/i", "--host", "alpha"),
)


def test_options_hold_before_and_after_the_command(vmferry: Vmferry) -> None:
    expected = Target(
        hosts=("alpha",),
        user="op",
        sudo=True,
        read_only=True,
        ssh_config=Path("/s"),
        known_hosts=Path("/k"),
        identity=Path("/i"),
    )
    assert asked(vmferry, *OPTIONS, "status") == expected
    assert asked(vmferry, "status", *OPTIONS) == expected


def test_hosts_may_be_words_or_options(vmferry: Vmferry) -> None:
    assert asked(vmferry, "status", "alpha", "--host", "status").hosts == ("alpha", "status")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("lgo = 'file'", ("lgo", "default, read_only, log, theme, agents, clusters")),
        ("agents = ['VirtualDomain']", ("agents", "ocf:")),
        ("agents = [{ agent = 'ocf:a:b', name = 'c' }]", ("agents", "name")),
        ("read_only = 'yes'", ("read_only: Expected `bool`",)),
        ("[clusters.prod]\nhost = 'alpha'", ("clusters.prod", "hosts")),
        ("[clusters.prod]\nhosts = 'alpha'", ("clusters.prod.hosts: Expected `array`",)),
        ("[clusters.prod]\nhosts = []", ("clusters.prod.hosts", "length >= 1")),
        ("[clusters.prod]\nhosts = ['a']\nhsots = 1", ("clusters.prod", "hsots")),
        ("clusters = 3", ("clusters: Expected `object`",)),
        ("default = prod", ("not TOML", "line 1")),
        ("[clusters.other]\nhosts = ['a']", ("no cluster 'prod'", "other")),
    ],
)
def test_a_bad_configuration_says_file_key_and_what_was_expected(
    vmferry: Vmferry, home: Path, text: str, says: tuple[str, ...]
) -> None:
    path = home / "bad.toml"
    path.write_text(text)
    ended = vmferry("status", "--config", str(path), "-c", "prod")
    assert (ended.code, ended.out) == (2, "")
    assert str(path) in ended.err
    for sentence in says:
        assert sentence in ended.err


def test_a_configuration_that_cannot_be_read(vmferry: Vmferry, home: Path) -> None:
    (home / "latin1.toml").write_bytes(b"log = '\xe9'")
    for path in (home / "missing.toml", home, home / "latin1.toml"):
        ended = vmferry("status", "--config", str(path))
        assert ended.code == 2
        assert ended.err.startswith(f"vmferry: {path}: ")


def test_agents_of_ones_own_are_named_with_what_their_parameters_mean(
    vmferry: Vmferry, configured: Path
) -> None:
    own = '{ agent = "ocf:ccni:xcatVirtualDomain", domain = "nodename", transport = "via" }'
    entry = f'[clusters.own]\nhosts = ["alpha"]\nagents = [{own}]'
    configured.write_text(f'agents = ["ocf:site:Domain"]\n{entry}')
    agents = asked(vmferry, "status", "-c", "own").agents
    assert [(agent.name, agent.domain, dict(agent.meanings)) for agent in agents] == [
        ("ocf:site:Domain", None, {}),
        ("ocf:ccni:xcatVirtualDomain", "nodename", {"migration_transport": "via"}),
    ]
