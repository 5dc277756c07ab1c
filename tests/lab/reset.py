"""Back to the seed: what tests left behind is undone, gently enough that guests live on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from lab.cib import VMS, preferred_node
from lab.cluster import Cluster
from lab.system import LabError, wait, write

if TYPE_CHECKING:
    from lab.lab import Lab

IDLE_S = 90
ONLINE_S = 20
UNLIMITED_MIB_PER_S = "2000"


def keep_pristine(cluster: Cluster, base: Path) -> None:
    """Remember the configuration of a cluster that has just come up."""
    write(base / "pristine.json", json.dumps(cluster.configuration()))


def settle(lab: Lab) -> None:
    """Undo everything. Raises LabError where the cluster does not follow."""
    _repair_machines(lab)
    _wait_idle(lab)
    if lab.cluster.failures():
        _forget_failures(lab)
    _restore_configuration(lab)
    _wait_idle(lab)
    _bring_home(lab)
    if lab.cluster.failures():
        raise LabError("something failed while VMs were brought home")


def _repair_machines(lab: Lab) -> None:
    lab.mend_fencing()
    for name, node in lab.members.items():
        lab.restore_ssh(name)
        if not node.init_pid:
            lab.start(name)
        node.start_libvirtd()
        for domain in node.run("virsh", "list", "--state-paused", "--name", check=False).split():
            node.run("virsh", "resume", domain, check=False)
    try:
        lab.wait_online(ONLINE_S)
    except LabError:
        _power_cycle_lost(lab)
        lab.wait_online(ONLINE_S)


def _power_cycle_lost(lab: Lab) -> None:
    online = {
        node.get("name")
        for node in lab.crm_mon().iterfind("./nodes/node")
        if node.get("online") == "true"
    }
    for name in set(lab.nodes) - online:
        lab.kill(name)
        lab.start(name)


def _forget_failures(lab: Lab) -> None:
    """Clean up under maintenance: without it a VM whose history is wiped counts as stopped."""
    maintenance = ("crm_attribute", "--type", "crm_config", "--name", "maintenance-mode")
    lab.cluster.ask(*maintenance, "--update", "true")
    lab.cluster.ask("crm_resource", "--cleanup")
    _wait_idle(lab)
    lab.cluster.ask(*maintenance, "--delete")
    _wait_idle(lab)


def _restore_configuration(lab: Lab) -> None:
    pristine: dict[str, str] = json.loads((lab.base / "pristine.json").read_text())
    current = lab.cluster.configuration()
    for section, text in pristine.items():
        if current.get(section) != text:
            replace = ("cibadmin", "--replace", "--scope", section, "--xml-pipe")
            lab.cluster.ask(*replace, stdin=text)
    for name in lab.nodes:
        lab.cluster.ask("crm_attribute", "-N", name, "-l", "reboot", "-n", "standby", "--delete")
    lab.cluster.ask("stonith_admin", "--cleanup", "--history=*")


def _bring_home(lab: Lab) -> None:
    placement = lab.cluster.placement()
    away = {
        vm.group or vm.name: preferred_node(vm, lab.nodes)
        for vm in VMS
        if placement.get(vm.name) != preferred_node(vm, lab.nodes)
    }
    for resource, node in away.items():
        lab.cluster.ask("crm_resource", "--move", "--resource", resource, "--node", node)
    if away:
        wait(lambda: _is_home(lab), IDLE_S, "every VM is on its preferred node")
        _wait_idle(lab)
        for resource in away:
            lab.cluster.ask("crm_resource", "--clear", "--resource", resource)
        _wait_idle(lab)


def _is_home(lab: Lab) -> bool:
    _hurry_migrations(lab)
    placement = lab.cluster.placement()
    return all(placement.get(vm.name) == preferred_node(vm, lab.nodes) for vm in VMS)


def _wait_idle(lab: Lab) -> None:
    def idle() -> bool:
        _hurry_migrations(lab)
        return lab.cluster.is_idle()

    wait(idle, IDLE_S, "the cluster is idle")


def _hurry_migrations(lab: Lab) -> None:
    """Lift the speed limit of what is moving; VirtualDomain sets it anew each time."""
    domains = {vm.name: vm.domain_name for vm in VMS}
    for vm, source in lab.cluster.migrating().items():
        speed = ("virsh", "migrate-setspeed", domains[vm], UNLIMITED_MIB_PER_S)
        lab.run(source, *speed, check=False)
