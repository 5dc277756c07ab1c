"""The transition graphs of a release's scheduler over a CIB in a file: no cluster is needed."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lxml import etree

IN_ROOT = r"""
mount -t tmpfs none "$1/tmp" && exec chroot "$1" sh -c '
cd /tmp && crm_simulate -p -S -t "$1" -G graph >/dev/null && cat graph' sh "$2"
"""
"""A POSIX shell's, in a mount namespace of its own: nothing is written to the root."""

INVALID_CONFIGURATION = 78
"""`CRM_EX_CONFIG`."""


@dataclass(frozen=True)
class Graph:
    """What the scheduler hands to the executors."""

    operations: dict[str, dict[str, dict[str, str]]]
    """By resource and operation, with its parameters and options."""
    fences: bool


@dataclass(frozen=True)
class Scheduler:
    """crm_simulate in the root file system of a release, or in this machine's."""

    root: Path

    @cached_property
    def version(self) -> str:
        argv = ("chroot", self.root, "crm_simulate", "--version")
        answer = subprocess.run(argv, check=True, capture_output=True)
        found = re.search(r"\d+\.\d+\.\d+", answer.stdout.decode())
        assert found is not None
        return found[0]

    def scheduled(self, data: bytes, moment: str, zone: str) -> Graph | None:
        """`None` where the CIB cannot be brought to the schema of this release: no such cluster
        runs it."""
        graph = subprocess.run(
            ("unshare", "--mount", "sh", "-c", IN_ROOT, "sh", self.root, moment),
            input=data,
            capture_output=True,
            env={"PATH": os.environ["PATH"], "TZ": zone, "CIB_shadow_dir": "/tmp"},
        )
        if graph.returncode == INVALID_CONFIGURATION:
            return None
        assert graph.returncode == 0, graph.stderr.decode()
        root = etree.fromstring(graph.stdout)
        found: dict[str, dict[str, dict[str, str]]] = {}
        for operation in root.iterfind(".//action_set/rsc_op"):
            resource = operation.find("primitive")
            said = operation.find("attributes")
            assert resource is not None and said is not None
            attributes = {str(key): str(value) for key, value in said.attrib.items()}
            of_it = found.setdefault(resource.get("id", ""), {})
            of_it[operation.get("operation", "")] = attributes
        fences = root.find(".//action_set/crm_event[@operation='stonith']") is not None
        return Graph(found, fences)
