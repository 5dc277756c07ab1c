"""What drbdadm of 8.3, 8.4 and 9 has read in its files, as `drbdadm dump-xml` tells it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from backends.doctor.drbd_answers import Net
from backends.pacemaker.xml import number, parse, truth


@dataclass(frozen=True, slots=True)
class Configured:
    """A resource of the configuration files."""

    name: str
    net: Net
    minors: frozenset[int] = frozenset()
    file: str | None = None


def parse_configured(text: str) -> tuple[Configured, ...]:
    """`drbdadm dump-xml`. What is not set has DRBD's default. Raises `BadAnswer`.

    The protocol was an attribute in 8.3; fencing stood under `disk` before 9.
    """
    root = parse(text.encode(errors="replace"), "drbdadm dump-xml")
    common = root.find("common")
    return tuple(
        Configured(
            name=resource.get("name", ""),
            net=_net([resource, *([common] if common is not None else [])]),
            minors=frozenset(
                minor
                for device in resource.iterfind(".//device")
                if (minor := number(device.get("minor"))) is not None
            ),
            file=resource.get("conf-file-line", "").rpartition(":")[0] or None,
        )
        for resource in root.iterfind("resource")
    )


def _net(layers: Iterable[etree._Element]) -> Net:
    options: dict[str, str] = {}
    for layer in reversed(list(layers)):
        if protocol := layer.get("protocol"):
            options["protocol"] = protocol
        for section in ("disk", "net"):
            path = f"section[@name='{section}']/option"
            for option in (*layer.iterfind(path), *layer.iterfind(f"connection/{path}")):
                options[option.get("name", "")] = option.get("value", "yes")
    return Net(
        two_primaries=truth(options.get("allow-two-primaries", "no")),
        protocol=options.get("protocol", "C").upper(),
        fencing=options.get("fencing", "dont-care"),
    )
