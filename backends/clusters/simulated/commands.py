"""The commands of a real cluster, answered by the simulated one, with the same exit codes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from getopt import GetoptError, gnu_getopt
from xml.etree import ElementTree

from backends.clusters.base import Answer
from backends.clusters.simulated import domains, elements, operations
from backends.clusters.simulated.state import Author, Guest, Location, MiB, Stage, State
from backends.data.picture import ConstraintKind

OK = 0
USAGE = 64
"""`CRM_EX_USAGE`."""
NO_SUCH = 105
"""`CRM_EX_NOSUCH`."""
ALREADY = 108
"""`CRM_EX_EXISTS`."""
NOT_FOUND = 127
"""What a shell says of a command that is not there."""

_TRUE = frozenset({"true", "on", "yes", "y", "1"})
_LIFETIME = re.compile(
    r"P(?:(?P<d>\d+)D)?(?:T(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+)S)?)?", re.ASCII
)

_RESOURCE_OPTIONS = (
    {
        "M": "move", "B": "ban", "U": "clear", "C": "cleanup", "R": "refresh", "m": "meta",
        "f": "force", "r": "resource", "N": "node", "H": "node", "u": "lifetime",
        "p": "set-parameter", "d": "delete-parameter", "v": "parameter-value",
    },
    ("resource", "node", "lifetime", "set-parameter", "delete-parameter", "parameter-value"),
)  # fmt: skip
_STANDBY_OPTIONS = (
    {"N": "node", "v": "update", "D": "delete", "l": "lifetime"},
    ("node", "update", "lifetime"),
)
_ATTRIBUTE_OPTIONS = (
    {"n": "name", "v": "update", "D": "delete", "t": "type", "N": "node", "l": "lifetime"},
    ("name", "update", "type", "node", "lifetime"),
)
_CIBADMIN_OPTIONS = (
    {"M": "modify", "c": "allow-create", "o": "scope", "X": "xml-text"},
    ("scope", "xml-text"),
)


def execute(
    state: State, argv: Sequence[str], node: str | None = None, user: str = "root"
) -> Answer:
    """Carry out one command as if that user had typed it on that node (on any, where `None`)."""
    command = _COMMANDS.get(argv[0]) if argv else None
    if command is None:
        return _no(NOT_FOUND, f"{argv[0] if argv else ''}: command not found")
    epoch = state.version.epoch
    try:
        return command(state, list(argv[1:]), node)
    except GetoptError as error:
        return _no(USAGE, f"{argv[0]}: {error.msg}")
    finally:
        if state.version.epoch != epoch:
            state.author = Author(user, argv[0], node or state.dc or "")


def _no(exit_status: int, text: str) -> Answer:
    return Answer(exit_status, stderr=f"{text}\n".encode())


def _options(words: list[str], grammar: tuple[Mapping[str, str], Sequence[str]]) -> dict[str, str]:
    short, with_value = grammar
    letters = "".join(f"{k}:" if name in with_value else k for k, name in short.items())
    names = sorted({f"{name}=" if name in with_value else name for name in short.values()})
    pairs, rest = gnu_getopt(words, letters, names)
    if rest:
        raise GetoptError(f"unexpected argument {rest[0]!r}")
    return {short.get(key[1:], key.lstrip("-")): value for key, value in pairs}


def _crm_resource(state: State, words: list[str], _node: str | None) -> Answer:
    options = _options(words, _RESOURCE_OPTIONS)
    acts = [name for name in _RESOURCE_ACTS if name in options]
    if len(acts) != 1 or "resource" not in options:
        return _no(USAGE, "crm_resource: one act and --resource are needed")
    guest = state.guests.get(options["resource"])
    if guest is None:
        return _no(NO_SUCH, f"Resource '{options['resource']}' not found")
    if "node" in options and options["node"] not in state.hosts:
        return _no(NO_SUCH, f"Node '{options['node']}' not found")
    return _RESOURCE_ACTS[acts[0]](state, guest, options)


def _move(state: State, guest: Guest, options: dict[str, str]) -> Answer:
    if "node" not in options:
        return _ban(state, guest, options)
    node = options["node"]
    if guest.host == node and "force" not in options:
        return _no(ALREADY, f"Error performing operation: {guest.id} is already active on {node}")
    prefer = _location(state, guest.id, node, ConstraintKind.PREFER, options)
    constraints = moved(state.constraints, prefer)
    if "force" in options and guest.host is not None and guest.host != node:
        constraints.append(_location(state, guest.id, guest.host, ConstraintKind.BAN, options))
    state.constraints = constraints
    return _configured(state, guest)


def prefer(vm: str, node: str) -> Location:
    """The constraint that a move sets."""
    return Location(f"cli-prefer-{vm}", vm, node, ConstraintKind.PREFER)


def moved(constraints: Sequence[Location], prefer: Location) -> list[Location]:
    """The constraints after a move: no older prefer of the VM, no ban there, the new prefer."""
    kept = [
        c
        for c in constraints
        if c.vm != prefer.vm or (c.kind is ConstraintKind.BAN and c.node != prefer.node)
    ]
    return [*kept, prefer]


def _ban(state: State, guest: Guest, options: dict[str, str]) -> Answer:
    node = options.get("node", guest.host)
    if node is None:
        return _no(NO_SUCH, f"{guest.id} is not active anywhere: say which node with --node")
    ban = _location(state, guest.id, node, ConstraintKind.BAN, options)
    state.constraints = [
        c
        for c in state.constraints
        if c.id != ban.id
        and not (c.vm == guest.id and c.kind is ConstraintKind.PREFER and c.node == node)
    ]
    state.constraints.append(ban)
    return _configured(state, guest)


def _location(
    state: State, vm: str, node: str, kind: ConstraintKind, options: dict[str, str]
) -> Location:
    identity = f"cli-prefer-{vm}" if kind is ConstraintKind.PREFER else f"cli-ban-{vm}-on-{node}"
    if "lifetime" not in options:
        return Location(identity, vm, node, kind)
    match = _LIFETIME.fullmatch(options["lifetime"])
    if match is None or not any(match.groupdict().values()):
        raise GetoptError(f"invalid duration {options['lifetime']!r}")
    parts = {unit: int(number or 0) for unit, number in match.groupdict().items()}
    seconds = ((parts["d"] * 24 + parts["h"]) * 60 + parts["m"]) * 60 + parts["s"]
    end = state.now + seconds
    shown = datetime.fromtimestamp(end, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    return Location(identity, vm, node, kind, end, shown)


def _clear(state: State, guest: Guest, options: dict[str, str]) -> Answer:
    node = options.get("node")
    left = [c for c in state.constraints if c.vm != guest.id or node not in (None, c.node)]
    if len(left) == len(state.constraints):
        return Answer(OK)
    state.constraints = left
    return _configured(state, guest)


def _cleanup(state: State, guest: Guest, options: dict[str, str]) -> Answer:
    node = options.get("node")
    if node is not None and node != guest.host:
        operations.probe_on(state, guest, node)
        return Answer(OK)
    if guest.activity is not None and guest.activity.stage is Stage.HELD:
        state.engage(guest, None)
    if guest.activity is not None:
        return Answer(OK)
    if guest.maintenance or state.maintenance or not (guest.failed or guest.blocked):
        operations.probe(state, guest)
    else:
        guest.blocked = False
        operations.forget(state, guest)
    return Answer(OK, b"Waiting for 1 reply from the controller... OK\n")


def _set_parameter(state: State, guest: Guest, options: dict[str, str]) -> Answer:
    if "parameter-value" not in options:
        return _no(USAGE, "crm_resource: --set-parameter needs --parameter-value")
    name, value = options["set-parameter"], options["parameter-value"]
    if "meta" in options:
        return _meta(state, guest, name, value)
    guest.parameters = {**guest.parameters, name: value}
    if name == "migration_speed" and value.isdigit():
        guest.migration_speed_bytes_per_s = int(value) * MiB
    return _configured(state, guest)


def _delete_parameter(state: State, guest: Guest, options: dict[str, str]) -> Answer:
    if "meta" not in options:
        return _no(USAGE, "crm_resource: --delete-parameter needs --meta")
    return _meta(state, guest, options["delete-parameter"], None)


def _meta(state: State, guest: Guest, name: str, value: str | None) -> Answer:
    true = value is not None and value.lower() in _TRUE
    if name == "maintenance":
        guest.maintenance = true
    elif name == "allow-migrate":
        guest.allow_migrate = true
    elif name == "is-managed":
        guest.managed = true or value is None
    elif name == "target-role":
        guest.target_role = value
    return _configured(state, guest)


def _configured(state: State, guest: Guest) -> Answer:
    state.touch(guest)
    state.configured()
    return Answer(OK)


def _crm_standby(state: State, words: list[str], node: str | None) -> Answer:
    options = _options(words, _STANDBY_OPTIONS)
    name = options.get("node", node)
    host = state.hosts.get(name) if name is not None else None
    if host is None:
        return _no(NO_SUCH, f"Could not map name={name} to a UUID")
    if "update" not in options and "delete" not in options:
        return Answer(OK, f"scope=nodes name=standby value={host.standby}\n".lower().encode())
    host.standby = options.get("update", "off").lower() in _TRUE
    state.configured()
    return Answer(OK)


def _crm_attribute(state: State, words: list[str], _node: str | None) -> Answer:
    options = _options(words, _ATTRIBUTE_OPTIONS)
    name, on = options.get("name"), options.get("update", "false").lower() in _TRUE
    if name is None or ("update" not in options and "delete" not in options):
        return _no(USAGE, "crm_attribute: --name and --update or --delete are needed")
    if "node" in options:
        host = state.hosts.get(options["node"])
        if host is None:
            return _no(NO_SUCH, f"Could not map name={options['node']} to a UUID")
        if name == "standby":
            host.standby = on
        elif name == "maintenance":
            host.maintenance = on
    elif name == "maintenance-mode":
        state.maintenance = on
    state.configured()
    return Answer(OK)


def _cibadmin(state: State, words: list[str], _node: str | None) -> Answer:
    options = _options(words, _CIBADMIN_OPTIONS)
    if "modify" not in options or "xml-text" not in options:
        return _no(USAGE, "cibadmin: --modify and --xml-text are needed")
    try:
        element = ElementTree.fromstring(options["xml-text"])
    except ElementTree.ParseError as error:
        return _no(USAGE, f"cibadmin: {error}")
    changed = elements.modify(state, element)
    if changed is None:
        return _no(NO_SUCH, "cibadmin: No such device or address")
    for guest in changed:
        _configured(state, guest)
    return Answer(OK)


_RESOURCE_ACTS: Mapping[str, Callable[[State, Guest, dict[str, str]], Answer]] = {
    "move": _move,
    "ban": _ban,
    "clear": _clear,
    "cleanup": _cleanup,
    "refresh": _cleanup,
    "set-parameter": _set_parameter,
    "delete-parameter": _delete_parameter,
}
_COMMANDS: Mapping[str, Callable[[State, list[str], str | None], Answer]] = {
    "crm_resource": _crm_resource,
    "crm_standby": _crm_standby,
    "crm_attribute": _crm_attribute,
    "cibadmin": _cibadmin,
    "virsh": domains.virsh,
}
