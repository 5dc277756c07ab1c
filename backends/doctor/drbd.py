"""Storage: DRBD below a VM's disk must let both nodes be primary while the guest moves."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from backends.data.errors import BadAnswer
from backends.data.examination import Cure, Effect, Family, Finding, Probe, State, Topic, Way
from backends.doctor import drbd_answers as answers
from backends.doctor.case import Case
from backends.doctor.disks import Storage
from backends.doctor.drbd_answers import Net, Resource
from backends.doctor.drbd_configured import Configured, parse_configured
from backends.doctor.drbd_halves import own_behind, peer_behind
from backends.doctor.places import Place

T = TypeVar("T")

# drbdsetup and drbdadm would load the module where it is not.
_LOADED = "[ -d /sys/module/drbd ] || [ -e /proc/drbd ] || exit 127\n"
STATUS = Probe(
    "storage drbd status",
    _LOADED + 'out=$(drbdsetup status --json 2>/dev/null) && printf "%s\\n" "$out" || '
    "drbdsetup status",
)
SHOW = Probe("storage drbd show", _LOADED + "drbdsetup show --json --show-defaults")
PROC = Probe("storage drbd proc", _LOADED + "cat /proc/drbd")
CONFIGURED = Probe("storage drbd config", _LOADED + "drbdadm dump-xml")

_AGENTS = ("ocf:linbit:drbd", "ocf:heartbeat:drbd")


@dataclass(frozen=True, slots=True)
class View:
    """One DRBD resource as one node knows it."""

    resource: Resource
    net: Net
    series: str
    """`8.3`, `8.4` or `9`: they are configured differently."""
    file: str
    """Where it is configured."""

    @property
    def by_linstor(self) -> bool:
        """Whether its file is written by LINSTOR, over whatever is changed in it."""
        return self.file.startswith("/var/lib/linstor")


def probes(_case: Case, _node: str) -> Iterator[Probe]:
    yield from (STATUS, SHOW, PROC, CONFIGURED)


def judge(case: Case, storage: Storage) -> Iterator[Finding]:
    used: dict[int, list[str]] = {}
    for vm, _ in case.vms:
        for place in storage.homes(vm):
            for minor in place.drbd_minors:
                used.setdefault(minor, []).append(vm.id)
    if not used:
        return
    names: dict[str, tuple[str, list[str]]] = {}
    for node in filter(case.answered, case.nodes):
        known = views(case, node)
        for minor, vms in used.items():
            view = known.get(minor)
            if view is not None:
                names.setdefault(view.resource.name, (view.series, vms))
                for finding in _of_view(node, view, opened=_opens_itself(case, vms)):
                    yield replace(finding, concerns=tuple(vms))
            elif any(place.exists for place in _places(storage, node, minor)):
                seen = f"/dev/drbd{minor} ({', '.join(vms)}): DRBD there did not say how it stands"
                yield Finding(
                    Topic.STORAGE, "drbd", State.UNKNOWN, seen, node=node, concerns=tuple(vms)
                )
    for name, (series, vms) in names.items():
        for finding in _of_pacemaker(case, name, series):
            yield replace(finding, concerns=tuple(vms))


def views(case: Case, node: str) -> dict[int, View]:
    """What a node knows of its DRBD devices, by minor; what it did not say is left out."""
    configured = _try(parse_configured, case.output(node, CONFIGURED.name).stdout) or ()
    shown = _try(answers.parse_show, case.output(node, SHOW.name).stdout)
    found: dict[int, View] = {}
    text = case.output(node, PROC.name).stdout
    proc = _try(answers.parse_proc, text) or {}
    series = answers.series(text)
    for minor, (resource, net) in proc.items():
        config = next((each for each in configured if minor in each.minors), None)
        if config is not None:
            resource = replace(resource, name=config.name)
            net = replace(config.net, protocol=net.protocol or config.net.protocol)
        found[minor] = View(resource, net, series, _file(resource, config))
    for resource in _try(answers.parse_status, case.output(node, STATUS.name).stdout) or ():
        config = next((each for each in configured if each.name == resource.name), None)
        if shown is not None and resource.name in shown:
            net = _together(_within(case, shown[resource.name], lambda each: each.peer))
        else:
            net = config.net if config is not None else Net()
        for minor in resource.minors or (config.minors if config is not None else ()):
            if minor not in found:
                found[minor] = View(resource, net, series, _file(resource, config))
    return {minor: _inside(case, view) for minor, view in found.items()}


def _file(resource: Resource, config: Configured | None) -> str:
    known = config.file if config is not None else None
    return known or f"/etc/drbd.d/{resource.name}.res"


def _inside(case: Case, view: View) -> View:
    peers = _within(case, view.resource.peers, lambda each: each.name)
    return replace(view, resource=replace(view.resource, peers=peers))


def _within(case: Case, each: tuple[T, ...], name: Callable[[T], str | None]) -> tuple[T, ...]:
    """Those of peers that are nodes of this cluster: no guest goes to a copy at another site.

    All of them where none is known by its name.
    """
    nodes = {node.name.partition(".")[0] for node in case.picture.nodes}
    own = tuple(one for one in each if (name(one) or "").partition(".")[0] in nodes)
    return own or each


def _together(nets: tuple[Net, ...]) -> Net:
    """The weakest of a resource's connections."""
    if not nets:
        return Net()
    protocols = {net.protocol for net in nets}
    fencing = {net.fencing for net in nets}
    allowed = {net.two_primaries for net in nets}
    return Net(
        two_primaries=False if False in allowed else None if None in allowed else True,
        protocol=next((p for p in protocols if p != "C"), "C"),
        fencing="dont-care" if "dont-care" in fencing else next(iter(fencing)),
        quorum=all(net.quorum for net in nets),
    )


