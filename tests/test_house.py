"""How the house is built: what anybody may rely on who reads one file of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tui.acts.listed import ACTS
from tui.keys import KEYS
from tui.views.listed import VIEWS

ROOT = Path(__file__).parent.parent
PACKAGES = ("backends", "widgets", "tui")
LONGEST = 320
DEEPEST = 2
"""So many classes of the project a class may be below those of a framework, itself counted."""


def _modules() -> Mapping[str, Path]:
    files = (file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
    return {_name(file): file for file in files}


def _name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = _modules()
TREES = {name: ast.parse(file.read_text()) for name, file in MODULES.items()}


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Local name and full name of what a module takes from the project, at run time."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name, alias.name


def _needs(name: str) -> set[str]:
    """The modules of the project that are imported when this one is."""
    found = {full for _, full in _imported(TREES[name])}
    within = {full if full in MODULES else full.rpartition(".")[0] for full in found}
    return within & MODULES.keys() - {name}


def _bases() -> dict[str, list[str]]:
    """The bases of each class of the project that are the project's own, by full names."""
    classes = {
        f"{name}.{node.name}": (name, node)
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    bases = {}
    for full, (name, node) in classes.items():
        known = dict(_imported(TREES[name]))
        named = [base.value if isinstance(base, ast.Subscript) else base for base in node.bases]
        texts = [ast.unparse(base) for base in named]
        resolved = (
            f"{known[head]}{dot}{rest}"
            if (head := text.partition(".")[0]) in known
            else f"{name}.{text}"
            for text in texts
            for _, dot, rest in [text.partition(".")]
        )
        bases[full] = [base for base in resolved if base in classes]
    return bases


BASES = _bases()


def _height(name: str) -> int:
    return 1 + max((_height(base) for base in BASES[name]), default=0)


def test_no_file_is_too_long_to_be_read_at_once() -> None:
    lengths = {name: len(file.read_text().splitlines()) for name, file in MODULES.items()}
    assert not {name: lines for name, lines in lengths.items() if lines > LONGEST}


def test_no_class_is_built_of_several_of_ours() -> None:
    assert not {name: bases for name, bases in BASES.items() if len(bases) > 1}


def test_no_class_stands_on_a_tower_of_ours() -> None:
    """Errors apart: they are a tree by cause, of which each branch is caught by itself."""
    heights = {n: _height(n) for n in BASES if not n.startswith("backends.data.errors.")}
    assert not {name: height for name, height in heights.items() if height > DEEPEST}


def test_nothing_is_imported_in_a_circle() -> None:
    try:
        TopologicalSorter({name: _needs(name) for name in MODULES}).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' → '.join(error.args[1])}")


def test_the_house_is_seen_by_these_tests() -> None:
    assert len(MODULES) > 100
    assert any(BASES.values()), "classes of the project with bases of the project are found"


def test_no_act_is_inherited_from() -> None:
    acts = {base for bases in BASES.values() for base in bases if base.startswith("tui.acts.")}
    assert not acts


def test_every_key_belongs_to_one_thing() -> None:
    keys = [binding.key for binding in KEYS]
    assert len(set(keys)) == len(keys)
    names = [act.offer.name for act in ACTS] + [view.tab.name for view in VIEWS]
    assert len(set(names)) == len(names)


def test_the_readme_lists_the_views_as_they_are() -> None:
    readme = (ROOT / "README.md").read_text()
    tabs = [tab for tab, _ in VIEWS]
    row = ", ".join(tab.title.lower() for tab in tabs)
    assert f"| `{tabs[0].key}` … `{tabs[-1].key}` | {row} |" in readme


def test_the_page_names_files_that_are_there() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text()
    files = [
        str(file.relative_to(ROOT)) for file in (*MODULES.values(), *(ROOT / "tests").rglob("*.py"))
    ]
    named = set(re.findall(r"`([a-z_/]+\.py)`", page))
    assert named
    assert not {
        name for name in named if not any(f"/{file}".endswith(f"/{name}") for file in files)
    }
