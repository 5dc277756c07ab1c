"""What a command would make of the CIB, without sending it. Pure.

Only the commands of `backends.data.commands` that write to the CIB are known here; they leave the
same elements behind as the real ones do (compared with Pacemaker 2.1.5 in the tests).
"""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from backends.data.commands import SET_CONSTRAINTS, SET_OPERATION
from backends.data.errors import BadAnswer
from backends.data.plan import Command
from backends.pacemaker.leftovers import is_leftover
from backends.pacemaker.xml import parse


def edited(cib: etree._Element, commands: Iterable[Command]) -> None:
    """Carry out the commands on this copy of a CIB. Raises `ValueError` for an unknown one."""
    for command in commands:
        match command.argv:
            case ("crm_resource", "--move", "--resource", vm, "--node", node):
                _move(cib, vm, node)
            case ("crm_resource", "--clear", "--resource", vm):
                _clear(cib, vm)
            case ("crm_resource", "--clear", "--resource", vm, "--node", node):
                _clear_node(cib, vm, node)
            case ("crm_resource", "--resource", vm, "--meta", "--set-parameter", name, _, value):
                _set_meta(cib, vm, name, value)
            case ("crm_resource", "--resource", vm, "--meta", "--delete-parameter", name):
                _delete_meta(cib, vm, name)
            case ("cibadmin", "--modify", "--xml-text", element):
                _modify(cib, element)
            case ("crm_resource", "--resource", vm, "--set-parameter", name, _, value):
                _set(_primitive(cib, vm), "instance_attributes", vm, name, value)
            case (*words, text) if tuple(words) == SET_OPERATION:
                _set_operation(cib, text)
            case ("crm_resource", "--refresh", "--resource", vm, "--node", node, "--force"):
                _forget(cib, vm, node)
            case (*words, text) if tuple(words) == SET_CONSTRAINTS:
                _set_constraints(cib, text)
            case ("crm_standby", "--node", node, "--update", value):
                _standby(cib, node, value)
            case _:
                raise ValueError(f"what «{command}» does to a CIB is not known")


def changing(cib: bytes, commands: Iterable[Command]) -> tuple[Command, ...]:
    """Those of them that would change this CIB, one after the other. Raises `BadAnswer`."""
    root = parse(cib, "cibadmin")
    before = etree.tostring(root)
    changed: list[Command] = []
    for command in commands:
        try:
            edited(root, [command])
        except ValueError as error:
            raise BadAnswer(str(error)) from error
        after = etree.tostring(root)
        if after != before:
            changed.append(command)
        before = after
    return tuple(changed)


def _constraints(cib: etree._Element) -> etree._Element:
    found = cib.find("configuration/constraints")
    if found is None:
        raise ValueError("the CIB has no constraints section")
    return found


def _clear(cib: etree._Element, vm: str) -> None:
    constraints = _constraints(cib)
    for location in constraints.findall("rsc_location"):
        if location.get("rsc") == vm and is_leftover(location.get("id", "")):
            constraints.remove(location)


def _clear_node(cib: etree._Element, vm: str, node: str) -> None:
    """The preference where it is for this node, and the ban on it."""
    constraints = _constraints(cib)
    for location in constraints.findall("rsc_location"):
        name = location.get("id")
        prefers = name == f"cli-prefer-{vm}" and location.get("node") == node
        if prefers or name == f"cli-ban-{vm}-on-{node}":
            constraints.remove(location)


def _move(cib: etree._Element, vm: str, node: str) -> None:
    """The preference replaces the one before and lifts the ban on its node; other bans stay."""
    constraints = _constraints(cib)
    prefer, ban = f"cli-prefer-{vm}", f"cli-ban-{vm}-on-{node}"
    for location in constraints.findall("rsc_location"):
        if location.get("id") in (prefer, ban):
            constraints.remove(location)
    attributes = {"id": prefer, "rsc": vm, "role": "Started", "node": node, "score": "INFINITY"}
    etree.SubElement(constraints, "rsc_location", attributes)


def _set_constraints(cib: etree._Element, text: str) -> None:
    """One with the id of an older one takes its place."""
    constraints = _constraints(cib)
    for wanted in parse(text.encode(), "set_constraints"):
        for location in constraints.findall("rsc_location"):
            if location.get("id") == wanted.get("id"):
                constraints.remove(location)
        constraints.append(wanted)


def _forget(cib: etree._Element, vm: str, name: str) -> None:
    for state in cib.iterfind("status/node_state"):
        history = state.find("lrm/lrm_resources")
        if state.get("uname") == name and history is not None:
            for resource in history.findall("lrm_resource"):
                if resource.get("id") == vm:
                    history.remove(resource)


def _primitive(cib: etree._Element, vm: str) -> etree._Element:
    for primitive in cib.iterfind("configuration/resources//primitive"):
        if primitive.get("id") == vm:
            return primitive
    raise ValueError(f"the CIB has no resource {vm}")


def _set_meta(cib: etree._Element, vm: str, name: str, value: str) -> None:
    _set(_primitive(cib, vm), "meta_attributes", vm, name, value)


def _set(primitive: etree._Element, tag: str, vm: str, name: str, value: str) -> None:
    for nvset in primitive.iterfind(tag):
        for pair in nvset.iterfind("nvpair"):
            if pair.get("name") == name:
                pair.set("value", value)
                return
    group = f"{vm}-{tag}"
    found = primitive.find(tag)
    if found is None:
        found = etree.SubElement(primitive, tag, {"id": group})
    etree.SubElement(found, "nvpair", {"id": f"{group}-{name}", "name": name, "value": value})


def _set_operation(cib: etree._Element, text: str) -> None:
    wanted = parse(text.encode(), "set_operation")
    primitive, op = _primitive(cib, wanted.get("id", "")), wanted.find("operations/op")
    if op is None:
        raise ValueError(f"no operation in {text}")
    operations = primitive.find("operations")
    if operations is None:
        operations = etree.SubElement(primitive, "operations")
    for known in operations:
        if known.get("id") == op.get("id"):
            known.attrib.update(op.attrib)
            return
    operations.append(op)


def _delete_meta(cib: etree._Element, vm: str, name: str) -> None:
    for meta in _primitive(cib, vm).iterfind("meta_attributes"):
        for pair in meta.findall("nvpair"):
            if pair.get("name") == name:
                meta.remove(pair)


def _modify(cib: etree._Element, text: str) -> None:
    """The element of the same name and id gets the attributes of this one."""
    change = etree.fromstring(text, etree.XMLParser(resolve_entities=False, no_network=True))
    for element in cib.iter(change.tag):
        if element.get("id") == change.get("id"):
            element.attrib.update(change.attrib)
            return
    raise ValueError(f"the CIB has no {change.tag} {change.get('id')}")


def _standby(cib: etree._Element, name: str, value: str) -> None:
    """A node attribute that outlives a reboot, as `crm_standby` sets it by default."""
    for node in cib.iterfind("configuration/nodes/node"):
        if node.get("uname") == name:
            group = f"nodes-{node.get('id')}"
            attributes = node.find("instance_attributes")
            if attributes is None:
                attributes = etree.SubElement(node, "instance_attributes", {"id": group})
            for pair in attributes.findall("nvpair"):
                if pair.get("name") == "standby":
                    attributes.remove(pair)
            words = {"id": f"{group}-standby", "name": "standby", "value": value}
            etree.SubElement(attributes, "nvpair", words)
            return
    raise ValueError(f"the CIB has no node {name}")
