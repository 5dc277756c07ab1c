"""Which resource agents run a libvirt domain, and what their parameters mean.

Sources: `heartbeat/VirtualDomain` of resource-agents 4.12 and its SEAPATH copy; alteeve's
`ocf/alteeve/server`.
"""

from __future__ import annotations

VIRTUAL_DOMAIN = frozenset({"ocf:heartbeat:VirtualDomain", "ocf:seapath:VirtualDomain"})
ALTEEVE_SERVER = "ocf:alteeve:server"


def runs_a_domain(agent: str) -> bool:
    return agent in VIRTUAL_DOMAIN or agent == ALTEEVE_SERVER


def config_file(agent: str, parameters: dict[str, str]) -> str | None:
    """Where the domain's XML lies; its `<name>` names the domain, whatever the resource's id."""
    if agent in VIRTUAL_DOMAIN:
        return parameters.get("config")
    return None


def domain_name(agent: str, parameters: dict[str, str]) -> str | None:
    """The domain's name where a parameter says it."""
    return parameters.get("name") if agent == ALTEEVE_SERVER else None
