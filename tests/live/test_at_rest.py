"""What the board has the nodes do while nothing happens."""

from __future__ import annotations

import pytest

from backends.clusters.live import watch
from lab import Lab

pytestmark = pytest.mark.lab

FOR_S = 12
COUNTED = f"""
tools=$(mktemp -d)
printf '#!/bin/sh\\necho asked >>%s/asked\\nexec %s "$@"\\n' "$tools" "$(command -v cibadmin)" \\
  >"$tools/cibadmin"
chmod +x "$tools/cibadmin"
sleep {FOR_S} | PATH=$tools:$PATH "$2" -c "$1" watch | grep -c '^#beat$'
wc -l <"$tools/asked"
rm -r "$tools"
"""


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_who_has_seen_the_version_does_not_ask_for_it_again(settled_lab: Lab, shell: str) -> None:
    """The asking itself makes the daemon work, the last of it behind the answer: taken for
    somebody else's doing, it had the version asked for again and again, at three looks a beat."""
    said = settled_lab.run("alpha", "sh", "-c", COUNTED, "counted", watch.SCRIPT, shell)
    beats, asked = map(int, said.split())
    assert beats / 6 <= asked <= beats * 2 / 3
