"""The version of a CIB, which is all that listening for changes needs of one. Pure."""

from __future__ import annotations

from lxml import etree

from backends.data.errors import BadAnswer
from backends.data.picture import CibVersion
from backends.pacemaker.xml import number


def version_of(element: etree._Element) -> CibVersion:
    """The version in a `<cib>` element. Raises `BadAnswer` where it has none."""
    parts = [number(element.get(name)) for name in ("admin_epoch", "epoch", "num_updates")]
    admin_epoch, epoch, updates = parts
    if admin_epoch is None or epoch is None or updates is None:
        raise BadAnswer("the CIB has no version")
    return CibVersion(admin_epoch, epoch, updates)
