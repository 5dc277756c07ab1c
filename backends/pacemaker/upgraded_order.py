"""The order into which Pacemaker 3 puts the sets of a CIB of an older schema. Pure.

Source: `upgrade-3.10-1.xsl`: by their scores as they are written, the sets of each parent for
themselves. It counts among sets whose scores are one for the scheduler: INFINITY, and all beyond.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

from lxml import etree

from backends.pacemaker.nvpairs import INFINITY
from backends.pacemaker.references import Tree
from backends.pacemaker.xml import number

_TAGS = ("cluster_property_set", "instance_attributes", "meta_attributes", "utilization")


def in_order(root: etree._Element) -> etree._Element:
    """A copy, where that changes what counts."""
    if not any(abs(number(each.get("score")) or 0) >= INFINITY for each in _sets(root, ".//")):
        return root
    root = deepcopy(root)
    tree = Tree(root)
    for parent in {each.getparent() for each in _sets(root, ".//")}:
        if parent is not None:
            parent.extend(sorted(_sets(parent, ""), key=lambda each: _place(tree.resolved(each))))
    return root


def _sets(root: etree._Element, path: str) -> Iterator[etree._Element]:
    for tag in _TAGS:
        yield from root.iterfind(path + tag)


def _place(nvset: etree._Element | None) -> tuple[int, int]:
    said = nvset.get("score", "0") if nvset is not None else "0"
    score = number(said)
    if score is None:
        return (3 if said.startswith("-") else -1), 0
    return (score < 0) + (score <= 0), -score
