"""Host keys and logins: nothing is trusted that was not accepted, and each refusal says what to do.

The messages are checked here because the operator acts on them.
"""

from __future__ import annotations

import asyncio
import hmac
import subprocess
from base64 import b64encode
from pathlib import Path

import asyncssh
import pytest

from backends.clusters.ssh.known_hosts import KnownHosts, trusted
from backends.data.errors import (
    BadConfiguration,
    HostKeyChanged,
    HostKeyUnknown,
    LoginRefused,
    Unreachable,
)
from ssh.conftest import Connect, Serve
from ssh.site import Site
from ssh.sshd import Server


async def test_an_unknown_key_is_not_accepted(serve: Serve, connect: Connect, site: Site) -> None:
    server = await serve("alpha", known=False)
    with pytest.raises(HostKeyUnknown) as failure:
        await connect("alpha").first()
    said = str(failure.value)
    assert said.startswith("alpha: its host key is not known: ssh-ed25519")
    assert server.key.get_fingerprint() in said
    assert "`ssh alpha`" in said
    assert f"ssh-keyscan -t ed25519 -p {server.port} 127.0.0.1 >> {site.known_hosts}" in said
    assert server.logins == 0
    assert site.known_hosts.read_text() == ""


async def test_a_changed_key_is_not_accepted(serve: Serve, connect: Connect, site: Site) -> None:
    server = await serve("alpha", known=False)
    site.know("# comment", server.key)
    site.know(f"[127.0.0.1]:{server.port}", asyncssh.generate_private_key("ssh-ed25519"))
    with pytest.raises(HostKeyChanged) as failure:
        await connect("alpha").first()
    said = str(failure.value)
    assert server.key.get_fingerprint() in said
    assert f"{site.known_hosts}:2" in said
    assert f"ssh-keygen -R '[127.0.0.1]:{server.port}'" in said
    assert server.logins == 0


async def test_a_key_of_another_kind_is_a_changed_key(
    serve: Serve, connect: Connect, site: Site
) -> None:
    server = await serve("alpha", known=False)
    other = asyncssh.generate_private_key("ecdsa-sha2-nistp256")
    site.know(f"[127.0.0.1]:{server.port}", other)
    with pytest.raises(HostKeyChanged, match="ecdsa-sha2-nistp256"):
        await connect("alpha").first()


async def test_a_revoked_key_is_not_accepted(alpha: Server, connect: Connect, site: Site) -> None:
    site.know(f"@revoked [127.0.0.1]:{alpha.port}", alpha.key)
    with pytest.raises(HostKeyChanged, match="revoked"):
        await connect("alpha").first()


async def test_a_key_known_by_another_name_is_not_accepted(
    serve: Serve, connect: Connect, site: Site
) -> None:
    server = await serve("alpha")
    site.config.write_text(
        f"Host alpha\n  HostName localhost\n  Port {server.port}\n{site.config.read_text()}"
    )
    with pytest.raises(HostKeyUnknown):
        await connect("alpha").first()


@pytest.mark.parametrize("value", ["none", "/dev/null", "none\n  GlobalKnownHostsFile /dev/null"])
async def test_checking_cannot_be_switched_off(
    serve: Serve, connect: Connect, site: Site, value: str
) -> None:
    site.say("Host alpha", f"  UserKnownHostsFile {value}")
    server = await serve("alpha")
    with pytest.raises(BadConfiguration, match="checks every host key"):
        await connect("alpha").first()
    assert server.attempts == 0


async def test_it_cannot_be_switched_off_for_a_jump_host_either(
    alpha: Server, serve: Serve, connect: Connect, site: Site
) -> None:
    site.say("Host beta", "  ProxyJump alpha")
    site.say("Host alpha", "  UserKnownHostsFile none")
    await serve("beta")
    with pytest.raises(BadConfiguration, match="checks every host key"):
        await connect("beta").first()
    assert alpha.attempts == 0


