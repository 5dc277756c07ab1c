"""The release of Pacemaker that reads a CIB, and what it makes of attributes. Pure.

Sources: `rules.c`, `nvpair.c`, `complex.c` and `pe_actions.c` of 2.0.5 to 3.0.3.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lxml import etree

_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})")


class Release(NamedTuple):
    major: int
    minor: int
    patch: int

    @property
    def lets_lowest_operation_set_win(self) -> bool:
        """Of an operation's own meta attributes the first set of the lowest score wins."""
        return self < Release(2, 1, 7)

    @property
    def lets_first_operation_set_win(self) -> bool:
        """Of an operation's own meta attributes with one score the set that stands first wins."""
        return self < Release(3, 0, 0)

    @property
    def wants_providers_named(self) -> bool:
        """A rule on a resource's type holds only if it names the provider, where there is one."""
        return self < Release(2, 1, 8)

    @property
    def looks_around_templates(self) -> bool:
        """For a resource with a template, references are looked for in the whole CIB; a rule that
        is a reference is not found even so, and holds. Later ones look in the resource alone."""
        return self < Release(2, 1, 8)

    @property
    def looks_in_the_resource_alone(self) -> bool:
        """For a resource without a template too, and for a group or a clone: a set of another
        resource that is referred to counts for nothing. Defaults and operations refer to anything.
        """
        return self >= Release(3, 0, 3)

    @property
    def finds_pairs_around_templates(self) -> bool:
        """For a resource with a template, referenced nvpairs are looked for in the whole CIB."""
        return self.looks_around_templates or self >= Release(3, 0, 2)

    @property
    def lets_references_be_renamed(self) -> bool:
        """A reference to an nvpair may have a name or a value of its own."""
        return self < Release(2, 1, 8)

    @property
    def upgrades_older_schemas(self) -> bool:
        """Each CIB of an older schema goes through an upgrade that changes sets (`upgraded.py`)."""
        return self >= Release(3, 0, 0)

    @property
    def sees_any_zone(self) -> bool:
        """The zone of a moment may follow it without a blank, as in ISO 8601."""
        return self >= Release(3, 0, 2)

    @property
    def takes_no_timeout(self) -> bool:
        """A timeout of 0 is none for the executor, and `cluster-delay` for the controller; later
        ones take their default for it."""
        return self < Release(2, 1, 8)

    @property
    def options_of_fencing(self) -> tuple[str, ...]:
        """The names of the option that switches it off; the first that is set counts."""
        renamed = ("fencing-enabled",) if self >= Release(3, 0, 2) else ()
        return (*renamed, "stonith-enabled")

    @property
    def compares_without_node(self) -> bool:
        """Where no node is meant, an expression on its attributes sees them as not set; earlier
        ones take it for false."""
        return self >= Release(2, 1, 8)


_FEATURE_SETS = (
    (Release(3, 20, 5), Release(3, 0, 2)),
    (Release(3, 20, 0), Release(3, 0, 0)),
    (Release(3, 19, 5), Release(2, 1, 8)),
    (Release(3, 19, 0), Release(2, 1, 7)),
)
"""The lowest crm_feature_set of the releases that brought a change."""

_OLDER = Release(2, 1, 5)


def release_of(root: etree._Element) -> Release:
    """That of the DC, which wrote it into the cluster's properties; by the CIB's feature set where
    it did not."""
    for pair in root.iterfind("configuration/crm_config/cluster_property_set/nvpair"):
        if pair.get("name") == "dc-version" and (said := _parsed(pair.get("value"))) is not None:
            return said
    features = _parsed(root.get("crm_feature_set")) or _OLDER
    return next((release for least, release in _FEATURE_SETS if features >= least), _OLDER)


def _parsed(text: str | None) -> Release | None:
    found = _VERSION.match(text or "")
    return Release(*map(int, found.groups())) if found is not None else None
