"""What `doctor --json` prints: schema 1, a contract.

`check` names what was looked at within its topic, the same in every cluster. `concerns` are the VMs
that a finding stands in the way of, where it is no VM's own; empty means all. A cure's lines are to
be typed, or put into its `file`; `node` is where, and `family` for which distributions: `any`,
`debian`, `rhel`, `suse`. `effect` is what becomes of a live migration that leads past the finding:
`restarts`, `sending fails`, `arriving fails` or `harms`; `ways` are those migrations, `null` being
any node; empty means all from and to its node, or simply all. `argv` is there where it is one
command that vmferry knows, and `restarts` says that it restarts the VM.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from backends.data.examination import Cure, Finding, State
from tui.cli.documents import SCHEMA, Document


def report_document(
    findings: Sequence[Finding], *, cluster: str | None, vm: str | None = None
) -> Document:
    """The findings, the worst first."""
    counts = Counter(finding.state for finding in findings)
    return {
        "schema": SCHEMA,
        "cluster": cluster,
        "vm": vm,
        "counts": {state.value: counts[state] for state in State},
        "findings": [_finding(finding) for finding in findings],
    }


def _finding(finding: Finding) -> Document:
    return {
        "topic": finding.topic.value,
        "check": finding.check,
        "state": finding.state.value,
        "node": finding.node,
        "vm": finding.vm,
        "concerns": list(finding.concerns),
        "seen": finding.seen,
        "why": finding.why or None,
        "effect": finding.effect.value if finding.effect is not None else None,
        "ways": [{"source": way.source, "target": way.target} for way in finding.ways],
        "cures": [_cure(cure, finding) for cure in finding.cures],
    }


def _cure(cure: Cure, finding: Finding) -> Document:
    return {
        "lines": list(cure.lines),
        "file": cure.file,
        "node": cure.node or finding.node,
        "family": cure.family.value,
        "argv": list(cure.command.argv) if cure.command is not None else None,
        "restarts": cure.restarts,
    }
