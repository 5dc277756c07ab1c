"""Who left a ban behind that keeps a VM down, however long ago that was."""

from __future__ import annotations

from pathlib import Path

from backends.data.why import Why
from backends.past.archive import Archive
from backends.past.whys import why
from past.cibs import cib, operation
from past.folders import Folders

RUNS = {("web", "alpha"): [operation("start", 900)]}
RECENTLY = 8000
BANS = [
    f'<rsc_location id="cli-ban-web-on-{node}" rsc="web" node="{node}" score="-INFINITY"/>'
    for node in ("bravo", "charlie")
]


async def of_a_vm_down_with_its_node(site: Folders) -> Why:
    """Banned from the other nodes for long, by others who had nothing to do with it since."""
    both = "".join(BANS)
    for number in range(30):
        at = 2000 + 100 * number
        site.put(
            "bravo",
            f"pe-input-{10 + number}.bz2",
            cib(at, RUNS, constraints=both, who="dora"),
            at,
        )
    lost = cib(9000, RUNS, constraints=both, down=["alpha"], who="dora")
    site.put("bravo", "pe-warn-2.bz2", lost, 9000)
    site.present = cib(9030, {}, constraints=both, fenced=["alpha"], who="dora")
    async with Archive(site) as archive:
        return await why(archive, "web", await archive.span(RECENTLY))


async def test_it_is_told_before_all_that_is_looked_at(tmp_path: Path) -> None:
    site = Folders(tmp_path, ("alpha", "bravo"))
    for number, bans in enumerate((BANS[0], "", BANS[0], "".join(BANS))):
        at = 1000 + 10 * number
        data = cib(at, RUNS, constraints=bans, who=f"carl{number}")
        site.put("bravo", f"pe-input-{number}.bz2", data, at)
    found = await of_a_vm_down_with_its_node(site)
    assert [(each.kind, each.node) for each in found.chain[:2]] == [
        ("ban", "bravo"),
        ("ban", "charlie"),
    ]
    authors = [(each.who or "").split()[0] for each in found.chain[:2]]
    assert authors == ["carl2", "carl3"]
    assert [each.what.split()[:3] for each in found.savings] == [["without", "the", "leftover"]]
    assert found.doubts == ()


async def test_where_nothing_as_old_is_left_that_is_not_known(tmp_path: Path) -> None:
    found = await of_a_vm_down_with_its_node(Folders(tmp_path, ("alpha", "bravo")))
    assert all(each.who is None and each.kind != "ban" for each in found.chain)
    assert found.doubts == (
        "who left cli-ban-web-on-bravo behind, and when",
        "who left cli-ban-web-on-charlie behind, and when",
    )
