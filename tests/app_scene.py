"""What the tests of the screen ask of the cluster in memory."""

from __future__ import annotations

from collections.abc import Iterable

from app_operator import STRIDE_S, Operator
from backends.clusters.simulated import SimulatedBackend
from backends.data.picture import VM


def vm_of(operator: Operator, name: str) -> VM:
    vm = operator.backend.picture.vm(name)
    assert vm is not None
    return vm


def simulated(operator: Operator) -> SimulatedBackend:
    assert isinstance(operator.backend, SimulatedBackend)
    return operator.backend


def arrived(operator: Operator, vm: str, node: str) -> bool:
    """On the node, with nothing left behind, and the app done with it."""
    known = vm_of(operator, vm)
    done = not operator.house.desk.under_way
    return done and known.node == node and known.nodes == (node,) and not known.constraints


async def until_arrived(operator: Operator, vms: Iterable[str], node: str) -> None:
    """A queue is seen to be finished a moment before the desk knows of its end."""
    await operator.until(
        lambda: all(arrived(operator, vm, node) for vm in vms),
        f"{vms} arrived on {node}",
        step_s=STRIDE_S,
    )


def writes(operator: Operator) -> list[str]:
    return [sent.command for sent in operator.backend.commands.sent if sent.writes]


def boots(operator: Operator) -> dict[str, int]:
    guests = simulated(operator).world.state.guests
    return {name: guest.boots for name, guest in guests.items()}


def left_behind(operator: Operator) -> list[str]:
    """Constraints, failures, and VMs that Pacemaker must not touch."""
    picture = operator.backend.picture
    return [
        *(c.id for vm in picture.vms for c in vm.constraints),
        *(failure.resource for failure in picture.failures),
        *(vm.id for vm in picture.vms if vm.maintenance),
    ]


def tell(operator: Operator, *argv: str) -> None:
    """Somebody else changes the cluster."""
    assert simulated(operator).world.execute(argv).exit_status == 0


def colleague_moves(operator: Operator, vm: str, node: str) -> None:
    tell(operator, "crm_resource", "--move", "--resource", vm, "--node", node)


async def until_copying(operator: Operator, vm: str) -> None:
    await operator.until(
        lambda: any(
            m.vm == vm and m.percent is not None and m.percent > 0
            for m in operator.backend.picture.migrations
        ),
        f"{vm} is copied",
    )


async def confirm(operator: Operator) -> None:
    """With Enter, once the dialog can be answered; where the cluster has changed meanwhile, the new
    plan is read and confirmed."""
    app, dialog = operator.app, operator.app.screen
    await operator.until(lambda: bool(dialog.query("#confirm:focus, #word:focus")), "asked")
    await operator.press("enter")
    changed = "The cluster has changed meanwhile"
    await operator.until(
        lambda: app.screen is not dialog or operator.sees(changed), "confirmed, or made anew"
    )
    if app.screen is dialog:
        await operator.press("enter")
    await operator.until(lambda: app.screen is not dialog, "confirmed")


async def at_the_doctor(operator: Operator) -> None:
    await operator.press("5")
    await operator.until_sees("examined")
