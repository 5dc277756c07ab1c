"""The command line: `vmferry`."""

from __future__ import annotations

import gc
from typing import NoReturn

YOUNG = 50_000
"""Objects until the collector looks through the new ones. By Python's own 700 it goes through all
that is being loaded again and again: a tenth of the time until `status` has its picture."""


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    gc.set_threshold(YOUNG)
    from tui.cli import entry

    try:
        entry.main()
    finally:
        gc.freeze()  # or the collector looks through all that was loaded once more, to no end
