"""The command line: `vmferry`."""

from tui.cli.entry import main

__all__ = ["main"]
