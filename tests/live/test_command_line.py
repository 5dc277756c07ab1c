"""The command line on a real cluster."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lab import Lab
from lab.pace import slowed
from waiting import PATIENCE_S

VMFERRY = Path(sys.executable).with_name("vmferry")


def vmferry(
    lab: Lab, *words: str, state: Path, host: str | None = "alpha"
) -> subprocess.CompletedProcess[str]:
    """Run the installed command as an operator would, without a terminal."""
    hosts = () if host is None else (host,)
    return subprocess.run(
        [VMFERRY, *words, "--ssh-config", lab.ssh_config, *hosts],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env={"PATH": "/usr/bin:/bin", "HOME": str(state), "XDG_STATE_HOME": str(state)},
    )


def test_migrate_waits_for_the_proven_end(settled_lab: Lab, tmp_path: Path) -> None:
    before = settled_lab.guest("web1")
    with slowed(settled_lab, "web1"):
        done = vmferry(settled_lab, "migrate", "web1", "charlie", "--yes", "--json", state=tmp_path)
    assert done.returncode == 0, done.stderr
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    assert {each["schema"] for each in objects} == {1}
    percents = [
        each["migration"]["percent"]
        for each in objects
        if each.get("migration") and each["migration"]["percent"] is not None
    ]
    assert len(set(percents)) > 5
    assert settled_lab.where("web1") == "charlie"
    after = settled_lab.wait_guest("web1", after_ticks=before.ticks + 2)
    assert (after.boot_id, after.boots) == (before.boot_id, before.boots)
    assert "cli-" not in settled_lab.run("alpha", "cibadmin", "-Q", "-o", "constraints")
    assert not list(tmp_path.glob("vmferry/acts/*.jsonl")), "the journal was left open"


def test_status_tells_the_whole_picture(settled_lab: Lab, tmp_path: Path) -> None:
    done = vmferry(settled_lab, "status", "--json", state=tmp_path)
    assert done.returncode == 0, done.stderr
    status = json.loads(done.stdout)
    assert status["cluster"]["quorum"] is True and status["cluster"]["stale"] == []
    assert {node["name"]: node["hypervisor"]["state"] for node in status["nodes"]} == {
        "alpha": "up",
        "bravo": "up",
        "charlie": "up",
    }
    vms = {vm["id"]: vm for vm in status["vms"]}
    assert vms["app1"]["domain"] == "app1-guest"
    assert vms["web1"]["memory_bytes"] == 128 << 20
    assert vms["db1"]["live_migration"]["possible"] is False


def test_on_a_node_itself_no_host_and_no_ssh_to_it_are_needed(settled_lab: Lab) -> None:
    logins = "grep -c Accepted /var/log/sshd.log || true"
    before = settled_lab.run("bravo", "sh", "-c", logins)
    status = json.loads(settled_lab.run("bravo", str(VMFERRY), "status", "--json"))
    assert {node["name"]: node["hypervisor"]["state"] for node in status["nodes"]} == {
        "alpha": "up",
        "bravo": "up",
        "charlie": "up",
    }
    assert settled_lab.run("bravo", "sh", "-c", logins) == before, "it logged in to itself"


def test_preview_says_reboot_and_why(settled_lab: Lab, tmp_path: Path) -> None:
    done = vmferry(settled_lab, "preview", "db1", "alpha", "--json", state=tmp_path)
    assert done.returncode == 0, done.stderr
    preview = json.loads(done.stdout)
    assert preview["verdict"] == "REBOOT" and preview["reboots"] == ["db1"]
    assert any("allow-migrate" in reason for reason in preview["reasons"])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("migrate", "web1", "alpha", "--yes"), 4, "already"),
        (("migrate", "web1", "bravo"), 4, "--yes"),
        (("migrate", "db1", "alpha", "--yes"), 4, "reboot"),
        (("--read-only", "migrate", "web1", "bravo", "--yes"), 4, "read-only"),
        (("migrate", "web9", "bravo", "--yes"), 2, "web9"),
        (("migrate", "web1", "zulu", "--yes"), 2, "zulu"),
    ],
)
def test_what_is_refused_is_refused_with_a_sentence(
    settled_lab: Lab, tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    done = vmferry(settled_lab, *words, state=tmp_path)
    assert done.returncode == code, done.stderr
    assert said in done.stderr and "Traceback" not in done.stderr
    assert "cli-" not in settled_lab.run("alpha", "cibadmin", "-Q", "-o", "constraints")


def test_clear_removes_what_somebody_left(settled_lab: Lab, tmp_path: Path) -> None:
    settled_lab.run("alpha", "crm_resource", "--ban", "--resource", "web1", "--node", "charlie")
    done = vmferry(settled_lab, "clear", "web1", "--yes", state=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "cli-" not in settled_lab.run("alpha", "cibadmin", "-Q", "-o", "constraints")


class TestLogins:
    """What an operator gets whose login is not good enough."""

    def ask(self, lab: Lab, tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
        return vmferry(lab, "status", *words, state=tmp_path)

    def test_no_permission(self, settled_lab: Lab, tmp_path: Path) -> None:
        done = self.ask(settled_lab, tmp_path, "--user", "guest")
        assert done.returncode == 4, done.stderr
        assert "alpha" in done.stderr and "Traceback" not in done.stderr

    def test_sudo_is_enough(self, settled_lab: Lab, tmp_path: Path) -> None:
        done = self.ask(settled_lab, tmp_path, "--user", "ops", "--sudo", "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["cluster"]["quorum"] is True

    def test_sudo_that_wants_a_password(self, settled_lab: Lab, tmp_path: Path) -> None:
        done = self.ask(settled_lab, tmp_path, "--user", "guest", "--sudo")
        assert done.returncode == 4, done.stderr
        assert "sudo" in done.stderr

    def test_unknown_host_key(self, settled_lab: Lab, tmp_path: Path) -> None:
        (tmp_path / "known_hosts").write_text("")
        done = self.ask(settled_lab, tmp_path, "--known-hosts", str(tmp_path / "known_hosts"))
        assert done.returncode == 3, done.stderr
        assert "SHA256:" in done.stderr


class TestHalves:
    """One half of the truth is missing; the other one is told, and what is missing is named."""

    def test_without_libvirt_python_the_pacemaker_half_works(
        self, settled_lab: Lab, tmp_path: Path
    ) -> None:
        program = "import sys; sys.modules['libvirt'] = None; from tui.cli import main; main()"
        words = ("status", "--json", "--ssh-config", str(settled_lab.ssh_config), "alpha")
        done = subprocess.run(
            [sys.executable, "-c", program, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        )
        assert done.returncode == 0, done.stderr
        status = json.loads(done.stdout)
        assert {vm["state"] for vm in status["vms"]} == {"running"}
        for node in status["nodes"]:
            assert node["hypervisor"]["state"] == "unknown"
            assert "libvirt-python" in node["hypervisor"]["reason"]
            assert node["cpu_percent"] is None

    def test_a_node_whose_pacemaker_is_stopped_says_so(
        self, settled_lab: Lab, tmp_path: Path
    ) -> None:
        settled_lab.stop_pacemaker("alpha")
        try:
            done = vmferry(settled_lab, "status", state=tmp_path)
            assert done.returncode == 3, done.stderr
            assert "alpha" in done.stderr and "Pacemaker does not run there" in done.stderr
            other = vmferry(settled_lab, "status", "--json", state=tmp_path, host="bravo")
            assert other.returncode == 0, other.stderr
        finally:
            settled_lab.start_pacemaker("alpha")

    def test_a_host_without_pacemaker_says_so(self, settled_lab: Lab, tmp_path: Path) -> None:
        tools = ("crm_mon", "cibadmin", "crm_node")
        for tool in tools:
            settled_lab.run("charlie", "mv", f"/usr/sbin/{tool}", f"/usr/sbin/{tool}.away")
        try:
            done = vmferry(settled_lab, "status", state=tmp_path, host="charlie")
        finally:
            for tool in tools:
                settled_lab.run("charlie", "mv", f"/usr/sbin/{tool}.away", f"/usr/sbin/{tool}")
        assert done.returncode == 3, done.stderr
        assert "no crm_mon there" in done.stderr and "charlie" in done.stderr
