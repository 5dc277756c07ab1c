"""Back to the seed: what tests left behind is undone, gently enough that guests live on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lab.cib import VMS, preferred_node
from lab.cluster import Cluster
from lab.pace import hurry
from lab.system import LabError, wait, write
from waiting import PATIENCE_S

if TYPE_CHECKING:
    from lab.lab import Lab


def keep_pristine(cluster: Cluster, base: Path) -> None:
    """Remember the configuration of a cluster that has just come up."""
    write(base / "pristine.json", json.dumps(cluster.configuration()))


def settle(lab: Lab) -> bool:
    """Undo everything; was there anything to undo? Raises LabError where the cluster does not
    follow."""
    _repair_machines(lab)
    _wait_idle(lab)
    steps = (_forget_failures, _restore_configuration, _bring_home, _forget_stays)
    undone = [step(lab) for step in steps]
    if any(undone) and lab.cluster.failures():
        raise LabError("something failed while the lab was brought back to its seed")
    return any(undone)


def _repair_machines(lab: Lab) -> None:
    lab.mend_fencing()
    for name in lab.nodes:
        lab.restore_ssh(name)
    wait(lambda: _power_on(lab), PATIENCE_S, "all nodes are online", every_s=1)
    for node in lab.members.values():
        for domain in node.run("virsh", "list", "--state-paused", "--name", check=False).split():
            node.run("virsh", "resume", domain, check=False)


def _power_on(lab: Lab) -> bool:
    """Start what is off, again and again: a node back too early is fenced once more."""
    for name, node in lab.members.items():
        if node.init_pid:
            node.start_daemons()
        else:
            lab.start(name)
    return lab.cluster.is_online()


def _forget_failures(lab: Lab) -> bool:
    """Clean up under maintenance: without it a VM whose history is wiped counts as stopped."""
    if not lab.cluster.failures():
        return False
    maintenance = ("crm_attribute", "--type", "crm_config", "--name", "maintenance-mode")
    lab.cluster.ask(*maintenance, "--update", "true")
    lab.cluster.ask("crm_resource", "--cleanup")
    _wait_idle(lab)
    lab.cluster.ask(*maintenance, "--delete")
    _wait_idle(lab)
    return True


def _restore_configuration(lab: Lab) -> bool:
    commands = list(_differences(lab))
    for words, stdin in commands:
        lab.cluster.ask(*words, stdin=stdin)
    if commands:
        _wait_idle(lab)
    return bool(commands)


def _differences(lab: Lab) -> Iterator[tuple[tuple[str, ...], str | None]]:
    """The commands, and what they read, that make the configuration the seed again.

    It is replaced as a whole: half of it may refer to what the other half does not have any more.
    """
    pristine: dict[str, str] = json.loads((lab.base / "pristine.json").read_text())
    if lab.cluster.configuration() != pristine:
        text = "".join(("<configuration>", *pristine.values(), "</configuration>"))
        yield ("cibadmin", "--replace", "--scope", "configuration", "--xml-pipe"), text
    for name in lab.cluster.standby_until_reboot():
        yield ("crm_attribute", "-N", name, "-l", "reboot", "-n", "standby", "--delete"), None
    if lab.cluster.crm_mon().find("./fence_history/fence_event") is not None:
        yield ("stonith_admin", "--cleanup", "--history=*"), None


def _bring_home(lab: Lab) -> bool:
    placement = lab.cluster.placement()
    away = {
        vm.group or vm.name: preferred_node(vm, lab.nodes)
        for vm in VMS
        if placement.get(vm.name) != preferred_node(vm, lab.nodes)
    }
    for resource, node in away.items():
        lab.cluster.ask("crm_resource", "--move", "--resource", resource, "--node", node)
    if away:
        wait(lambda: _is_home(lab), PATIENCE_S, "every VM is on its preferred node")
        _wait_idle(lab)
        for resource in away:
            lab.cluster.ask("crm_resource", "--clear", "--resource", resource)
        _wait_idle(lab)
    return bool(away)


def _forget_stays(lab: Lab) -> bool:
    """A plan tells of them, and a test is to see the same whatever ran before it."""
    stays = lab.cluster.earlier_stays()
    for vm, node in stays:
        words = ("--refresh", "--resource", vm, "--node", node, "--force")
        lab.cluster.ask("crm_resource", *words)
    if stays:
        _wait_idle(lab)
    return bool(stays)


def _is_home(lab: Lab) -> bool:
    hurry(lab)
    placement = lab.cluster.placement()
    return all(placement.get(vm.name) == preferred_node(vm, lab.nodes) for vm in VMS)


def _wait_idle(lab: Lab) -> None:
    def idle() -> bool:
        hurry(lab)
        return lab.cluster.is_idle()

    wait(idle, PATIENCE_S, "the cluster is idle")
