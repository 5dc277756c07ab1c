"""Rules of every kind, and what a CIB in the making has to remember."""

from __future__ import annotations

from collections import defaultdict
from itertools import count

from hypothesis import strategies as st
from lxml import etree

Draw = st.DrawFn
NOW = (2024, 5, 15, 13, 20, 11)
"""The time at which the scheduler is asked, by the clock of the nodes: a Wednesday in week 20."""

VIRTUAL_DOMAIN = {"class": "ocf", "provider": "heartbeat", "type": "VirtualDomain"}

INTERVALS: st.SearchStrategy[dict[str, str]] = st.sampled_from(
    [{}, {}, {"interval": "0"}, {"interval": "10s"}]
)

MOMENTS = st.sampled_from(
    [
        "2024-05-15", "2024-05-16", "2023-01-01 08:00:00Z", "2024-05-15T13:20:11", "2024-136",
        "2024-05-15 13:20:12", "2024-05-15 13:20:10Z", "20240515T132011", "2024-W20-3",
        "2024-05-15 15:20:11 +02:00", "2024-05-15T13:20:11+02:00", "2025-02-28 00:00:00 -05:30",
        "2024-01-31 23:59:59", "2020-02-29 12:00:00Z",
    ]
)  # fmt: skip

ASKED = ("#uname", "#id", "#kind", "#is_dc", "#cluster-name", "#site-name", "rack", "rack")
RACKS = ("alpha", "5", "5.5", "10")


def below(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, tag, dict(attributes))


class Maker:
    """One CIB in the making; ids are given away once, and remembered for references."""

    def __init__(self, draw: Draw, *, renames: bool = True) -> None:
        self.draw = draw
        self.renames = renames
        """Whether references may have a name of their own, which schema 4.0 forbids."""
        self._numbers = count(1)
        self.sets: dict[str, list[str]] = defaultdict(list)
        self.pairs: dict[str, list[str]] = defaultdict(list)
        self.rules: list[str] = []
        self.operations: list[str] = []

    def id(self, kind: str) -> str:
        return f"{kind}{next(self._numbers)}"

    def chance(self, one_in: int) -> bool:
        return self.draw(st.integers(1, one_in)) == 1

    def of(self, values: list[str] | tuple[str, ...]) -> str:
        return self.draw(st.sampled_from(values))


OF_ANYTHING = ("date", "spec", "node", "node", "rule")
OF_RESOURCES = (*OF_ANYTHING, "resource", "operation")


def fill_rule(make: Maker, rule: etree._Element, kinds: tuple[str, ...], depth: int = 0) -> None:
    if make.rules and make.chance(4):
        rule.set("id-ref", make.of(make.rules))
        return
    rule.set("id", make.id("r"))
    rule.set("score", "INFINITY")
    if make.chance(2):
        rule.set("boolean-op", make.of(("and", "or")))
    for _ in range(make.draw(st.integers(1, 3 - depth))):
        _expression(make, rule, kinds)
    make.rules.append(rule.get("id", ""))


def _expression(make: Maker, rule: etree._Element, kinds: tuple[str, ...]) -> None:
    match make.of(kinds):
        case "date":
            _date(make, rule)
        case "spec":
            _spec(make, rule)
        case "resource":
            asked = make.draw(st.lists(st.sampled_from(sorted(VIRTUAL_DOMAIN)), unique=True))
            agent = {part: VIRTUAL_DOMAIN[part] for part in asked or VIRTUAL_DOMAIN}
            if make.chance(3):
                agent["provider"] = make.of(("heartbeat", "seapath"))
            below(rule, "rsc_expression", id=make.id("e"), **agent)
        case "operation":
            name = make.of(("migrate_to", "migrate_from", "start", "stop"))
            interval = make.draw(INTERVALS)
            below(rule, "op_expression", id=make.id("e"), name=name, **interval)
        case "node":
            _node(make, rule)
        case "rule":
            fill_rule(make, below(rule, "rule"), kinds, depth=1)


def _node(make: Maker, rule: etree._Element) -> None:
    operation = make.of(("eq", "ne", "lt", "lte", "gt", "gte", "defined", "not_defined"))
    part = below(rule, "expression", id=make.id("e"), operation=operation)
    part.set("attribute", make.of(ASKED))
    if not operation.endswith("defined"):
        part.set("value", make.of((*RACKS, "cluster", "true", "1")))
        if make.chance(3):
            part.set("type", make.of(("string", "integer", "number")))


def _date(make: Maker, rule: etree._Element) -> None:
    part = below(rule, "date_expression", id=make.id("e"))
    operation = make.of(("gt", "lt", "in_range"))
    part.set("operation", operation)
    if operation != "lt":
        part.set("start", make.draw(MOMENTS))
    if operation == "lt" or (operation == "in_range" and make.chance(2)):
        part.set("end", make.draw(MOMENTS))
    elif operation == "in_range":
        spans = {"seconds": "1", "minutes": "90", "hours": "1", "days": "40"}
        spans |= {"weeks": "14", "months": "15", "years": "4"}
        names = make.draw(st.lists(st.sampled_from(sorted(spans)), min_size=1, unique=True))
        spans = {name: spans[name] for name in names}
        below(part, "duration", id=make.id("d"), **spans)


SPECS = {
    "hours": ("13", "8-16", "14-", "-12", "0-1"),
    "minutes": ("20", "0-19"),
    "seconds": ("11", "12-"),
    "monthdays": ("15", "1-14", "15-31"),
    "yeardays": ("136", "1-135"),
    "weekdays": ("3", "1-5", "6-7"),
    "months": ("5", "6-12"),
    "years": ("2024", "2025-", "-2024"),
    "weeks": ("20", "1-19"),
    "weekyears": ("2024", "2023"),
}


def _spec(make: Maker, rule: etree._Element) -> None:
    names = make.draw(st.lists(st.sampled_from(sorted(SPECS)), min_size=1, max_size=3, unique=True))
    spec = {name: make.of(SPECS[name]) for name in names}
    part = below(rule, "date_expression", id=make.id("e"), operation="date_spec")
    below(part, "date_spec", id=make.id("s"), **spec)
