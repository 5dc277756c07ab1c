"""What stands for an `id-ref`. Pure."""

from __future__ import annotations

from functools import cached_property

from lxml import etree


class Tree:
    """A document in which references are looked for: the CIB, or a resource that its template has
    been put into, which for Pacemaker is a document of its own."""

    def __init__(self, root: etree._Element) -> None:
        self.root = root

    @cached_property
    def _by_id(self) -> dict[tuple[str, str], etree._Element]:
        return {
            (str(each.tag), each.get("id", "")): each for each in self.root.iterfind(".//*[@id]")
        }

    def resolved(self, element: etree._Element) -> etree._Element | None:
        """The element itself, or what it refers to; `None` where that is not there."""
        reference = element.get("id-ref")
        if reference is None:
            return element
        return self.of_id(str(element.tag), reference)

    def of_id(self, tag: str, name: str) -> etree._Element | None:
        return self._by_id.get((tag, name))

    def has(self, element: etree._Element) -> bool:
        """Whether it stands here too, itself or a copy of it."""
        return self.of_id(str(element.tag), element.get("id", "")) is not None
