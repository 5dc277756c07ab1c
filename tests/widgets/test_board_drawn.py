"""What stands on the glass: states in glyph and word, numbers, and what is not known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backends.data.picture import (
    Cluster,
    Hypervisor,
    HypervisorState,
    NodeState,
    Phase,
    Stale,
    VMState,
)
from backends.judgement.health import Judged
from backends.judgement.outlook import Chance, Outlook
from board_app import on_board
from board_pictures import cluster, eventful, migrating, node, vm, with_node, with_vm
from widgets.bars import clock_text
from widgets.glyphs import NODE_MARKS, VM_MARKS


async def test_a_node_shows_state_load_and_counts() -> None:
    async with on_board(cluster(3, 9)) as hands:
        picture = cluster(3, 9)
        hands.board.show(with_node(picture, node("node01", is_dc=True)))
        head = hands.head("node01")
        for text in ("● node01", "DC", "online", "3 VMs", "cpu", "42%", "96/256 GiB"):
            assert text in head


@pytest.mark.parametrize("state", list(NodeState))
async def test_every_node_state_is_glyph_and_word(state: NodeState) -> None:
    async with on_board(with_node(cluster(), node("node02", state))) as hands:
        assert f"{NODE_MARKS[state].glyph} node02" in hands.head("node02")
        assert NODE_MARKS[state].word in hands.head("node02")


@pytest.mark.parametrize("dense", [True, False])
@pytest.mark.parametrize("state", [s for s in VMState if s is not VMState.MIGRATING])
async def test_every_vm_state_is_glyph_and_word(state: VMState, dense: bool) -> None:
    async with on_board(with_vm(cluster(), vm("web01", "node01", state))) as hands:
        hands.board.dense = dense
        await hands.pilot.pause()
        assert f"{VM_MARKS[state].glyph} web01" in hands.glass()
        if state is not VMState.RUNNING:
            assert VM_MARKS[state].word in hands.glass()


async def test_a_card_shows_its_size_and_load() -> None:
    async with on_board(with_vm(cluster(), vm("web01", "node01"))) as hands:
        _, y = hands.where("web01")
        lines = hands.lines()
        assert "web01" in lines[y]
        assert "⇄" in lines[y]
        assert "2 vCPU 4 GiB" in lines[y + 1]
        assert "12%" in lines[y + 1]


async def test_a_migration_shows_progress_and_a_ghost_on_the_target() -> None:
    async with on_board(migrating(cluster(), "web01", "node02")) as hands:
        _, y = hands.where("web01")
        glass, lines = hands.glass(), hands.lines()
        assert "➜ web01 → node02" in glass
        assert "⇠ web01 ← node01" in glass
        assert "62%" in lines[y]
        for text in ("118 MiB/s", "0:12", "1:40", "━"):
            assert text in lines[y + 1]
        flight = hands.board.picture.migrations[0]
        later = replace(flight, remaining_bytes=1 << 28)
        await hands.show(replace(hands.board.picture, migrations=(later,)))
        assert "94%" in hands.lines()[y]
        await hands.show(
            replace(hands.board.picture, migrations=(replace(later, phase=Phase.SWITCHING),))
        )
        assert "switching over" in hands.glass()


async def test_where_there_is_little_room_a_card_tells_its_target_rather_than_draw_a_bar() -> None:
    picture = migrating(cluster(), "web01", "node02")
    async with on_board(picture, size=(200, 30)) as hands:
        hands.board.dense = True
        await hands.pilot.pause()
        assert "━" in hands.lines()[hands.where("web01")[1]].split("│")[1]
    async with on_board(picture, size=(80, 24)) as hands:
        hands.board.dense = True
        await hands.pilot.pause()
        assert "➜ web01 → node02   62%" in hands.glass()


async def test_a_stalled_copy_is_named_in_full_on_a_narrow_card() -> None:
    found = vm("db-primary", "node01")
    picture = migrating(replace(cluster(), vms=(found,)), found.id, "node02")
    async with on_board(picture, size=(80, 24)) as hands:
        stalled = Outlook(Chance.STALLED, "it will not arrive")
        hands.board.show(picture, Judged(outlooks={"db-primary": stalled}))
        await hands.pilot.pause()
        assert "➜ db-primary" in hands.glass()
        assert "⚠ stalled" in hands.glass()
        assert "1:40" in hands.glass(), "what is left of its time"


async def test_a_migration_of_which_nothing_is_known_shows_no_number() -> None:
    picture = migrating(cluster(), "web01", "node02")
    bare = replace(
        picture.migrations[0],
        phase=Phase.REQUESTED,
        total_bytes=None,
        remaining_bytes=None,
        rate_bytes_per_s=None,
        eta_s=None,
        deadline_s=None,
    )
    async with on_board(replace(picture, migrations=(bare,))) as hands:
        _, y = hands.where("web01")
        card = "".join(line.split("│")[1] for line in hands.lines()[y : y + 2])
        assert "requested" in card
        assert not any(c.isdigit() for c in card.replace("web01", "").replace("node02", ""))


async def test_libvirt_down_is_said_and_its_numbers_are_not_shown() -> None:
    down = Hypervisor(HypervisorState.DOWN, "connection refused", 1_700_000_000.0)
    picture = with_node(cluster(at=1_700_000_060.0), node("node02", hypervisor=down))
    async with on_board(picture, size=(120, 30)) as hands:
        head = " ".join(hands.head("node02").replace("│", " ").split())
        assert f"libvirt: not reachable, since {clock_text(1_700_000_000.0)}" in head
        assert "42%" not in head
        assert "◌ db01" in hands.glass()
        assert "running?" in hands.glass()
        assert "● web01" in hands.glass()


@pytest.mark.parametrize("state", [NodeState.UNCLEAN, NodeState.OFFLINE])
async def test_vms_of_a_lost_node_have_no_fresh_numbers(state: NodeState) -> None:
    picture = with_node(cluster(), node("node02", state))
    async with on_board(with_vm(picture, vm("db01", "node02", cpu_percent=33.0))) as hands:
        assert "◌ db01" in hands.glass()
        assert "33%" not in hands.glass()


async def test_a_stale_cluster_is_stale_everywhere() -> None:
    stale = Stale("pacemaker", None, 1_700_000_000.0, "node01 does not answer")
    async with on_board(replace(cluster(), stale=(stale,))) as hands:
        assert "online?" in hands.head("node01")
        assert "pacemaker: not reachable" in hands.head("node01")
        assert "● web01" not in hands.glass()


async def test_vms_that_run_nowhere_have_a_place_only_when_there_are_any() -> None:
    async with on_board(cluster()) as hands:
        assert "not running" not in hands.glass()
        stopped = vm("off01", None, VMState.STOPPED)
        lost = vm("lost01", "node99")
        await hands.show(replace(cluster(), vms=(*cluster().vms, stopped, lost)))
        assert "not running" in hands.glass()
        assert "○ off01" in hands.glass()
        assert "lost01" in hands.glass()


async def test_the_filter_hides_and_counts() -> None:
    async with on_board(cluster(3, 30)) as hands:
        hands.board.filter_text = "WEB node02"
        await hands.pilot.pause()
        assert "web02" in hands.glass()
        assert "web01" not in hands.glass()
        assert "db01" not in hands.glass()
        assert "1 of 10 VMs" in hands.head("node02")
        assert "0 of 10 VMs" in hands.head("node01")
        hands.board.filter_text = ""
        await hands.pilot.pause()
        assert "web01" in hands.glass()


async def test_d_switches_between_one_line_and_two() -> None:
    async with on_board(cluster()) as hands:
        await hands.press("d")
        assert hands.board.sight.layout.pitch == 1
        await hands.press("d")
        assert hands.board.sight.layout.pitch == 2


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (250, 70), (30, 10), (10, 3)])
@pytest.mark.parametrize("picture", [Cluster(), cluster(2, 0), eventful(), cluster(32, 2000)])
async def test_any_picture_fits_any_screen(picture: Cluster, size: tuple[int, int]) -> None:
    async with on_board(picture, size=size) as hands:
        for _ in range(3):
            assert all(
                strip.cell_length == size[0]
                for strip in map(hands.board.render_line, range(size[1]))
            )
            await hands.press("pagedown", "right", "m", "right")
            await hands.press("escape")


async def test_a_name_in_markup_is_shown_literally() -> None:
    picture = replace(cluster(), vms=(vm("[red]web[/]", "node01"), vm("a\x1b[2Jb", "node01")))
    async with on_board(with_node(picture, node("node02"))) as hands:
        assert "[red]web[/]" in hands.glass()
        assert "a␛[2Jb" in hands.glass()
        assert "\x1b" not in hands.glass()


async def test_wide_and_long_names_do_no_harm() -> None:
    names = ("虚拟机" * 20, "👩‍👩‍👧" * 9, "x" * 200)
    picture = replace(cluster(), vms=tuple(vm(name, "node01") for name in names))
    async with on_board(picture, size=(80, 24)) as hands:
        for y in range(24):
            strip = hands.board.render_line(y)
            assert strip.cell_length == 80
        assert "…" in hands.glass()
