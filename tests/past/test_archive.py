"""What the nodes recorded: listed once, ordered by date, fetched when wanted, without secrets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from backends.data.errors import Unknown
from backends.past.archive import Archive
from backends.past.backend import PastBackend
from past.cibs import cib
from past.folders import Folders


@pytest.fixture
def site(tmp_path: Path) -> Folders:
    return Folders(tmp_path, ("alpha", "bravo"))


async def test_each_node_is_asked_once_and_dates_order_what_numbers_do_not(site: Folders) -> None:
    site.put("alpha", "pe-input-3999.bz2", cib(1000), 1000)
    site.put("alpha", "pe-input-0.bz2", cib(1200), 1200)
    site.put("bravo", "pe-warn-7.bz2", cib(1100), 1100)
    site.put("bravo", "pe-input.last", b"8", 1300, raw=True)
    archive = Archive(site)
    await archive.index()
    assert [(file.node, file.name) for file in archive.files] == [
        ("alpha", "pe-input-3999.bz2"),
        ("bravo", "pe-warn-7.bz2"),
        ("alpha", "pe-input-0.bz2"),
    ]
    assert [node for node, _ in site.asked] == ["alpha", "bravo"]


async def test_a_file_that_was_copied_there_later_counts_by_its_own_date(site: Folders) -> None:
    site.put("alpha", "pe-input-1.bz2", cib(1000), 9000)
    site.put("alpha", "pe-input-2.bz2", cib(2000), 2000.25)
    archive = Archive(site)
    await archive.index()
    assert [each.at for each in await archive.read(archive.files)] == [1000.0, 2000.25]


async def test_what_was_read_is_not_fetched_again(site: Folders) -> None:
    site.put("alpha", "pe-input-1.bz2", cib(1000), 1000)
    archive = Archive(site)
    await archive.index()
    first = await archive.read(archive.files)
    asked = len(site.asked)
    assert await archive.read(archive.files) == first
    assert len(site.asked) == asked


async def test_damaged_files_are_named_and_the_rest_goes_on(site: Folders) -> None:
    good = site.put("alpha", "pe-input-1.bz2", cib(1000), 1000)
    site.put("alpha", "pe-input-2.bz2", good.read_bytes()[:-20], 1001, raw=True)
    site.put("alpha", "pe-input-3.bz2", b"no bzip2 at all", 1002, raw=True)
    site.put("alpha", "pe-input-4.bz2", b"<other/>", 1003)
    site.put("alpha", "pe-input-5.bz2", b"<cib", 1004)
    site.put("alpha", "pe-input-6.bz2", b"", 1005, raw=True)
    gone = site.put("alpha", "pe-input-7.bz2", cib(1006), 1006)
    archive = Archive(site)
    await archive.index()
    gone.unlink()
    assert [each.at for each in await archive.read(archive.files)] == [1000.0]
    said = [archive.damaged[file] for file in archive.files[1:]]
    for number, word in enumerate(("cut off", "damaged", "not a CIB", "no XML", "cut off", "gone")):
        assert word in said[number] and f"pe-input-{number + 2}.bz2 of alpha" in said[number]


async def test_a_node_that_does_not_answer_is_dark_and_the_others_are_read(tmp_path: Path) -> None:
    site = Folders(tmp_path, ("alpha", "bravo"), gone=["bravo"])
    site.put("alpha", "pe-input-1.bz2", cib(1000), 1000)
    archive = Archive(site)
    await archive.index()
    assert len(archive.files) == 1
    assert archive.dark == {"bravo": "no route to host"}


async def test_a_node_without_the_directory_is_dark(site: Folders, tmp_path: Path) -> None:
    (tmp_path / "bravo").rmdir()
    archive = Archive(site)
    await archive.index()
    assert list(archive.dark) == ["bravo"]


async def test_a_planted_password_goes_no_further(site: Folders) -> None:
    failed = b'<failed why="fence_ipmilan -p Pl4nted!"/>'
    data = cib(1000, password="Pl4nted!").replace(b"<crm_config/>", b"<crm_config/>" + failed)
    site.put("alpha", "pe-input-1.bz2", data, 1000)
    site.present = data
    archive = Archive(site)
    await archive.index()
    for each in (*await archive.read(archive.files), await archive.present()):
        assert b"Pl4nted!" not in each.text + each.configuration
        assert b'name="passwd"' in each.text
        assert "Pl4nted!" not in repr(each)


async def test_what_a_newer_pacemaker_wrote_gives_a_clear_word_and_the_rest_goes_on(
    site: Folders,
) -> None:
    newer = cib(1100).replace(b"<cib ", b'<cib validate-with="pacemaker-9.9" ', 1)
    site.put("alpha", "pe-input-1.bz2", cib(1000), 1000)
    site.put("alpha", "pe-input-2.bz2", newer, 1100)
    site.put("alpha", "pe-input-3.bz2", cib(1200), 1200)
    async with PastBackend(Archive(site), 1000) as past:
        assert [node.name for node in past.picture.nodes] == ["alpha", "bravo", "charlie"]
        with pytest.raises(Unknown, match=r"says pacemaker-9\.9") as error:
            await past.step(1)
        assert "pe-input-2.bz2 of alpha" in error.value.what
        assert "another release may have written it" in (error.value.cure or "")
        assert await past.step(1)
        assert past.at == 1200
        assert await past.step(-1)
        assert past.at == 1000


async def test_the_board_never_stands_on_what_a_node_decided_that_was_cut_off(
    site: Folders,
) -> None:
    whole = cib(1000).replace(b'dc-uuid="1"', b'dc-uuid="2"')
    alone = cib(1012, down=["bravo", "charlie"]).replace(b'quorum="1"', b'quorum="0"')
    others = cib(1010, down=["alpha"]).replace(b'dc-uuid="1"', b'dc-uuid="2"')
    site.put("bravo", "pe-input-1.bz2", whole, 1000)
    site.put("bravo", "pe-warn-1.bz2", others, 1010)
    site.put("alpha", "pe-warn-1.bz2", alone, 1012)
    site.put("bravo", "pe-input-2.bz2", whole.replace(b"1000", b"1030"), 1030)
    async with PastBackend(Archive(site), 1015) as past:
        assert [node.name for node in past.picture.nodes if node.unclean] == ["alpha"]
        assert await past.step(1)
        assert past.at == 1030
        assert await past.step(-1)
        assert past.at == 1010
        assert await past.step(1)
        assert past.at == 1030


async def test_what_a_node_has_said_of_a_moment_is_not_asked_again(site: Folders) -> None:
    """Who looks for a moment steps to and fro: that costs the nodes nothing."""
    for number in range(3):
        site.put("alpha", f"pe-input-{number}.bz2", cib(1000 + number * 100), 1000 + number * 100)
    async with PastBackend(Archive(site), 1000) as past:
        await past.step(1)
        first = past.picture
        await past.step(1)
        asked = list(site.asked)
        await past.step(-1)
        assert past.picture.nodes == first.nodes
        assert site.asked == asked


async def test_who_steps_on_has_the_next_files_from_one_question(site: Folders) -> None:
    for number in range(12):
        site.put("alpha", f"pe-input-{number}.bz2", cib(1000 + number * 100), 1000 + number * 100)
    async with PastBackend(Archive(site), 1000) as past:
        for number in range(1, 11):
            assert await past.step(1)
            assert past.at == 1000 + number * 100
        for number in range(9, -1, -1):
            assert await past.step(-1)
            assert past.at == 1000 + number * 100
    assert len([argv for _, argv in site.asked if argv[0] == "tar"]) <= 3


async def test_what_makes_no_small_question_is_fetched_one_by_one(site: Folders) -> None:
    """A thin line waits for each step, not for those that may follow."""
    for number in range(8):
        noise = "".join(f"<!-- {os.urandom(20_000).hex()} -->")
        data = cib(1000 + number * 100).replace(b"<crm_config/>", b"<crm_config/>" + noise.encode())
        site.put("alpha", f"pe-input-{number}.bz2", data, 1000 + number * 100)
    async with PastBackend(Archive(site), 1000) as past:
        for _ in range(4):
            assert await past.step(1)
    fetched = [argv[argv.index("--") + 1 :] for _, argv in site.asked if argv[0] == "tar"]
    assert max(map(len, fetched)) <= 2


async def test_no_node_is_asked_for_every_picture(site: Folders) -> None:
    for number in range(4):
        site.put("alpha", f"pe-input-{number}.bz2", cib(1000 + number * 100), 1000 + number * 100)
    async with PastBackend(Archive(site), 1000) as past:
        for _ in range(3):
            assert await past.step(1)
    shown = [node for node, argv in site.asked if argv[0] == "sh"]
    assert sorted(shown, key=str) == ["alpha", "alpha", "bravo", "bravo"]


async def test_where_a_node_is_gone_another_tells(tmp_path: Path) -> None:
    site = Folders(tmp_path, ("alpha", "bravo"))
    for number in range(3):
        site.put("alpha", f"pe-input-{number}.bz2", cib(1000 + number * 100), 1000 + number * 100)
    async with PastBackend(Archive(site), 1000) as past:
        site.gone.add("bravo")
        assert await past.step(1)
        assert await past.step(1)
        assert past.at == 1200