async def test_known_hosts_may_be_named_on_the_command_line(
    serve: Serve, connect: Connect, site: Site, tmp_path: Path
) -> None:
    server = await serve("alpha", known=False)
    mine = tmp_path / "mine"
    mine.write_text(f"[127.0.0.1]:{server.port} {server.key.export_public_key().decode()}")
    await connect("alpha", known_hosts=mine).first()
    with pytest.raises(BadConfiguration):
        await connect("alpha", known_hosts=Path("/dev/null")).first()


def test_hashed_names_wildcards_and_broken_lines_are_read_as_ssh_does(tmp_path: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519").convert_to_public()
    text = key.export_public_key().decode()
    file = tmp_path / "known_hosts"
    salt = b"0123456789abcdefghij"
    digest = hmac.new(salt, b"alpha", "sha1").digest()
    hashed = f"|1|{b64encode(salt).decode()}|{b64encode(digest).decode()}"
    file.write_text(f"broken\n\n{hashed} {text}*.example,!x.example {text}[gamma]:2222 {text}")
    files = KnownHosts.of([str(file), str(tmp_path / "missing")], [])
    known = files.read()
    assert trusted(known, "a.example", None).keys == [key]
    assert trusted(known, "x.example", None).keys == []
    assert trusted(known, "gamma", 2222).keys == [key]
    assert trusted(known, "gamma", None).keys == []
    assert trusted(known, "alpha", None).keys == [key]
    assert trusted(known, "beta", None).keys == []
    assert files.places("gamma", 2222) == [f"{file}:5"]


async def test_a_refused_login_names_user_and_keys(
    alpha: Server, connect: Connect, site: Site
) -> None:
    with pytest.raises(LoginRefused) as failure:
        await connect("nobody@alpha").first()
    said = str(failure.value)
    assert said.startswith("alpha: the login as nobody was refused")
    assert site.key.get_fingerprint() in said
    assert alpha.logins == 0


async def test_an_encrypted_key_without_an_agent_says_so(
    alpha: Server, connect: Connect, site: Site
) -> None:
    keygen = ("ssh-keygen", "-q", "-p", "-P", "", "-N", "secret", "-f", str(site.identity))
    site.identity.chmod(0o600)
    await (await asyncio.create_subprocess_exec(*keygen, stdout=subprocess.DEVNULL)).wait()
    with pytest.raises(LoginRefused, match=f"ssh-add {site.identity}"):
        await connect("alpha").first()


async def test_an_identity_on_the_command_line_comes_before_the_configuration(
    alpha: Server, connect: Connect, site: Site, tmp_path: Path
) -> None:
    good = tmp_path / "good"
    site.key.write_private_key(str(good))
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(site.identity))
    with pytest.raises(LoginRefused):
        await connect("alpha").first()
    await connect("alpha", identity=good).first()
    with pytest.raises(BadConfiguration, match="there is no key"):
        await connect("alpha", identity=tmp_path / "none").first()


async def test_a_key_that_is_named_but_not_there_is_passed_over(
    alpha: Server, connect: Connect, site: Site
) -> None:
    site.config.write_text(f"IdentityFile {site.home}/not-there\n{site.config.read_text()}")
    await connect("alpha").first()
    assert alpha.logins == 1


@pytest.mark.parametrize("text", ["Host alpha\n  Port many\n", "Host 'alpha\n"])
async def test_a_broken_configuration_is_named_with_its_line(
    connect: Connect, site: Site, text: str
) -> None:
    site.config.write_text(text)
    with pytest.raises(BadConfiguration, match=r"config line \d"):
        await connect("alpha").first()


async def test_a_configuration_that_is_not_there_is_said(connect: Connect, site: Site) -> None:
    site.config.unlink()
    with pytest.raises(BadConfiguration, match="there is no SSH configuration"):
        await connect("alpha").first()


async def test_nothing_is_printed(
    serve: Serve, connect: Connect, capfd: pytest.CaptureFixture[str]
) -> None:
    await serve("alpha", known=False)
    with pytest.raises(Unreachable):
        await connect("alpha").first()
    assert capfd.readouterr() == ("", "")
