"""What really happened in an incident, as who made it knows, and how an answer is held to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

Answer = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Link:
    """One thing that happened, and to what."""

    kind: str
    vm: str | None = None
    node: str | None = None

    def is_told_by(self, entry: Answer) -> bool:
        return entry["kind"] == self.kind and all(
            wanted in (None, entry[name]) for name, wanted in (("vm", self.vm), ("node", self.node))
        )


@dataclass(frozen=True, slots=True)
class Truth:
    """`subject`: of whom is asked. `links`: from the first cause on. `user` on `origin` is who
    caused it; `None` where nobody did."""

    subject: str
    links: tuple[Link, ...]
    user: str | None = None
    origin: str | None = None

    def objections(self, answer: Answer) -> list[str]:
        """What `vmferry why SUBJECT --json` got wrong: the cause, the object, who."""
        told = list(_told(answer))
        found = []
        if not told or not self.links[0].is_told_by(told[0]):
            found.append(f"the first cause is not {self.links[0]}")
        if told and answer["cause"] != told[0]["kind"]:
            found.append("the cause is not the first of the chain")
        rest = iter(told)
        missing = [link for link in self.links if not any(link.is_told_by(each) for each in rest)]
        found += [f"not told, or out of order: {link}" for link in missing[:1]]
        if not self._is_named(answer["who"]):
            found.append(f"who: {answer['who']}, not {self.user} on {self.origin}")
        return found

    def _is_named(self, who: object) -> bool:
        if self.user is None or not isinstance(who, str):
            return who is self.user
        return who.split()[0] == self.user and who.endswith(f" on {self.origin}")


def _told(answer: Answer) -> Iterator[Answer]:
    """The chain, and behind it what the event led to."""
    chain, event = answer["chain"], answer["event"]
    assert isinstance(chain, Sequence)
    yield from chain
    if isinstance(event, Mapping):
        yield from _effects(event)


def _effects(entry: Answer) -> Iterator[Answer]:
    effects = entry["effects"]
    assert isinstance(effects, Sequence)
    for effect in effects:
        yield effect
        yield from _effects(effect)
