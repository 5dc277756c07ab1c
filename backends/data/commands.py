"""The commands that change a cluster, word by word, on every node whatever its distribution.

Sources: crm_resource(8) and crm_standby(8) of Pacemaker 2.1, virsh(1) of libvirt 9. All of them are
shown to the operator as they stand here before they are sent.
"""

from __future__ import annotations

from collections.abc import Mapping

from backends.data.plan import Command
from backends.data.xml_text import escaped

MAINTENANCE = "maintenance"

SET_CONSTRAINTS = (
    "cibadmin",
    "--modify",
    "--allow-create",
    "--scope",
    "constraints",
    "--xml-text",
)
SET_OPERATION = ("cibadmin", "--modify", "--allow-create", "--scope", "resources", "--xml-text")
_WHICH = frozenset({"id", "name", "interval"})


def move(vm: str, node: str) -> Command:
    """Prefer `node` with INFINITY: three writes to the CIB, the last starts the migration."""
    return Command(
        ("crm_resource", "--move", "--resource", vm, "--node", node),
        f"tell Pacemaker to run {vm} on {node}",
    )


def move_together(places: Mapping[str, str]) -> Command:
    """Prefer a node for each VM, in one write: they are migrated side by side.

    Pacemaker begins nothing new while something is in flight, and each write makes it plan anew: of
    moves that are told one by one the second waits for the first. The constraints are those of
    `crm_resource --move`.
    """
    wishes = "".join(
        f'<rsc_location id="cli-prefer-{escaped(vm)}" rsc="{escaped(vm)}" role="Started" '
        f'node="{escaped(node)}" score="INFINITY"/>'
        for vm, node in places.items()
    )
    told = ", ".join(f"{vm} on {node}" for vm, node in places.items())
    text = f"<constraints>{wishes}</constraints>"
    return Command((*SET_CONSTRAINTS, text), f"tell Pacemaker to run {told}")


def moves(places: Mapping[str, str]) -> Command:
    """`move` for one, `move_together` for several."""
    if len(places) == 1:
        return move(*next(iter(places.items())))
    return move_together(places)


def forget_stay(vm: str, node: str) -> Command:
    """Forget all that was done with the VM on a node where it is not, and probe it there.

    When the configuration changes during a copy, Pacemaker 2.1.5 takes the `migrate_from` of an
    earlier arrival there for the one of this migration: it stops the guest and starts it again.
    """
    return Command(
        ("crm_resource", "--refresh", "--resource", vm, "--node", node, "--force"),
        f"have Pacemaker forget the earlier stay of {vm} on {node}, and its failures there",
    )


def clear(vm: str) -> Command:
    """Remove every `cli-prefer-*` and `cli-ban-*` constraint of the VM."""
    return Command(
        ("crm_resource", "--clear", "--resource", vm),
        f"remove the constraints that moves and bans of {vm} left",
    )


def clear_move(vm: str, node: str) -> Command:
    """Remove what a move to this node has set, and a ban on it; bans on other nodes stay."""
    return Command(
        ("crm_resource", "--clear", "--resource", vm, "--node", node),
        f"remove the constraint of the move of {vm} to {node}",
    )


def look_anew(vm: str, node: str | None = None) -> Command:
    """Forget all that was done with the VM, and probe it. Only under maintenance.

    `--cleanup` forgets only where something failed. What it leaves of an earlier migration to this
    node then reads as one that never arrived, and the scheduler plans a restart (2.1.5). `--force`
    keeps the rest of a group, which is not in maintenance, out of it. Without a node, on all of
    them: then it waits without end for one whose Pacemaker has stopped while its corosync runs.
    """
    where = () if node is None else ("--node", node)
    return Command(
        ("crm_resource", "--refresh", "--resource", vm, *where, "--force"),
        f"have Pacemaker look anew where {vm} runs" + (f", on {node}" if node else ""),
    )


def set_meta(vm: str, name: str, value: str) -> Command:
    words = ("--meta", "--set-parameter", name, "--parameter-value", value)
    return Command(("crm_resource", "--resource", vm, *words), f"set {name}={value} on {vm}")


def delete_meta(vm: str, name: str) -> Command:
    words = ("--meta", "--delete-parameter", name)
    return Command(("crm_resource", "--resource", vm, *words), f"remove {name} from {vm}")


def hands_off(vm: str) -> Command:
    """From now on Pacemaker only looks at the VM."""
    command = set_meta(vm, MAINTENANCE, "true")
    return Command(command.argv, f"have Pacemaker keep its hands off {vm}")


def hands_on(vm: str, before: str | None) -> Command:
    """Restore its maintenance attribute to what it was; `None` where there was none."""
    command = delete_meta(vm, MAINTENANCE) if before is None else set_meta(vm, MAINTENANCE, before)
    return Command(command.argv, f"give {vm} back to Pacemaker")


def standby(node: str, *, on: bool) -> Command:
    word = "on" if on else "off"
    purpose = f"{node} is to run nothing" if on else f"{node} may run resources again"
    return Command(("crm_standby", "--node", node, "--update", word), purpose)


def block_on_failure(vm: str, op_id: str) -> Command:
    """A failed migrate_to then leaves the guest where it is. No other tool sets this portably.

    `--modify` finds the operation by its id and leaves its other attributes alone; where the id is
    gone it ends with 105 (2.1.5).
    """
    operation = f'<op id="{escaped(op_id)}" on-fail="block"/>'
    purpose = f"have a failed migration of {vm} stop nothing"
    return Command(("cibadmin", "--modify", "--xml-text", operation), purpose)


def abort_job(domain: str, source: str) -> Command:
    """End the copy; the guest goes on running on the source."""
    return Command(("virsh", "domjobabort", domain), f"stop copying {domain}", source)


def set_downtime(domain: str, source: str, downtime_ms: int) -> Command:
    return Command(
        ("virsh", "migrate-setmaxdowntime", domain, str(downtime_ms)),
        f"allow {domain} to stand still for {downtime_ms} ms at the switch-over",
        source,
    )


def set_speed(domain: str, source: str, mib_per_s: int) -> Command:
    return Command(
        ("virsh", "migrate-setspeed", domain, str(mib_per_s)),
        f"let {domain} be copied at up to {mib_per_s} MiB/s",
        source,
    )


def set_parameter(vm: str, name: str, value: str) -> Command:
    """Change what the agent is told: Pacemaker restarts a VM that runs."""
    words = ("--set-parameter", name, "--parameter-value", value)
    return Command(
        ("crm_resource", "--resource", vm, *words), f"tell the agent of {vm} {name}={value}"
    )


def set_operation(vm: str, options: Mapping[str, str]) -> Command:
    """Set options of one operation, and no others; `id`, `name` and `interval` say which it is.

    It is made where the VM has none of that id. Only cibadmin can do it on every distribution.
    """
    told = [f"{key}={value}" for key, value in options.items() if key not in _WHICH]
    words = " ".join(f'{key}="{escaped(value)}"' for key, value in options.items())
    text = f'<primitive id="{escaped(vm)}"><operations><op {words}/></operations></primitive>'
    return Command((*SET_OPERATION, text), f"set {' '.join(told)} on {options['name']} of {vm}")
