"""Benchmarks, each beside something that runs on the same machine at the same time.

`make bench` (root, for the lab). They print figures and ratios, beside what is wanted of them, and
judge nothing, since machines differ.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from bench import doctor, drawing, growth, live, opening
from bench.telling import Row, told, write
from tui.cli import YOUNG

PARTS = ("drawing", "growth", "opening", "doctor", *live.PARTS)
SIZES = ("3/20", "8/200", "32/2000")


@click.command()
@click.option("--only", "parts", multiple=True, default=PARTS, type=click.Choice(PARTS))
@click.option("--size", "sizes", multiple=True, default=SIZES, metavar="NODES/VMS")
@click.option("--doctor-size", "examined", multiple=True, metavar="NODES/VMS")
@click.option("--rest", "rest_s", type=float, default=15.0, metavar="SECONDS")
@click.option("--json", "to", type=click.Path(dir_okay=False, path_type=Path))
def main(
    parts: Sequence[str],
    sizes: Sequence[str],
    examined: Sequence[str],
    rest_s: float,
    to: Path | None,
) -> None:
    """Measure what vmferry costs: drawing, the doctor, and all of it on the lab."""
    gc.set_threshold(YOUNG)  # as whoever starts vmferry has it
    measured = list(told(rows(parts, sizes, examined, rest_s)))
    if to is not None:
        write(measured, to)


def rows(
    parts: Sequence[str], sizes: Sequence[str], examined: Sequence[str], rest_s: float
) -> Iterator[Row]:
    if "drawing" in parts:
        for nodes, vms in map(_size, sizes):
            yield from drawing.rows(nodes, vms, rest_s)
    if "growth" in parts:
        yield from growth.rows()
    if "opening" in parts:
        yield from opening.rows()
    if "doctor" in parts:
        yield from doctor.rows([_size(each) for each in examined] or doctor.SIZES)
    if set(parts) & set(live.PARTS):
        yield from live.rows(parts, rest_s)


def _size(text: str) -> tuple[int, int]:
    nodes, _, vms = text.partition("/")
    if not (nodes.isdecimal() and vms.isdecimal()):
        raise click.BadParameter(f"{text!r} is no NODES/VMS")
    return int(nodes), int(vms)


if __name__ == "__main__":
    main()
