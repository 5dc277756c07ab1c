"""The configuration file, and what it and the options come to.

It is TOML, at `vmferry/config.toml` in the user's configuration directory (`--config FILE` names
another)::

    default = "prod"            # the cluster when neither HOST nor -c is given
    read_only = false           # these hold for every cluster
    log = "~/vmferry.log"
    theme = "vmferry-light"     # or any other that the palette of the board lists

    [clusters.prod]             # vmferry -c prod
    hosts = ["alpha", "beta"]   # any of its nodes, as ssh takes them
    user = "operator"
    sudo = true
    identity = "~/.ssh/prod"
    ssh_config = "~/.ssh/config"
    known_hosts = "~/.ssh/known_hosts"
    read_only = true
    agents = [                  # that run VMs, beside VirtualDomain; may stand above as well
        "ocf:site:Domain",      # its parameters are called as VirtualDomain's are …
        { agent = "ocf:ccni:xcatVirtualDomain", domain = "nodename", transport = "via" },
    ]                           # … or these, by the name that it has for each

Every key may be left out, except a cluster's `hosts`. A relative file is meant from the
configuration's own directory. An option on the command line wins over the file; `read_only` holds
as soon as one of them says so.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import click
import msgspec
import platformdirs

from backends.data.errors import BadConfiguration
from backends.pacemaker.agents import Agent
from tui.cli.options import Options

T = TypeVar("T")

Hosts = Annotated[
    tuple[Annotated[str, msgspec.Meta(min_length=1)], ...], msgspec.Meta(min_length=1)
]


AgentName = Annotated[str, msgspec.Meta(pattern=r"^ocf:[^:\s]+:[^:\s]+$")]


class AgentEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An agent whose parameters have names of their own: for each what VirtualDomain calls so."""

    agent: AgentName
    domain: str | None = None
    """Which says the domain's name."""
    config: str | None = None
    """… the file with its XML."""
    hypervisor: str | None = None
    transport: str | None = None
    """… the `migration_transport`."""
    options: str | None = None
    """… the `migrate_options`."""


class ClusterEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One `[clusters.NAME]`."""

    hosts: Hosts
    user: str | None = None
    sudo: bool = False
    identity: str | None = None
    ssh_config: str | None = None
    known_hosts: str | None = None
    read_only: bool = False
    agents: tuple[AgentEntry | AgentName, ...] = ()


class Configuration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file; each cluster is read when it is chosen."""

    default: str | None = None
    read_only: bool = False
    log: str | None = None
    theme: str | None = None
    agents: tuple[AgentEntry | AgentName, ...] = ()
    clusters: dict[str, dict[str, object]] = {}


@dataclass(frozen=True, slots=True)
class Target:
    """Which cluster to look at, and how. Without hosts it is the one this machine belongs to."""

    hosts: tuple[str, ...] = ()
    name: str | None = None
    """The name in the configuration."""
    read_only: bool = False
    user: str | None = None
    sudo: bool = False
    identity: Path | None = None
    ssh_config: Path | None = None
    known_hosts: Path | None = None
    log: Path | None = None
    theme: str | None = None
    agents: tuple[Agent, ...] = ()
    """Those that run VMs beside the known ones."""


def default_path() -> Path:
    """Where the configuration is looked for unless it is named."""
    return platformdirs.user_config_path("vmferry") / "config.toml"


def resolve(options: Options) -> Target:
    """What the options and the configuration file come to.

    Raises `BadConfiguration`, and `click.UsageError` when a HOST and a cluster are both given.
    """
    if options.hosts and options.cluster:
        raise click.UsageError("give either a HOST or -c NAME, not both")
    if "" in options.hosts:
        raise click.UsageError("a HOST is empty")
    path = options.config or default_path()
    configuration = _read(path, required=options.config is not None)
    name = options.cluster or (None if options.hosts else configuration.default)
    entry = None if name is None else _entry(configuration, name, path)

    def file(typed: Path | None, written: str | None) -> Path | None:
        return typed or (None if written is None else path.parent / Path(written).expanduser())

    return Target(
        hosts=entry.hosts if entry else options.hosts,
        name=name,
        read_only=options.read_only
        or configuration.read_only
        or (entry is not None and entry.read_only),
        user=options.user or (entry.user if entry else None),
        sudo=options.sudo or (entry is not None and entry.sudo),
        identity=file(options.identity, entry.identity if entry else None),
        ssh_config=file(options.ssh_config, entry.ssh_config if entry else None),
        known_hosts=file(options.known_hosts, entry.known_hosts if entry else None),
        log=file(options.log, configuration.log),
        theme=configuration.theme,
        agents=tuple(map(_agent, (*configuration.agents, *(entry.agents if entry else ())))),
    )


def _agent(written: AgentEntry | str) -> Agent:
    if isinstance(written, str):
        return Agent(written)
    theirs = {
        "config": written.config,
        "hypervisor": written.hypervisor,
        "migration_transport": written.transport,
        "migrate_options": written.options,
    }
    meanings = {name: their for name, their in theirs.items() if their is not None}
    return Agent(written.agent, written.domain, meanings)


def _read(path: Path, *, required: bool) -> Configuration:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        if not required:
            return Configuration()
        raise BadConfiguration(
            "there is no such configuration file", where=str(path), cure="check --config"
        ) from error
    except OSError as error:
        raise BadConfiguration(
            f"the configuration cannot be read: {error.strerror}", where=str(path)
        ) from error
    except UnicodeDecodeError as error:
        raise BadConfiguration("the configuration is not UTF-8", where=str(path)) from error
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadConfiguration(
            f"the configuration is not TOML: {error}", where=str(path), cure="correct that line"
        ) from error
    return _convert(written, Configuration, str(path), "")


def _entry(configuration: Configuration, name: str, path: Path) -> ClusterEntry:
    table = configuration.clusters.get(name)
    if table is None:
        known = ", ".join(sorted(configuration.clusters)) or "none"
        raise BadConfiguration(
            f"there is no cluster {name!r} in the configuration",
            where=str(path),
            cure=f"the clusters there are: {known}",
        )
    return _convert(table, ClusterEntry, str(path), f"clusters.{name}")


def _convert(written: object, kind: type[T], where: str, table: str) -> T:
    try:
        return msgspec.convert(written, kind)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$")
        key = f"{table}{place.rstrip('`')}".strip(".")
        known = ", ".join(field.name for field in msgspec.structs.fields(kind))  # type: ignore[arg-type]
        raise BadConfiguration(
            f"{key}: {what}" if key else what, where=where, cure=f"the keys there are: {known}"
        ) from error
