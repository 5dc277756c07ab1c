"""A lab whose record has just begun, and what its operators and its bad luck do to it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backends.past.recorded import DIRECTORY
from incidents.kept import keep
from incidents.truth import Truth
from lab import Lab
from lab.system import call
from live.test_command_line import vmferry

KEPT = "VMFERRY_KEEP_INCIDENTS"
"""Names a directory that gets what each incident left behind; see tests/samples/incidents."""
LONG_S = 180.0


@dataclass(frozen=True, slots=True)
class Scene:
    lab: Lab
    state: Path

    def begin(self, **timeouts_s: int) -> None:
        """Let the record begin now, whatever happened before. Timeouts are of «VM_operation»."""
        for name, seconds in timeouts_s.items():
            operation = f'<op id="{name.replace("_", "-", 1)}" timeout="{seconds}s"/>'
            self.lab.cluster.ask("cibadmin", "--modify", "--xml-text", operation)
        self.rest()
        for node in self.lab.nodes:
            self.lab.run(node, "sh", "-c", f"rm -f {DIRECTORY}/pe-*.bz2")
        stamp = ("crm_attribute", "--type", "crm_config", "--name", "record", "--update")
        self.lab.cluster.ask(*stamp, time.time_ns())
        self.until(self._has_begun, "the first decision on record")
        self.rest()

    def _has_begun(self) -> bool:
        list_ = f"ls {DIRECTORY}/pe-*.bz2"
        return any(self.lab.run(n, "sh", "-c", list_, check=False) for n in self.lab.nodes)

    def until(self, predicate: Callable[[], object], what: str) -> None:
        self.lab.wait(predicate, LONG_S, what)

    def rest(self) -> None:
        self.until(self.lab.cluster.is_idle, "nothing is under way any more")

    def move(self, vm: str, node: str, by: str) -> None:
        """A colleague on another node moves a VM."""
        self.lab.run(by, "crm_resource", "--move", "--resource", vm, "--node", node)

    def copying(self, vm: str, source: str) -> None:
        """Wait for the middle of its copy."""

        def runs() -> bool:
            job = self.lab.run(source, "virsh", "domjobinfo", vm, check=False)
            return "Data processed" in job

        self.until(runs, f"{vm} is copied from {source}")

    def rebooted(self, vm: str, boots: int) -> None:
        self.until(lambda: self.lab.guest(vm).boots > boots, f"the guest of {vm} boots anew")

    def is_lost(self, node: str) -> bool:
        """Whether the others have noticed, and fenced it."""
        return self.lab.members[node].init_pid is None and not self._online(node)

    def _online(self, node: str) -> bool:
        status = self.lab.crm_mon().find(f"./nodes/node[@name='{node}']")
        return status is not None and (
            status.get("online") == "true" or status.get("unclean") == "true"
        )

    def back(self, node: str) -> None:
        """Give a node its power again; for now nothing returns to it."""
        self.lab.run(self._standing()[0], "crm_standby", "--node", node, "--update", "on")
        self.lab.start(node)
        self.lab.wait_online()
        self.rest()

    def dc(self) -> str:
        current = self.lab.crm_mon().find("summary/current_dc")
        assert current is not None
        return current.get("name", "")

    @contextmanager
    def rule(self, node: str, *words: str) -> Iterator[None]:
        """A rule of a node's packet filter, as long as it has power."""
        pid = self.lab.members[node].init_pid
        inside = ("nsenter", f"--target={pid}", "--net", "iptables", "--wait")
        call(*inside, "--append", *words)
        try:
            yield
        finally:
            call(*inside, "--delete", *words, check=False)

    def judge(self, truth: Truth) -> None:
        """Ask why, with the logs of all nodes and without: cause, object and who must be right."""
        self._keep(truth)
        for logs in (True, False):
            if not logs:
                for node in self._standing():
                    words = "find /var/log -type f -exec truncate -s 0 {} +"
                    self.lab.run(node, "sh", "-c", words)
            answer = self.why(truth.subject)
            objections = truth.objections(answer)
            told = json.dumps(answer, indent=1, ensure_ascii=False)
            assert not objections, f"logs: {logs}\n" + "\n".join([*objections, told])

    def why(self, subject: str) -> dict[str, object]:
        host = self._standing()[0]
        done = vmferry(self.lab, "why", subject, "--json", state=self.state, host=host)
        assert done.returncode == 0, done.stderr
        answer: dict[str, object] = json.loads(done.stdout)
        return answer

    def _standing(self) -> list[str]:
        return [node for node in self.lab.nodes if self.lab.members[node].init_pid]

    def _keep(self, truth: Truth) -> None:
        if (directory := os.environ.get(KEPT)) is not None:
            test = os.environ["PYTEST_CURRENT_TEST"].rpartition("::")[2].partition("[")[0]
            file = Path(directory) / f"{test.removeprefix('test_')}.tar.xz"
            keep(self.lab, self._standing(), truth, file, time.time())
