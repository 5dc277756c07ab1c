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
sleep {FOR_S} | PATH=$tools:$PATH sh -c "$1" watch | grep -c '{watch.BEAT}'
wc -l <"$tools/asked"
rm -r "$tools"
"""


def test_who_has_seen_the_version_does_not_ask_for_it_at_each_look(settled_lab: Lab) -> None:
    """The asking itself makes the daemon work, the last of it behind the answer: taken for
    somebody else's doing, it had the version asked for again and again, at three looks a beat."""
    said = settled_lab.run("alpha", "sh", "-c", COUNTED, "counted", watch.SCRIPT)
    beats, asked = map(int, said.split())
    assert beats / 3 <= asked <= beats
