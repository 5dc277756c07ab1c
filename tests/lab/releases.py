"""The root file systems that nodes stand on: this machine's own, or one of another Debian release.

A release is fetched once and kept. Delete its directory to have a newer one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab import cache, packages
from lab.system import LabError, call, write

HOST = "host"
RELEASES = ("bookworm", "trixie", "sid")
VARIABLE = "VMFERRY_LAB_RELEASE"
ROOTS = cache.DIRECTORY / "roots"
FETCH = ("mmdebstrap", "--variant=important", "--quiet")


@dataclass(frozen=True, slots=True)
class Root:
    """A file system that nodes share, and that none of them writes to."""

    release: str
    directory: Path

    @property
    def capabilities(self) -> Path:
        """What libvirt found out about the emulator there; of no use with another emulator."""
        return cache.CAPABILITIES / (self.directory.name or HOST)

    def text(self, path: str) -> str:
        """A file of it."""
        return (self.directory / path).read_text()

    def number(self, kind: str, name: str) -> int:
        """The number of a user ("passwd") or a group ("group"). They differ between releases."""
        for line in self.text(f"etc/{kind}").splitlines():
            found, _, number, *_ = line.split(":")
            if found == name:
                return int(number)
        raise LabError(f"{self.directory} knows no {name} in its etc/{kind}")


def of_nodes(text: str | None, count: int) -> tuple[str, ...]:
    """The release of each node, from one name for all or as many as there are nodes.

    Without a text VMFERRY_LAB_RELEASE says it, or else nodes are of this machine's own system.
    Raises LabError where that names no releases.
    """
    names = (text or os.environ.get(VARIABLE) or HOST).split(",")
    if unknown := set(names) - {HOST, *RELEASES}:
        raise LabError(f"no release {', '.join(sorted(unknown))}: {HOST}, {', '.join(RELEASES)}")
    if len(names) not in (1, count):
        raise LabError(f"{len(names)} releases for {count} nodes: name one, or one for each node")
    return tuple(names * count if len(names) == 1 else names)


def prepare(names: Sequence[str]) -> dict[str, Root]:
    """The roots of these releases; what is missing is fetched. Raises LabError where it cannot."""
    return {name: Root(name, Path("/") if name == HOST else _kept(name)) for name in set(names)}


def _kept(release: str) -> Path:
    """Its directory. It bears its name only when it is whole, and changes its name with what is
    wanted of it, so that nothing is ever changed beneath a running node."""
    wanted = ",".join((*packages.NODE, *packages.OF_A_ROOT))
    recipe = hashlib.sha256(" ".join((*FETCH, wanted)).encode()).hexdigest()[:8]
    kept = ROOTS / f"{release}-{recipe}"
    with cache.locked(f"root-{release}"):
        if not kept.is_dir():
            _fetch(release, wanted, kept)
    return kept


def _fetch(release: str, wanted: str, kept: Path) -> None:
    half, log = kept.with_suffix(".half"), kept.with_suffix(".log")
    shutil.rmtree(half, ignore_errors=True)
    options = kept.with_suffix(".apt")
    write(options, packages.apt_options())
    words = (*FETCH, f"--include={wanted}", f"--aptopt={options}", release, half)
    with log.open("w") as output:
        done = subprocess.run(
            [*map(str, words), packages.mirror()],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=packages.APT_ENVIRONMENT,
            cwd="/",
        )
    if done.returncode:
        raise LabError(f"{release} cannot be fetched, see {log}:\n{_end(log)}")
    call("chroot", half, "apt-get", "clean")
    half.rename(kept)


def _end(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-5:])
