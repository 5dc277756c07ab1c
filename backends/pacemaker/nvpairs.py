"""Sets of nvpairs as Pacemaker reads them. Pure.

Sources: "Pacemaker Explained" 2.1, `unpack_nvpair_blocks` of 2.1.5, `pcmk__unpack_nvpair_blocks` of
3.0.2. The set of the highest score wins, and of those with one score the one that stands last. A
value that hangs on a rule which cannot be evaluated from here is not known, which is something else
than not set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from backends.pacemaker.references import Tree
from backends.pacemaker.rules import Situation, Truth, holds
from backends.pacemaker.upgraded import Upgrade
from backends.pacemaker.xml import number

INFINITY = 1_000_000
_COLOURS = ("red", "yellow", "green")


def score_of(text: str | None) -> int | None:
    """A score; `None` for a colour, whose worth is an option's, and for what is none."""
    said = (text or "0").strip()
    if said.lstrip("+-").lower() in ("infinity", "inf"):
        return -INFINITY if said.startswith("-") else INFINITY
    found = number(said)
    return max(-INFINITY, min(INFINITY, found)) if found is not None else None


class Values(Mapping[str, str]):
    """What is set for certain. `unsure` are the names whose value is not known."""

    def __init__(self, known: Mapping[str, str] | None = None, unsure: Iterable[str] = ()) -> None:
        self._known = dict(known or {})
        self.unsure = frozenset(unsure)

    def __getitem__(self, name: str) -> str:
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def __repr__(self) -> str:
        return f"Values({self._known!r}, {sorted(self.unsure)!r})"


def unsure(values: Mapping[str, str]) -> frozenset[str]:
    """The names whose value is not known, of values that may come from anywhere."""
    return values.unsure if isinstance(values, Values) else frozenset()


_UNSET: frozenset[str | None] = frozenset({None})


class Unpacking:
    """Values in the making: for each name what it may be."""

    def __init__(self) -> None:
        self._possible: dict[str, frozenset[str | None]] = {}

    def put(self, name: str, value: str, *, truth: Truth = True, overwrite: bool = False) -> None:
        """`#default` takes back whatever was set, a set of a higher score included."""
        before = self._possible.get(name, _UNSET)
        after: frozenset[str | None]
        if value.lower() == "#default":
            after = _UNSET
        elif overwrite:
            after = frozenset({value})
        else:
            after = frozenset(value if each is None else each for each in before)
        self._possible[name] = after if truth else before | after

    def put_below(self, other: Unpacking) -> None:
        """What nothing was said of until now is as the other has it."""
        for name, values in other._possible.items():
            own = self._possible.get(name, _UNSET)
            if None in own:
                self._possible[name] = (own - _UNSET) | values

    @property
    def values(self) -> Values:
        found = self._possible.items()
        known = {name: value for name, values in found for value in values if len(values) == 1}
        return Values(
            {name: value for name, value in known.items() if value is not None},
            (name for name, values in found if len(values) > 1),
        )


@dataclass(frozen=True, slots=True)
class Source:
    """Where sets stand, and where that which they refer to is looked for."""

    cib: Tree
    own: Tree
    """The CIB too, or the resource with its template put into it."""
    upgrade: Upgrade | None = None

    def sets(
        self, parent: etree._Element, tag: str, situation: Situation
    ) -> Iterator[tuple[etree._Element, Tree]]:
        tree = self.cib if situation.release.looks_around_templates else self.own
        for element in parent.iterfind(tag):
            resolved = tree.resolved(element)
            if resolved is not None:
                yield resolved, self.own if resolved is element else tree

    def pairs(self, nvset: etree._Element, situation: Situation) -> Iterator[tuple[str, str]]:
        release = situation.release
        tree = self.cib if release.finds_pairs_around_templates else self.own
        if self.upgrade is not None:
            yield from self.upgrade.pairs(nvset, tree)
            return
        renamed = release.lets_references_be_renamed
        for element in nvset.iterfind("nvpair"):
            resolved = tree.resolved(element)
            if resolved is None:
                if not renamed:
                    continue
                resolved = element
            name, value = resolved.get("name"), resolved.get("value")
            if renamed:
                name, value = element.get("name", name), element.get("value", value)
            if name is not None and value is not None:
                yield name, value


def unpack(
    into: Unpacking,
    parent: etree._Element | None,
    tag: str,
    source: Source,
    situation: Situation,
    *,
    first: str | None = None,
) -> None:
    """The sets of this tag below an element; `first` is the id of one that wins over all scores."""
    if parent is None:
        return
    sets = list(source.sets(parent, tag, situation))
    sets.reverse()
    sets.sort(key=lambda each: (each[0].get("id") != first or first is None, -_score(each[0])))
    for nvset, tree in sets:
        put_set(into, nvset, tree, source, situation)


def unpack_over(
    into: Unpacking, parent: etree._Element, tag: str, source: Source, situation: Situation
) -> None:
    """The same where each set overwrites what was there, as an operation's own sets do before
    3.0."""
    lowest_wins = situation.release.lets_lowest_operation_set_win
    sets = list(source.sets(parent, tag, situation))
    sets.reverse()
    sets.sort(key=lambda each: -_score(each[0]) if lowest_wins else _score(each[0]))
    for nvset, tree in sets:
        put_set(into, nvset, tree, source, situation, overwrite=True)


def put_set(
    into: Unpacking,
    nvset: etree._Element,
    tree: Tree,
    source: Source,
    situation: Situation,
    *,
    overwrite: bool = False,
) -> None:
    truth = _in_effect(nvset, tree, situation)
    if truth is not False:
        for name, value in source.pairs(nvset, situation):
            into.put(name, value, truth=truth, overwrite=overwrite)


def _in_effect(nvset: etree._Element, tree: Tree, situation: Situation) -> Truth:
    rule = nvset.find("rule")
    return holds(rule, tree, situation) if rule is not None else True


def _score(nvset: etree._Element) -> int:
    return score_of(nvset.get("score")) or 0
