"""What a path is on a node: which file or device, on which file system, on which disks. Pure.

Two nodes mean the same thing by a path only where there is evidence for it; that the path exists on
both is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from backends.data.errors import BadAnswer
from backends.data.examination import Probe
from backends.doctor.answers import decode
from backends.doctor.filesystems import CLUSTERED, FOREIGN, LOCAL, NUMBERED, SHARED

SCRIPT = r"""
cat /proc/sys/kernel/random/boot_id
for path; do
  printf '%s\0' "$path"
  stat -L -c '%F:%d:%i' -- "$path" 2>/dev/null
  printf '\0'
  findmnt --json --output SOURCE,FSTYPE,TARGET --target "$path" 2>/dev/null
  printf '\0'
  device=$path
  [ -b "$path" ] || device=$(findmnt --noheadings --output SOURCE --target "$path" 2>/dev/null)
  case $device in
    /dev/*) lsblk --json --inverse --paths --output NAME,TYPE,WWN,TRAN -- "${device%%\[*}" 2>/dev/null ;;
  esac
  printf '\0'
done
"""  # noqa: E501
"""A POSIX shell's: the boot id on a line, then four fields for each path, NUL after each."""


@dataclass(frozen=True, slots=True)
class Mount:
    source: str
    fstype: str
    target: str


@dataclass(frozen=True, slots=True)
class Device:
    """A block device as lsblk names it; `tran` and `wwn` are only known of some."""

    name: str
    kind: str
    wwn: str | None = None
    tran: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A path on one node. `kind` is stat(1)'s word for it, empty where nothing is there."""

    path: str
    kind: str = ""
    identity: tuple[str, int, int] | None = None
    """The running kernel, and its numbers for file system and file: equal means the same file."""
    mount: Mount | None = None
    devices: tuple[Device, ...] = ()
    """From the path's own device, or its file system's, down to the disks."""

    @property
    def exists(self) -> bool:
        return bool(self.kind)

    @property
    def is_block(self) -> bool:
        return self.kind.startswith("block")

    @property
    def drbd_minors(self) -> tuple[int, ...]:
        return tuple(minor for each in self.devices if (minor := drbd_minor(each.name)) is not None)

    @property
    def logical_volumes(self) -> tuple[tuple[str, str], ...]:
        """Those below, each with its group."""
        names = (logical_volume(device.name) for device in self.devices if device.kind == "lvm")
        return tuple(dict.fromkeys(name for name in names if name))

    @property
    def volume_groups(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(group for group, _ in self.logical_volumes))

    @property
    def wwns(self) -> frozenset[str]:
        """Of the disks below, where they have one."""
        return frozenset(device.wwn for device in self.devices if device.wwn)

    def carried_by(self, tran: str) -> bool:
        """Whether a disk below is reached that way (`iscsi`, `fc`)."""
        return any(device.tran == tran for device in self.devices)

    def paths_by(self, tran: str) -> int:
        """How many disks below are reached that way: with multipath more than one."""
        return sum(device.tran == tran for device in self.devices)


class Sharing(StrEnum):
    SHARED = "shared"
    FOREIGN = "shared, and unknown to libvirt as such"
    LOCAL = "local"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


def probe(name: str, paths: Sequence[str]) -> Probe:
    return Probe.of(name, "sh", "-c", SCRIPT, "vmferry", *paths)


def drbd_minor(name: str) -> int | None:
    """The minor in `/dev/drbd1`."""
    found = re.fullmatch(r"/dev/drbd(\d{1,7})", name)
    return int(found[1]) if found else None


def logical_volume(name: str) -> tuple[str, str] | None:
    """Group and volume in `/dev/mapper/VG-LV`, where device-mapper doubles their own hyphens.

    A layer of a volume has a word of its own behind it (`VG-POOL-tpool`).
    """
    found = re.fullmatch(r"/dev/mapper/((?:[^-]|--)+)-((?:[^-]|--)+)(?:-[a-z]+)?", name)
    return (found[1].replace("--", "-"), found[2].replace("--", "-")) if found else None


class _Mounts(msgspec.Struct, frozen=True):
    class Row(msgspec.Struct, frozen=True):
        source: str | None = None
        fstype: str | None = None
        target: str | None = None

    filesystems: tuple[Row, ...]


class _Block(msgspec.Struct, frozen=True):
    name: str
    type: str | None = None
    wwn: str | None = None
    tran: str | None = None
    children: tuple[_Block, ...] = ()


class _Blocks(msgspec.Struct, frozen=True):
    blockdevices: tuple[_Block, ...]


def parse_mounts(text: str) -> tuple[Mount, ...]:
    """`findmnt --json --output SOURCE,FSTYPE,TARGET`. Raises `BadAnswer`."""
    rows = decode(text, _Mounts, "findmnt").filesystems
    return tuple(Mount(row.source or "", row.fstype or "", row.target or "") for row in rows)


def parse_devices(text: str) -> tuple[Device, ...]:
    """`lsblk --json --inverse --paths --output NAME,TYPE,WWN,TRAN`, flat. Raises `BadAnswer`.

    What lies below a DRBD device is left out: it is this node's own half.
    """
    return tuple(_flat(decode(text, _Blocks, "lsblk").blockdevices))


def _flat(blocks: Iterable[_Block]) -> Iterator[Device]:
    for block in blocks:
        yield Device(block.name, block.type or "", block.wwn, block.tran)
        if drbd_minor(block.name) is None:
            yield from _flat(block.children)


def parse(text: str) -> dict[str, Place]:
    """What `SCRIPT` printed, by path. Raises `BadAnswer`."""
    boot_id, newline, rest = text.partition("\n")
    fields = rest.split("\0")
    if not newline or len(fields) % 4 != 1 or fields[-1].strip():
        raise BadAnswer("the look at the disks was cut off")
    places = (_place(boot_id, *fields[start : start + 4]) for start in range(0, len(fields) - 1, 4))
    return {place.path: place for place in places}


def _place(boot_id: str, path: str, stat: str, mounts: str, blocks: str) -> Place:
    found = re.fullmatch(r"([a-z -]+):(\d{1,20}):(\d{1,20})\s*", stat)
    mount = parse_mounts(mounts)[-1:] if mounts.strip() else ()
    return Place(
        path=path,
        kind=found[1] if found else "",
        identity=(boot_id, int(found[2]), int(found[3])) if found else None,
        mount=mount[0] if mount else None,
        devices=parse_devices(blocks) if blocks.strip() else (),
    )


def own_file_system(place: Place) -> str | None:
    """The file system that a path lies on, where that is one of a single node."""
    fstype = place.mount.fstype if place.mount and not place.is_block else ""
    return fstype if fstype in LOCAL else None


def sharing(places: Mapping[str, Place], same_groups: frozenset[str]) -> tuple[Sharing, str]:
    """Whether all nodes mean the same by one path, and by what that is known.

    `places` are by node, and all exist; `same_groups` are the volume groups with one identity on
    every node.
    """
    all_places = list(places.values())
    if len({place.identity for place in all_places}) == 1 and all_places[0].identity:
        return Sharing.SHARED, "the very same file on every node"
    if all(place.is_block for place in all_places):
        return _sharing_of_devices(places, same_groups)
    return _sharing_of_files(places)


def _sharing_of_devices(
    places: Mapping[str, Place], same_groups: frozenset[str]
) -> tuple[Sharing, str]:
    all_places = list(places.values())
    if all(place.drbd_minors for place in all_places):
        return Sharing.SHARED, "DRBD"
    if all(re.match(r"/dev/rbd\d", p.devices[0].name) if p.devices else False for p in all_places):
        return Sharing.SHARED, "Ceph RBD"
    groups = [set(place.volume_groups) for place in all_places]
    if all(groups) and set.union(*groups) <= same_groups:
        return Sharing.SHARED, f"volume group {', '.join(sorted(set.union(*groups)))}"
    wwns = [place.wwns for place in all_places]
    if not all(wwns):
        return Sharing.UNKNOWN, "no world wide name to tell its disk by"
    if frozenset.intersection(*wwns):
        return Sharing.SHARED, f"the LUN {', '.join(sorted(frozenset.intersection(*wwns)))}"
    listed = "; ".join(f"{node}: {', '.join(sorted(p.wwns))}" for node, p in places.items())
    return Sharing.DIFFERENT, f"another disk on each node ({listed})"


def _sharing_of_files(places: Mapping[str, Place]) -> tuple[Sharing, str]:
    types = {place.mount.fstype if place.mount else "" for place in places.values()}
    sources = {place.mount.source if place.mount else "" for place in places.values()}
    known = ", ".join(sorted(types)) or "nothing known"
    if types & LOCAL:
        return Sharing.LOCAL, f"a file system of one node alone ({known})"
    if not types <= SHARED | FOREIGN:
        return Sharing.UNKNOWN, f"a file system that may be shared or not ({known})"
    numbers = {place.identity[2] if place.identity else None for place in places.values()}
    same = types <= NUMBERED and len(numbers) == 1 and None not in numbers
    if len(sources) > 1 and not types <= CLUSTERED and not same:
        return Sharing.UNKNOWN, f"mounted from different places ({', '.join(sorted(sources))})"
    if types & FOREIGN:
        return Sharing.FOREIGN, known
    return Sharing.SHARED, f"{known} from {', '.join(sorted(sources))}"
