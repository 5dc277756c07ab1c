"""The real way to connect, where there is nothing to connect to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from waiting import PATIENCE_S


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["status", "nowhere"], 3),
        (["status", "--json", "nowhere"], 3),
        (["watch", "nowhere"], 3),
        (["migrate", "web01", "beta", "nowhere", "--yes"], 3),
        (["status", "--", "-oProxyCommand=touch x"], 2),
        (["status", "--ssh-config", "/nonexistent/config", "nowhere"], 2),
    ],
)
def test_a_host_that_cannot_be_reached_is_a_sentence(
    home: Path, args: list[str], code: int
) -> None:
    ssh_config = home / "ssh_config"
    ssh_config.write_text("Host nowhere\n  HostName 127.0.0.1\n  Port 1\n")
    ended = subprocess.run(
        [sys.executable, "-m", "tui.cli", "--ssh-config", str(ssh_config), *args],
        env={"HOME": str(home), "PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (code, "")
    first, *cure = ended.stderr.splitlines()
    assert first.startswith("vmferry: ")
    assert [line[:4] for line in cure] in ([], ["  → "])
