"""What crosses the wire is compressed where the server allows it, and encrypted the cheap way."""

from __future__ import annotations

from backends.clusters.ssh.remote import SshHost
from ssh.conftest import Connect
from ssh.site import Site
from ssh.sshd import Server


async def test_what_repeats_itself_is_sent_once(alpha: Server, connect: Connect) -> None:
    host = await connect("alpha").first()
    assert isinstance(host, SshHost)
    said = await host.run(("cat",), stdin=b"<nvpair/>\n" * 100_000)
    assert said.stdout == b"<nvpair/>\n" * 100_000
    connection = await host.connection()
    for way in ("send_compression", "recv_compression"):
        assert connection.get_extra_info(way) == "zlib@openssh.com"


async def test_it_is_encrypted_by_what_costs_least_unless_somebody_wants_another_way(
    alpha: Server, connect: Connect, site: Site
) -> None:
    for wanted, found in ((None, "aes128-gcm@openssh.com"), ("aes256-ctr", "aes256-ctr")):
        if wanted:
            site.say(f"Ciphers {wanted}")
        host = await connect("alpha").first()
        assert isinstance(host, SshHost)
        connection = await host.connection()
        for way in ("send_cipher", "recv_cipher"):
            assert connection.get_extra_info(way) == found
