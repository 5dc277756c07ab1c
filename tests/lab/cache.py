"""What labs share and keep: guest kernel, keys, emulator, libvirt's knowledge of emulators."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab import files, guest, packages
from lab.system import call, write

NODE_NAMES = ("alpha", "bravo", "charlie", "delta", "echo")
DIRECTORY = Path(os.environ.get("VMFERRY_LAB_CACHE") or "/var/cache/vmferry-lab")
BOOT = DIRECTORY / "boot"
BIN = DIRECTORY / "bin"
SSH = DIRECTORY / "ssh"
CAPABILITIES = DIRECTORY / "emulators"
EMULATOR = "qemu-system-x86_64"


def prepare() -> None:
    """Install and build what is missing; one process at a time."""
    with locked():
        packages.install(DIRECTORY / "apt.log")
        _keys()
        _emulator()
        _guest()


def keep_capabilities(source: Path, kept: Path) -> None:
    """Keep what libvirt found out about an emulator, or else every node would probe it again."""
    with locked():
        if source.is_dir() and any(source.iterdir()) and not kept.exists():
            shutil.copytree(source, kept)


def key(name: str) -> Path:
    """A private key; its public half is beside it."""
    return SSH / name


def public(name: str) -> str:
    """The public half of a key, one line."""
    return Path(f"{key(name)}.pub").read_text()


@contextmanager
def locked(name: str = "lock") -> Iterator[None]:
    """Be alone, of all processes, with what bears this name."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    with (DIRECTORY / name).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _keys() -> None:
    SSH.mkdir(mode=0o700, exist_ok=True)
    for name in ("operator", "cluster", *(f"host-{node}" for node in NODE_NAMES)):
        if not key(name).exists():
            call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", key(name))


def _emulator() -> None:
    """libvirt keys its capabilities by the path and ctime of the emulator: leave it untouched."""
    script = files.text(EMULATOR)
    kept = BIN / EMULATOR
    if not kept.exists() or kept.read_text() != script:
        write(kept, script, 0o755)
        shutil.rmtree(CAPABILITIES, ignore_errors=True)


def _guest() -> None:
    source = files.text("guest.c")
    built_from = BOOT / "guest.c"
    is_built = (BOOT / "kernel").exists() and built_from.exists()
    if not is_built or built_from.read_text() != source:
        BOOT.mkdir(exist_ok=True)
        guest.build(BOOT)
        write(built_from, source)
