"""What crosses the wire is compressed where the server allows it."""

from __future__ import annotations

from backends.clusters.ssh.remote import SshHost
from ssh.conftest import Connect
from ssh.sshd import Server


async def test_what_repeats_itself_is_sent_once(alpha: Server, connect: Connect) -> None:
    host = await connect("alpha").first()
    assert isinstance(host, SshHost)
    said = await host.run(("cat",), stdin=b"<nvpair/>\n" * 100_000)
    assert said.stdout == b"<nvpair/>\n" * 100_000
    connection = await host.connection()
    for way in ("send_compression", "recv_compression"):
        assert connection.get_extra_info(way) == "zlib@openssh.com"