def _opens_itself(case: Case, vms: list[str]) -> bool:
    """Whether the VMs' agent allows two primaries by itself while it migrates, and only then."""
    agents = {resource.agent for vm, resource in case.vms if vm.id in vms}
    return agents == {"ocf:alteeve:server"}


def _of_view(node: str, view: View, *, opened: bool) -> Iterator[Finding]:
    resource, net, name = view.resource, view.net, shlex.quote(view.resource.name)
    problems: list[Finding] = []

    def add(
        state: State,
        seen: str,
        why: str,
        *cures: Cure,
        effect: Effect | None = None,
        ways: tuple[Way, ...] = (),
    ) -> None:
        text = f"{resource.name}: {seen}"
        finding = Finding(Topic.STORAGE, "drbd", state, text, why, node, cures=cures)
        problems.append(replace(finding, effect=effect, ways=ways))

    fails = Effect.SENDING_FAILS
    adjust = _options(view)
    both = "while a guest moves, both nodes have its disk open: DRBD must let both be primary"
    if net.two_primaries is None and not opened:
        add(State.UNKNOWN, "whether two primaries are allowed was not learned", both)
    elif not net.two_primaries and not opened:
        add(State.WRONG, "allow-two-primaries is off", both, *adjust, effect=fails)
    if net.protocol not in (None, "C"):
        why = "two primaries need every write on both nodes before it counts: protocol C"
        add(State.WRONG, f"protocol {net.protocol}", why, *adjust)
    bad, syncing = own_behind(resource)
    if bad:
        why = "a half that is not up to date cannot become primary: the guest cannot move there"
        seen = f"its own half is {', '.join(bad)}"
        here = (Way(target=node),)
        add(State.WRONG, seen, why, Cure((f"drbdadm up {name}",)), effect=fails, ways=here)
    elif syncing:
        why = (
            "a guest here reads what is missing over the network, and slowly; if the other half is "
            "lost before the resync is over, this one has no good data"
        )
        seen = f"its own half is {', '.join(syncing)}, and another's is up to date"
        add(State.WARNING, seen, why, Cure((f"drbdadm status {name}",)))
    for peer in resource.peers:
        if not peer.connected:
            why = "halves that do not talk drift apart; the other cannot become primary safely"
            cure = Cure((f"drbdadm connect {name}", f"drbdadm status {name}"))
            seen = f"not connected to {peer.name} ({peer.connection})"
            between = (Way(node, peer.name), Way(peer.name, node))
            add(State.WRONG, seen, why, cure, effect=Effect.HARMS, ways=between)
            continue
        behind, syncing = peer_behind(resource, peer)
        cure = Cure((f"drbdadm status {name}",))
        if behind:
            why = "until the copy is complete the other half cannot become primary"
            seen = f"the half of {peer.name} is {', '.join(behind)}"
            add(State.WRONG, seen, why, cure, effect=fails, ways=(Way(target=peer.name),))
        elif syncing:
            why = "until the resync is over a guest there works over the network, and slowly"
            seen = f"the half of {peer.name} is {', '.join(syncing)}, and another's is up to date"
            add(State.WARNING, seen, why, cure)
    if net.fencing == "dont-care" and not net.quorum:
        why = "with two primaries a lost connection splits the data unless the peer is fenced"
        add(State.WARNING, "fencing is dont-care", why, *_fencing(view))
    allowed = "the agent allows two primaries" if opened else "two primaries allowed"
    seen = f"{resource.name}: {allowed}, connected, up to date"
    yield from problems or [Finding(Topic.STORAGE, "drbd", State.OK, seen, node=node)]


