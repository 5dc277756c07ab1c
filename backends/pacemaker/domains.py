"""The names of the VMs' domains, which stand in their configuration files and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import unescape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backends.pacemaker.cib import VMResource

SCRIPT = r"""
for file; do
  printf '%s\n' "$file"
  sed -n 's:.*<name>\([^<]*\)</name>.*:\1:p;/<name>/q' "$file" 2>/dev/null
done
"""
"""A POSIX shell's: each file's path, and on the next line the first name in it if there is one."""


def command(files: Sequence[str]) -> tuple[str, ...]:
    return ("sh", "-c", SCRIPT, "vmferry", *files)


def parse(answer: bytes, files: Sequence[str]) -> dict[str, str]:
    """The domain's name of each file that has one."""
    names: dict[str, str] = {}
    waiting = list(files)
    current: str | None = None
    for line in answer.decode(errors="replace").splitlines():
        if waiting and line == waiting[0]:
            current = waiting.pop(0)
        elif current is not None and re.search(r"\S", line):
            names.setdefault(current, unescape(line.strip()))
    return names


def by_vm(vms: Sequence[VMResource], names: Mapping[str, str]) -> dict[str, str]:
    """The domain's name of each VM where it is known."""
    found = ((vm.id, vm.domain or names.get(vm.config or "")) for vm in vms)
    return {vm: name for vm, name in found if name}
