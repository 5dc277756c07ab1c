"""How fast the link to another node is, as the shell on a node finds it out."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from backends.doctor.timeouts import judge, link_bytes_per_s, probes
from doctor.cases import GiB, make, only, resource, vm

ROUTE = "10.0.0.2 dev br0 src 10.0.0.1 uid 0 \\    cache "
"""`ip -o route get` of iproute2 6.1."""


def told(tmp_path: Path, speeds: Mapping[str, str], below: Mapping[str, str]) -> dict[str, int]:
    """What the probe prints where /sys has these links, and these below others."""
    for link, speed in speeds.items():
        directory = tmp_path / "net" / link
        directory.mkdir(parents=True)
        (directory / "speed").write_text(f"{speed}\n")
        if link.startswith("vnet"):
            (directory / "tun_flags").write_text("0x1002\n")
    for link, above in below.items():
        (tmp_path / "net" / above / f"lower_{link}").symlink_to(tmp_path / "net" / link)
    (tmp_path / "ip").write_text(f"#!/bin/sh\necho '{ROUTE}'\n")
    (tmp_path / "getent").write_text("#!/bin/sh\necho '10.0.0.2 STREAM bravo'\n")
    for name in ("ip", "getent"):
        (tmp_path / name).chmod(0o755)
    (probe,) = probes(make(), "alpha")
    script = probe.script.replace("/sys/class/net", str(tmp_path / "net"))
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    answer = subprocess.run(
        ["sh", "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    return link_bytes_per_s(answer.stdout)


@pytest.mark.parametrize(
    ("speeds", "below", "expected"),
    [
        ({"br0": "10000"}, {}, {"bravo": 1_250_000_000}),
        ({"br0": "-1", "eno1": "1000"}, {"eno1": "br0"}, {"bravo": 125_000_000}),
        (
            {"br0": "", "bond0.7": "20000", "vnet0": "40000"},
            {"bond0.7": "br0", "vnet0": "br0"},
            {"bravo": 2_500_000_000},
        ),
        (
            {"br0": "-1", "bond0": "-1", "e1": "1000"},
            {"bond0": "br0", "e1": "bond0"},
            {"bravo": 125_000_000},
        ),
        ({"br0": "-1", "virtio": "-1"}, {"virtio": "br0"}, {}),
    ],
    ids=["its own", "a bridge", "beside a guest's", "two below each other", "nothing told"],
)
def test_a_bridge_has_the_speed_of_what_is_below(
    tmp_path: Path, speeds: dict[str, str], below: dict[str, str], expected: dict[str, int]
) -> None:
    assert told(tmp_path, speeds, below) == expected


def test_a_bandwidth_among_the_options_counts() -> None:
    own = resource(
        parameters={"migration_transport": "tcp", "migrate_options": "--bandwidth 32 --verbose"},
        operations={"migrate_to": {"timeout": "60s"}},
    )
    case = make(
        {"*": {"link speeds": "alpha 10000\nbravo 10000\n"}}, vms=[(vm(memory_bytes=8 * GiB), own)]
    )
    assert "at 32 MiB/s" in only(judge, case, "timeout of migrate_to").seen
