"""The disks of a domain, from its live XML. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Disk:
    """One disk, or the backing file of one."""

    target: str
    kind: str
    """`file`, `block`, `network`, `volume`, …: libvirt's type."""
    path: str | None = None
    """On the node, of a file or a block device."""
    remote: str | None = None
    """Of a network disk: `rbd pool/image`."""
    cache: str | None = None
    writable: bool = True
    shareable: bool = False
    only_here: bool = False
    """A network disk that is served by the node itself."""


def disks_of(domain: etree._Element) -> tuple[Disk, ...]:
    """The disks that have something in them."""
    return tuple(
        found
        for disk in domain.iterfind("devices/disk")
        for element in (disk, *disk.iterfind(".//backingStore"))
        if (found := _disk(disk, element)) is not None
    )


def _disk(disk: etree._Element, element: etree._Element) -> Disk | None:
    source = element.find("source")
    if source is None:
        return None
    kind = element.get("type", "")
    target = disk.find("target")
    driver = disk.find("driver")
    name = "" if target is None else target.get("dev", "")
    protocol = f"{source.get('protocol', '')} {source.get('name', '')}".strip()
    hosts = list(source.iterfind("host"))
    return Disk(
        target=name if element is disk else f"{name} (backing file)",
        kind=kind,
        path=source.get("file") or source.get("dev") or source.get("dir"),
        remote=protocol or source.get("volume"),
        cache=None if driver is None else driver.get("cache"),
        writable=element is disk and disk.find("readonly") is None,
        shareable=disk.find("shareable") is not None,
        only_here=bool(hosts)
        and all(h.get("transport") == "unix" or h.get("name") in _HERE for h in hosts),
    )
