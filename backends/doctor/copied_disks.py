"""Disks that a migration takes along as a copy: what is local is right then, what is shared wrong.

Source: `qemuMigrationSrcNBDStorageCopy` of libvirt 9: every disk that is neither read-only, empty
nor `<shareable/>` goes, or those of `--migrate-disks` alone; it does not look whether the target's
is the very same. A file that is not there is made on the target, a block device is not.
"""

from __future__ import annotations

import re

from backends.doctor.configuration import Resource
from backends.doctor.domain_disks import Disk
from backends.doctor.places import Sharing

_COPYING = re.compile(r"--copy-storage-(?:all|inc)(?!\S)")
_NAMED = re.compile(r"--migrate-disks[ =](\S+)")


def is_copied(resource: Resource, disk: Disk) -> bool:
    """Whether the options that virsh is given have this disk copied."""
    options = resource.parameters.get("migrate_options", "")
    named = _NAMED.search(options)
    listed = named is None or disk.target in named[1].split(",")
    copying = _COPYING.search(options) is not None
    return copying and listed and disk.writable and not disk.shareable


def is_the_same(how: Sharing) -> bool:
    """Whether the copy would be written onto what it is made of."""
    return how in (Sharing.SHARED, Sharing.FOREIGN)
