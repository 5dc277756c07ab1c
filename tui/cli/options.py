"""The options that every command has, before or after its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Options:
    """What was typed; `None` and empty mean that it was not."""

    hosts: tuple[str, ...] = ()
    cluster: str | None = None
    read_only: bool = False
    config: Path | None = None
    ssh_config: Path | None = None
    known_hosts: Path | None = None
    identity: Path | None = None
    user: str | None = None
    sudo: bool = False
    log: Path | None = None

    def after(self, earlier: Options) -> Options:
        """These where they were given, the earlier ones elsewhere; hosts add up."""
        values = {
            field.name: getattr(self, field.name) or getattr(earlier, field.name)
            for field in fields(self)
        }
        return replace(Options(**values), hosts=(*earlier.hosts, *self.hosts))


class EverywhereOption(click.Option):
    """An option that the help of each command lists below the command's own."""


class Command(click.Command):
    """A command whose help tells its own options from those that every command has."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {"Options": [], "Options everywhere": []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                everywhere = isinstance(parameter, EverywhereOption)
                sections["Options everywhere" if everywhere else "Options"].append(record)
        for title, records in sections.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


def _option(*names: str, **attributes: Any) -> Callable[[F], F]:
    return click.option(*names, cls=EverywhereOption, **attributes)


def _file(name: str, text: str) -> Callable[[F], F]:
    return _option(name, type=click.Path(path_type=Path), metavar="FILE", help=text)


_EVERYWHERE = (
    _option(
        "--host",
        "hosts",
        multiple=True,
        metavar="HOST",
        help="The same as a HOST argument; may be given several times.",
    ),
    _option("-c", "--cluster", metavar="NAME", help="A cluster of the configuration file."),
    _option("--read-only", is_flag=True, help="Look only: nothing is changed on the cluster."),
    _file("--config", "The configuration file."),
    _file("--ssh-config", "Read this instead of ~/.ssh/config."),
    _file("--known-hosts", "Read this instead of ~/.ssh/known_hosts."),
    _file("--identity", "The private key to log in with."),
    _option("--user", metavar="NAME", help="The user to log in as."),
    _option("--sudo", is_flag=True, help="Use `sudo -n` on the nodes."),
    _file("--log", "Write what vmferry does to this file."),
)


def options_everywhere(function: F) -> F:
    """Add the options that every command has."""
    for option in reversed(_EVERYWHERE):
        function = option(function)
    return function
