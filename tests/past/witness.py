"""What of a picture a witness of that moment could have seen as well."""

from __future__ import annotations

from backends.data.picture import Cluster, NodeState


def as_seen(picture: Cluster) -> tuple[object, object]:
    nodes = {
        node.name: (
            node.state not in (NodeState.OFFLINE, NodeState.UNCLEAN, NodeState.PENDING),
            node.standby,
            node.unclean,
        )
        for node in picture.nodes
    }
    return nodes, {vm.id: frozenset(vm.nodes) for vm in picture.vms}