def _options(view: View) -> tuple[Cure, ...]:
    name = shlex.quote(view.resource.name)
    if view.by_linstor:
        words = "linstor resource-definition drbd-options --allow-two-primaries yes --protocol C"
        return (Cure((f"{words} {name}",)),)
    if view.series == "8.3":
        lines = ("protocol C;", "net {", "    allow-two-primaries;", "}")
    else:
        lines = ("net {", "    protocol C;", "    allow-two-primaries yes;", "}")
    return Cure(lines, view.file), Cure((f"drbdadm adjust {name}",))


def _fencing(view: View) -> tuple[Cure, ...]:
    name = shlex.quote(view.resource.name)
    if view.by_linstor:
        words = "linstor resource-definition drbd-options --quorum majority --on-no-quorum io-error"
        return (Cure((f"{words} {name}    # with three nodes",)),)
    new = view.series == "9"
    suffix = ".9.sh" if new else ".sh"
    lines = (
        f"{'net' if new else 'disk'} {{",
        "    fencing resource-and-stonith;",
        "}",
        "handlers {",
        f'    fence-peer "/usr/lib/drbd/crm-fence-peer{suffix}";',
        f"    {'unfence-peer' if new else 'after-resync-target'}"
        f' "/usr/lib/drbd/crm-unfence-peer{suffix}";',
        "}",
    )
    return Cure(lines, view.file), Cure((f"drbdadm adjust {name}",))


def _of_pacemaker(case: Case, name: str, series: str) -> Iterator[Finding]:
    for resource in case.configuration.of_agent(*_AGENTS):
        if resource.parameters.get("drbd_resource") != name or resource.clone is None:
            continue
        most = resource.meta.get("promoted-max") or resource.meta.get("master-max") or "1"
        if most == "1":
            clone = shlex.quote(resource.clone)
            yield Finding(
                Topic.STORAGE,
                "drbd",
                State.WRONG,
                f"{resource.clone}: promoted-max is 1",
                f"Pacemaker keeps {name} primary on one node: the guest cannot open it on another",
                cures=(
                    Cure((f"pcs resource meta {clone} promoted-max=2",), family=Family.RHEL),
                    Cure((f"crm resource meta {clone} set promoted-max 2",), family=Family.SUSE),
                    Cure((f"crm resource meta {clone} set promoted-max 2",), family=Family.DEBIAN),
                ),
                # DRBD 9 becomes primary by itself when the device is opened.
                effect=Effect.SENDING_FAILS if series != "9" else None,
            )


def _places(storage: Storage, node: str, minor: int) -> Iterator[Place]:
    places: Mapping[str, Place] = storage.places.get(node, {})
    return (place for place in places.values() if minor in place.drbd_minors)


def _try(parse: Callable[[str], T], text: str) -> T | None:
    """What was understood; nothing where there was nothing, or it was not."""
    if not text.strip():
        return None
    try:
        return parse(text)
    except BadAnswer:
        return None
