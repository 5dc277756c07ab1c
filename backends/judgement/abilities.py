"""What a cluster's Pacemaker is able to, by its release. Pure."""

from __future__ import annotations

import re

from backends.data.picture import Cluster

FORESEES = (2, 1)
"""The first release whose crm_simulate says in XML what would happen (`--output-as`, 2.1.0)."""

_RELEASE = re.compile(r"(\d+)\.(\d+)(?:\.\d+)?")


def blind(picture: Cluster) -> str | None:
    """Why nothing can be foreseen in this cluster, so that nothing may be changed there.

    `None` where it can, and where the cluster does not tell its release: then the scheduler's own
    answer says it.
    """
    found = _RELEASE.match(picture.pacemaker_version or "")
    if found is None or (int(found[1]), int(found[2])) >= FORESEES:
        return None
    needed = ".".join(map(str, FORESEES))
    return (
        f"Pacemaker {found[0]} is there, and what a change would do can be foreseen only from "
        f"{needed}.0 on"
    )
