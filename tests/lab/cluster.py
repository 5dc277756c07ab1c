"""What the cluster says of itself, asked on whichever node answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from lab.cib import VMS
from lab.node import Node
from lab.system import LabError

VM_NAMES = frozenset(vm.name for vm in VMS)
ANSWER_S = 15


@dataclass(frozen=True, slots=True)
class Cluster:
    """The nodes together."""

    nodes: Sequence[Node]

    def ask(self, *argv: object, stdin: str | None = None) -> str:
        """Run a command on the first node where it succeeds. Raises LabError where it does not."""
        refusals = []
        for node in self.nodes:
            try:
                # crmadmin waits for ever for a DC that has just died.
                return node.run("timeout", ANSWER_S, *argv, stdin=stdin)
            except LabError as error:
                refusals.append(str(error))
        raise LabError("no node answers:\n" + "\n".join(refusals))

    def crm_mon(self) -> Element:
        """The status as crm_mon prints it."""
        return _parse(self.ask("crm_mon", "-1", "--output-as=xml"))

    def cib(self) -> Element:
        """The whole CIB."""
        return _parse(self.ask("cibadmin", "--query"))

    def is_online(self) -> bool:
        """Are all nodes online, with a DC and quorum?"""
        status = self._status()
        if status is None:
            return False
        dc = status.find("./summary/current_dc")
        online = [node for node in status.iterfind("./nodes/node") if node.get("online") == "true"]
        return (
            dc is not None
            and dc.get("with_quorum") == "true"
            and len(online) == len(self.nodes)
            and not any("true" in (node.get("pending"), node.get("unclean")) for node in online)
        )

    def placement(self) -> dict[str, str]:
        """Where each VM is Started, with no other node involved; others are left out."""
        status = self._status()
        return {} if status is None else placement(status)

    def is_idle(self) -> bool:
        """Is the DC idle, with nothing that it would still do?"""
        try:
            plan = self.ask("crm_simulate", "--live-check", "--output-as=xml")
            if _parse(plan).find("./actions/*") is not None:
                return False
            dc = self.crm_mon().find("./summary/current_dc[@name]")
            # Last, since it is the dearest.
            return dc is not None and "S_IDLE" in self.ask("crmadmin", "--status", dc.get("name"))
        except LabError:
            return False

    def pending(self) -> list[tuple[str, str, str]]:
        """What is being done with VMs now: node, VM, operation."""
        return [
            (node.get("uname", ""), resource.get("id", ""), operation.get("operation", ""))
            for node in self.cib().iter("node_state")
            for resource in node.iter("lrm_resource")
            for operation in resource.iter("lrm_rsc_op")
            if operation.get("op-status") == "-1" and resource.get("id") in VM_NAMES
        ]

    def earlier_stays(self) -> list[tuple[str, str]]:
        """What the history tells of VMs on nodes where they are not: VM, node."""
        placement = self.placement()
        return [
            (name, place)
            for node in self.cib().iter("node_state")
            for resource in node.iter("lrm_resource")
            if (name := resource.get("id", "")) in VM_NAMES
            and placement.get(name) != (place := node.get("uname", ""))
            and any(each.get("operation") != "monitor" for each in resource.iter("lrm_rsc_op"))
        ]

    def failures(self) -> bool:
        """Is anything recorded as failed?"""
        status = self.crm_mon()
        failed = [each for each in status.iter("resource") if each.get("failed") == "true"]
        return bool(failed) or status.find("./failures/failure") is not None

    def standby_until_reboot(self) -> list[str]:
        """The nodes in standby by an attribute that is no part of the configuration."""
        return [
            node.get("uname", "")
            for node in self.cib().iter("node_state")
            if node.find("./transient_attributes//nvpair[@name='standby']") is not None
        ]

    def configuration(self) -> dict[str, str]:
        """The sections of the configuration as text, to compare and to put back.

        Without what means nothing: an attribute that is removed leaves its empty set behind, and
        `crm_resource --refresh` notes when it was used.
        """
        configuration = self.cib().find("./configuration")
        sections = [] if configuration is None else [s for s in configuration if len(s)]
        for parent in [element for section in sections for element in section.iter()]:
            for child in list(parent):
                hollow = child.tag.endswith("_attributes") and len(child) == 0
                if hollow or child.get("name") == "last-lrm-refresh":
                    parent.remove(child)
        return {
            section.tag: ElementTree.canonicalize(ElementTree.tostring(section), strip_text=True)
            for section in sections
        }

    def _status(self) -> Element | None:
        try:
            return self.crm_mon()
        except LabError:
            return None


def placement(status: Element) -> dict[str, str]:
    """Where each VM is Started according to crm_mon."""
    found = {}
    for resource in status.iter("resource"):
        name, places = resource.get("id", ""), resource.findall("node")
        settled = resource.get("role") == "Started" and not resource.get("pending")
        if name in VM_NAMES and settled and len(places) == 1:
            found[name] = places[0].get("name", "")
    return found


def _parse(text: str) -> Element:
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise LabError(f"not XML ({error}): {text[:200]!r}") from error
