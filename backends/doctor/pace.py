"""How much of this machine the doctor takes: a share of one core, in the long run.

Who asks for an examination gets one at once. By itself the doctor looks again only after a rest
that is as much longer than its work as the share is small, however large the cluster is, and
however often something changes in it.
"""

from __future__ import annotations

SHARE = 0.02


def rest_s(worked_s: float) -> float:
    """For how long to leave the cluster alone after work of so many seconds of CPU time."""
    return worked_s / SHARE
