"""Topic 4: is there time enough for the copy, and what happens when it is not?

The timeouts that count are those of the operations, or of op_defaults; the agent's own are advice,
and Pacemaker's default is 20 s. A migration that fails or takes longer is "recovered": the guest is
stopped on both nodes and started again.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial

from backends.data import commands
from backends.data.examination import Cure, Effect, Finding, Probe, State, Topic, Way
from backends.data.picture import VM
from backends.doctor.case import Case, once
from backends.doctor.configuration import Resource
from backends.doctor.shared import memory_bytes
from backends.doctor.uris import routes, suffix_of, target_name, with_suffix
from backends.judgement.judge import DEFAULT_TIMEOUT_S
from backends.pacemaker.effective import on_fail, timeout_s
from backends.pacemaker.moments import seconds
from backends.pacemaker.xml import number

MiB = 1 << 20
GiB = 1 << 30
_ROOM = 2.0
"""A guest that goes on working has its memory copied more than once."""
_ROUND_S = 30


def probes(case: Case, node: str) -> Iterator[Probe]:
    names = {target_name(route, other) for other in case.others(node) for route, _ in routes(case)}
    if names:
        yield Probe("link speeds", _LINKS.format(names=shlex.join(sorted(names))))


_LINKS = r"""
speed() {{
  s=$(cat "/sys/class/net/$1/speed" 2>/dev/null)
  [ "${{s:-0}}" -gt 0 ] && {{ echo "$s"; return; }}
  for below in "/sys/class/net/$1"/lower_*; do
    [ -e "$below" ] && [ ! -e "$below/tun_flags" ] && (speed "${{below##*/lower_}}")
  done | sort -n | tail -n 1
}}
for name in {names}; do
  address=$(getent ahosts "$name" | sed -n '1s/ .*//p')
  link=$(ip -o route get "$address" 2>/dev/null | sed -n 's/.* dev \([^ ]*\).*/\1/p')
  printf '%s %s\n' "$name" "$(speed "$link")"
