"""Topic 4: what the cluster as a whole is told."""

from __future__ import annotations

from collections.abc import Iterator

from backends.data.examination import Cure, Finding, State, Topic
from backends.doctor.case import Case

_LIMIT = "crm_attribute --type crm_config --name migration-limit --update 2"


def judge(case: Case) -> Iterator[Finding]:
    yield from _judge_quorum(case)
    yield _judge_limit(case)
    if case.picture.maintenance:
        yield Finding(
            Topic.RESOURCE,
            "maintenance",
            State.WARNING,
            "the cluster is in maintenance",
            "Pacemaker moves nothing until it is over",
            cures=(Cure(("crm_attribute --type crm_config --name maintenance-mode --delete",)),),
        )


def _judge_quorum(case: Case) -> Iterator[Finding]:
    if case.picture.quorum is not True:
        known = case.picture.quorum is False
        yield Finding(
            Topic.RESOURCE,
            "quorum",
            State.WRONG if known else State.UNKNOWN,
            "the cluster has no quorum" if known else "whether the cluster has quorum",
            "Pacemaker moves nothing without it",
            cures=(Cure(("corosync-quorumtool -s",)),),
        )
    elif case.configuration.options.get("no-quorum-policy") == "ignore":
        yield Finding(
            Topic.RESOURCE,
            "quorum",
            State.WARNING,
            "no-quorum-policy is ignore",
            "in a cluster that falls apart each half starts every VM",
            cures=(Cure(("crm_attribute --type crm_config --name no-quorum-policy --delete",)),),
        )
    else:
        yield Finding(Topic.RESOURCE, "quorum", State.OK, "the cluster has quorum")


def _judge_limit(case: Case) -> Finding:
    limit = case.picture.migration_limit
    if limit is not None:
        return Finding(Topic.RESOURCE, "migration-limit", State.OK, f"migration-limit is {limit}")
    return Finding(
        Topic.RESOURCE,
        "migration-limit",
        State.WARNING,
        "migration-limit is not set",
        "a standby moves all VMs of a node at once, and they take each other's bandwidth",
        cures=(Cure((_LIMIT,)),),
    )
