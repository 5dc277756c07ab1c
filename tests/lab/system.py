"""Running commands on this machine, and waiting."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TERM": os.environ.get("TERM", "xterm"),
}


class LabError(Exception):
    """The lab, or a command in it, did not do what was asked."""


def call(
    *argv: object,
    check: bool = True,
    stdin: str | None = None,
    cwd: Path | str = "/",
    environment: dict[str, str] | None = None,
) -> str:
    """Run a command in a clean environment and return its standard output.

    Raises LabError with its standard error where it fails and `check` is set.
    """
    words = [str(word) for word in argv]
    done = subprocess.run(
        words,
        input="" if stdin is None else stdin,
        capture_output=True,
        text=True,
        errors="replace",
        cwd=cwd,
        env=environment or ENVIRONMENT,
    )
    if check and done.returncode:
        raise LabError(f"{' '.join(words)}: exit code {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def spawn(*argv: object, log: Path, environment: dict[str, str] | None = None) -> None:
    """Start a process that outlives this one; it is nobody's child, so nobody has to reap it."""
    with log.open("ab") as output:
        subprocess.run(
            ["setsid", "--fork", *(str(word) for word in argv)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=environment or ENVIRONMENT,
            check=True,
        )


def wait(predicate: Callable[[], T | None], timeout_s: float, what: str, every_s: float = 0.4) -> T:
    """Ask until the answer is true, and return it. Raises LabError after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not (answer := predicate()):
        if time.monotonic() > deadline:
            raise LabError(f"not within {timeout_s:g} s: {what}")
        time.sleep(every_s)
    return answer


def command_line(pid: int) -> str:
    """The words of a process, joined by spaces; empty where it is gone."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ""
    return words.replace(b"\0", b" ").decode(errors="replace")


def read_pid(path: Path) -> int | None:
    """The process id that a process left in a file, or None."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file with its mode, and the directories above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
