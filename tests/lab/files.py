"""The files that lie beside this code: configuration of a node, scripts, the guest's program."""

from __future__ import annotations

from pathlib import Path
from string import Template

FILES = Path(__file__).with_name("files")


def text(name: str) -> str:
    """A file as it is."""
    return (FILES / name).read_text()


def fill(name: str, /, **values: object) -> str:
    """A file with its `$names` replaced. Raises KeyError where one has no value."""
    return Template(text(name)).substitute(values)
