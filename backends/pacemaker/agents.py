"""Which resource agents run a libvirt domain, and what their parameters mean.

Sources: `heartbeat/VirtualDomain` of resource-agents 4.12 and its copies by others, who kept its
name (SEAPATH's); alteeve's `ocf/alteeve/server`. A site's own are named in the configuration file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

ALTEEVE_SERVER = "ocf:alteeve:server"
_VIRTUAL_DOMAIN = "VirtualDomain"


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent of a site's own."""

    name: str
    """As `ocf:provider:type`."""
    domain: str | None = None
    """Which of its parameters says the domain's name; `None` where its XML does."""
    meanings: Mapping[str, str] = field(default_factory=dict)
    """Its parameters by the names that VirtualDomain has for them; those left out are the same."""


ALTEEVE = Agent(ALTEEVE_SERVER, domain="name")


class Agents:
    """All agents that run a domain: VirtualDomain, whoever provides it, and those named here."""

    def __init__(self, own: Iterable[Agent] = ()) -> None:
        self._named = {agent.name: agent for agent in (ALTEEVE, *own)}

    def runs_a_domain(self, agent: str) -> bool:
        kind, _, rest = agent.partition(":")
        ours = kind == "ocf" and rest.rpartition(":")[2] == _VIRTUAL_DOMAIN
        return ours or agent in self._named

    def parameters(self, agent: str, given: Mapping[str, str]) -> dict[str, str]:
        """What is set on a resource of this agent, by the names that VirtualDomain has for it."""
        named = self._named.get(agent)
        meanings = named.meanings if named is not None else {}
        meant = {name: given[theirs] for name, theirs in meanings.items() if theirs in given}
        renamed = {*meanings, *meanings.values()}
        return {**{name: said for name, said in given.items() if name not in renamed}, **meant}

    def config_file(self, agent: str, given: Mapping[str, str]) -> str | None:
        """Where the domain's XML lies; its `<name>` names the domain, whatever the VM's id."""
        return self.parameters(agent, given).get("config")

    def domain_name(self, agent: str, given: Mapping[str, str]) -> str | None:
        """The domain's name where a parameter says it."""
        named = self._named.get(agent)
        return given.get(named.domain) if named is not None and named.domain is not None else None


KNOWN = Agents()
