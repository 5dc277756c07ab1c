"""What runs in a VM of the lab: its kernel and initrd, and what its console tells."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lab import packages
from lab.files import FILES
from lab.system import LabError, call

MODULES = (
    *(f"drivers/virtio/{name}" for name in ("virtio", "virtio_ring", "virtio_balloon")),
    *(f"drivers/virtio/virtio_pci{name}" for name in ("", "_modern_dev", "_legacy_dev")),
    "drivers/block/virtio_blk",
    "drivers/acpi/button",
    "drivers/input/evdev",
)
TICK = re.compile(
    rb"^LAB \S+ boot_id=(?P<boot_id>[0-9a-f-]{36}) boots=(?P<boots>\d+) tick=(?P<ticks>\d+)\r?$",
    re.MULTILINE,
)
TAIL_BYTES = 4096
LZ4_LEGACY = b"\x02\x21\x4c\x18"


@dataclass(frozen=True, slots=True)
class Guest:
    """What a guest last said of itself: which boot it is in and how many seconds it has counted."""

    boot_id: str
    boots: int
    ticks: int


def read_console(console: Path) -> Guest | None:
    """The last whole tick on a console; None before the first."""
    try:
        with console.open("rb") as stream:
            stream.seek(max(0, os.fstat(stream.fileno()).st_size - TAIL_BYTES))
            tail = stream.read()
    except FileNotFoundError:
        return None
    ticks = list(TICK.finditer(tail[: tail.rfind(b"\n") + 1]))
    if not ticks:
        return None
    last = ticks[-1]
    return Guest(last["boot_id"].decode(), int(last["boots"]), int(last["ticks"]))


def build(directory: Path) -> None:
    """Make `kernel` and `initrd` in a directory: a distribution's kernel and one program.

    Neither is compressed: a guest is emulated, and would spend a fifth of its boot on that.
    """
    with tempfile.TemporaryDirectory(dir=directory) as name:
        work = Path(name)
        kernel, modules = _unpack_kernel(work)
        tree = work / "initrd"
        for folder in ("proc", "sys", "dev", "lib"):
            (tree / folder).mkdir(parents=True)
        for module in modules:
            shutil.copy(module, tree / "lib")
        call("gcc", "-O2", "-static", "-s", "-w", "-o", tree / "init", FILES / "guest.c")
        archive = work / "initrd.cpio"
        _shell('find . | cpio -o -H newc --quiet >"$1"', archive, cwd=tree)
        archive.rename(directory / "initrd")
        _expanded(kernel).rename(directory / "kernel")


def _unpack_kernel(work: Path) -> tuple[Path, list[Path]]:
    package = packages.download(packages.guest_kernel(), work)
    patterns = ["./boot/vmlinuz-*", *(f"./lib/modules/*/kernel/{name}.ko*" for name in MODULES)]
    _shell(
        'deb=$1; shift; dpkg-deb --fsys-tarfile "$deb" | tar -x --wildcards "$@"',
        package,
        *patterns,
        cwd=work,
    )
    modules = list(work.glob("lib/modules/**/*.ko"))
    if len(modules) < len(MODULES):
        raise LabError(f"{package.name} has not all the modules a guest needs: {MODULES}")
    return next(work.glob("boot/vmlinuz-*")), modules


def _expanded(kernel: Path) -> Path:
    """The kernel within a bzImage (Linux' boot protocol, 2.08) where it is packed as LZ4; else that
    image, which boots as well. The last four bytes of the payload are its length."""
    image = kernel.read_bytes()
    protected = (image[0x1F1] + 1) * 512
    offset, length = struct.unpack_from("<II", image, 0x248)
    payload = image[protected + offset :][: length - 4]
    if not payload.startswith(LZ4_LEGACY):
        return kernel
    packed, expanded = kernel.with_suffix(".lz4"), kernel.with_suffix(".elf")
    packed.write_bytes(payload)
    call("lz4", "-d", "-q", packed, expanded)
    return expanded


def _shell(script: str, *arguments: object, cwd: Path) -> None:
    words = ["bash", "-o", "pipefail", "-ec", script, "bash", *map(str, arguments)]
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise LabError(f"{script}: {done.stderr.strip()}")
