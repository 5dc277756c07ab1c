"""What Pacemaker 3 makes of the sets of a CIB whose schema is older than its own. Pure.

Source: `upgrade-3.10-0.xsl`, `-2` and `-99`, through which such a CIB goes before it is read,
unless it conforms to 4.0 as it is (`pcmk__update_schema`): that has several nvpairs of one name, of
which the tools then take the same as the upgrade leaves, and no reference with a name of its own.
Of several nvpairs of one name in a set one is left, whatever they refer to; a reference with a name
of its own becomes an nvpair of its own; and where what is referred to was not left, the first that
refers to it takes its place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from lxml import etree

from backends.pacemaker.references import Tree
from backends.pacemaker.xml import number

_NEWEST = 4
"""Pacemaker 3 takes a CIB of this schema as it is."""


@dataclass(frozen=True, slots=True)
class _Pair:
    element: etree._Element
    name: str
    value: str


class Upgrade:
    def __init__(self, cib: Tree) -> None:
        self._cib = cib

    @cached_property
    def _referring(self) -> Mapping[str, Sequence[etree._Element]]:
        found: dict[str, list[etree._Element]] = defaultdict(list)
        for pair in self._cib.root.iterfind(".//nvpair[@id-ref]"):
            found[pair.get("id-ref", "")].append(pair)
        return found

    def pairs(self, nvset: etree._Element, tree: Tree) -> Iterator[tuple[str, str]]:
        """Of one set, with what it refers to as far as that is found in `tree`."""
        for pair in self._left(nvset):
            element = pair.element
            reference = element.get("id-ref") if element.get("name") is None else None
            if reference is None or self._found(reference, tree):
                yield pair.name, pair.value

    def _left(self, nvset: etree._Element) -> Sequence[_Pair]:
        by_name: dict[str, list[_Pair]] = {}
        for element in nvset.iterfind("nvpair"):
            stands = self._cib.resolved(element)
            value = stands.get("value") if stands is not None else None
            if stands is not None and value is not None:
                name = element.get("name", stands.get("name", ""))
                by_name.setdefault(name, []).append(_Pair(element, name, value))
        return [_counting(pairs) for pairs in by_name.values()]

    def _found(self, reference: str, tree: Tree) -> bool:
        nvset = self._standing_in(reference)
        return nvset is not None and tree.has(nvset)

    def _standing_in(self, reference: str) -> etree._Element | None:
        """The set in which the nvpair of this id stands when all is done."""
        stands = self._cib.of_id("nvpair", reference)
        referring = self._referring[reference]
        for pair in referring if stands is None else (stands, *referring):
            nvset = pair.getparent()
            if nvset is not None and any(left.element is pair for left in self._left(nvset)):
                return nvset
        return None


def is_older(root: etree._Element) -> bool:
    """Whether this CIB goes through the upgrade."""
    major = schema_major(root)
    return major is not None and major < _NEWEST


def schema_major(root: etree._Element) -> int | None:
    """3 of `pacemaker-3.8`; `None` where a CIB names no schema of Pacemaker."""
    return number(root.get("validate-with", "").removeprefix("pacemaker-").partition(".")[0])


def _counting(pairs: Sequence[_Pair]) -> _Pair:
    """The first behind the last `#default`, which counts only where nothing stands behind it."""
    taken_back = [at for at, pair in enumerate(pairs) if pair.value == "#default"]
    behind = taken_back[-1] + 1 if taken_back else 0
    return pairs[behind] if behind < len(pairs) else pairs[-1]