done
true
"""


def link_bytes_per_s(text: str) -> dict[str, int]:
    """By name of the target; a link without a speed (−1) is left out.

    A bridge has that of the fastest link below it, guests aside: older kernels give it none.
    """
    found: dict[str, int] = {}
    for line in text.splitlines():
        name, _, said = line.partition(" ")
        speed = number(said)
        if speed is not None and speed > 0:
            found[name] = speed * 1_000_000 // 8
    return found


def judge(case: Case) -> Iterator[Finding]:
    speeds = cache(partial(_speeds, case))  # many VMs take the same way
    for vm, resource in case.vms:
        if resource.allow_migrate is not False:
            yield _judge_migrate_to(case, vm, resource, speeds)
            yield from _judge_migrate_from(vm, resource)
            yield _judge_on_fail(case, vm, resource)


def _judge_migrate_to(case: Case, vm: VM, resource: Resource, speeds_from: _Speeds) -> Finding:
    check = "timeout of migrate_to"
    operation = resource.operations.get("migrate_to", {})
    limit_s = timeout_s(operation)
    if limit_s is None:
        return Finding(Topic.RESOURCE, check, State.UNKNOWN, f"it {_BY_RULE}", vm=vm.id)
    given = seconds(operation.get("timeout"))
    told = f"{limit_s:.0f} s" + ("" if given else " (Pacemaker's default: none is set)")
    if vm.node is None:
        seen = f"{told}; it does not run"
        return Finding(Topic.RESOURCE, check, State.NOT_USED, seen, vm=vm.id)
    speeds = speeds_from(vm.node, _limit_bytes_per_s(resource), suffix_of(resource))
    size = memory_bytes(case, vm)
    if size is None or not speeds:
        missing = "the size of its RAM" if size is None else "the speed of the link"
        seen = f"{told}; {missing} is not known"
        return Finding(Topic.RESOURCE, check, State.UNKNOWN, seen, vm=vm.id)
    speed = min(speeds.values())
    needed_s = size / speed
    seen = (
        f"{told}; {size / GiB:.1f} GiB at {speed / MiB:.0f} MiB/s "
        f"take {_duration(needed_s)} at least"
    )
    if needed_s * _ROOM <= limit_s:
        return Finding(Topic.RESOURCE, check, State.OK, seen, vm=vm.id)
    wrong = needed_s > limit_s
    better_s = max(_ROUND_S * (int(needed_s * 2 * _ROOM) // _ROUND_S + 1), 120)
    return Finding(
        Topic.RESOURCE,
        check,
        State.WRONG if wrong else State.WARNING,
        seen,
        "when the time is up, Pacemaker stops the guest and starts it again"
        if wrong
        else "a guest that changes its memory meanwhile may not arrive, and is then rebooted",
        vm=vm.id,
        cures=_set_operation(resource, "migrate_to", timeout=f"{better_s}s"),
        effect=Effect.SENDING_FAILS if wrong else None,
        ways=tuple(Way(target=node) for node, each in speeds.items() if size / each > limit_s),
    )


def _duration(needed_s: float) -> str:
    return f"{needed_s:.0f} s" if needed_s >= 1 else "less than 1 s"


_Speeds = Callable[[str, int, str], Mapping[str, int]]


def _speeds(case: Case, home: str, limit: int, suffix: str) -> Mapping[str, int]:
    """To each other node: the least of a VM's own limit and the link, where one is known.

    Bytes a second.
    """
    found: dict[str, int] = {}
    for source in [home] if home in case.nodes else case.nodes:
        links = _links(case).get(source, {})
        for target in case.others(source):
            known = (limit, links.get(with_suffix(target, suffix)), found.get(target))
            if any(known):
                found[target] = min(filter(None, known))
    return found


@once
def _links(case: Case) -> Mapping[str, Mapping[str, int]]:
    """What each node said of its links, by name of the target."""
    return {node: link_bytes_per_s(case.output(node, "link speeds").stdout) for node in case.nodes}


_BANDWIDTH = re.compile(r"--bandwidth[ =](\d{1,9})(?!\S)")


def _limit_bytes_per_s(resource: Resource) -> int:
    """The lower one, of the agent's parameter and of virsh's option; 0 for none."""
    option = _BANDWIDTH.search(resource.parameters.get("migrate_options", ""))
    said = (resource.parameters.get("migration_speed"), option[1] if option is not None else None)
    return min(filter(None, map(number, said)), default=0) * MiB


def _judge_migrate_from(vm: VM, resource: Resource) -> Iterator[Finding]:
    operation, check = resource.operations.get("migrate_from", {}), "timeout of migrate_from"
    limit_s = timeout_s(operation)
    if limit_s is None:
        yield Finding(Topic.RESOURCE, check, State.UNKNOWN, f"it {_BY_RULE}", vm=vm.id)
    elif limit_s <= DEFAULT_TIMEOUT_S:
        given = seconds(operation.get("timeout"))
        told = f"{given:.0f} s" if given else "none is set: Pacemaker's default of 20 s"
        yield Finding(
            Topic.RESOURCE,
            check,
            State.WARNING,
            told,
            "the target waits that long for the guest to be there; then it is rebooted",
            vm=vm.id,
            cures=_set_operation(resource, "migrate_from", timeout="60s"),
        )


_BY_RULE = "hangs on a rule that only Pacemaker can evaluate"

_ON_FAIL = {
    "block": (State.OK, ""),
    "ignore": (
        State.WRONG,
        "after a failed migration the source is stopped all the same: the guest is killed",
    ),
    "fence": (State.WARNING, "a migration that fails gets the node fenced, with all its guests"),
    "stop": (State.WARNING, "a migration that fails stops the guest, and it stays stopped"),
    "standby": (State.WARNING, "a migration that fails empties the whole node"),
}
_REBOOTS = (State.WARNING, "a migration that fails or takes too long reboots the guest")


def _judge_on_fail(case: Case, vm: VM, resource: Resource) -> Finding:
    operation = resource.operations.get("migrate_to", {})
    said, acted = operation.get("on-fail"), on_fail(operation, fencing=case.configuration.fences)
    if acted is None:
        return Finding(Topic.RESOURCE, "on-fail", State.UNKNOWN, f"it {_BY_RULE}", vm=vm.id)
    state, why = _ON_FAIL.get(acted, _REBOOTS)
    seen = f"on-fail of migrate_to is {said}" if said else "on-fail of migrate_to is not set"
    cures = (
        () if state is State.OK else _set_operation(resource, "migrate_to", **{"on-fail": "block"})
    )
    return Finding(Topic.RESOURCE, "on-fail", state, seen, why, vm=vm.id, cures=cures)


def _set_operation(resource: Resource, name: str, **options: str) -> tuple[Cure, ...]:
    own = resource.operations.get(name, {})
    entry: Mapping[str, str] = {
        "id": own.get("id") or f"{resource.id}-{name}-interval-0s",
        "name": name,
        "interval": own.get("interval", "0s"),
        **options,
    }
    return Cure.of(commands.set_operation(resource.id, entry))
