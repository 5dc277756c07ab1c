"""What is seen: connecting, views, filter, help, pause, names, small terminals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from app_operator import Operator, at_the_app
from backends.acts.journal import Journal
from backends.clusters.base import Backend
from backends.clusters.simulated import SimulatedBackend
from backends.data.errors import BadConfiguration, HostKeyUnknown
from backends.data.plan import Prediction
from tui.app import VmferryApp
from tui.connect_screen import ConnectScreen
from tui.help_screen import HelpScreen, own_bindings
from tui.main_screen import MainScreen
from tui.messages import CommandsChanged
from widgets.board import Board
from widgets.cluster_tables import ClusterTables
from widgets.doctor_view import DoctorView


class Unwilling(SimulatedBackend):
    """A cluster that cannot be reached until it is forgiven."""

    forgiven = False

    async def open(self) -> None:
        if not self.forgiven:
            raise HostKeyUnknown(
                "the host key of [bold]alpha[/] is not known",
                where="alpha\x1b[31m",
                cure="compare its fingerprint, then: ssh alpha",
            )
        await super().open()


class Buggy(SimulatedBackend):
    async def predict(self, vms: Sequence[str], nodes: Sequence[str]) -> Mapping[str, Prediction]:
        raise ZeroDivisionError("nobody thought of [this]")


async def test_a_failed_connection_says_what_where_and_what_to_do_and_can_be_retried(
    journal: Journal,
) -> None:
    backend = Unwilling(3, 12, 1, 0, "calm")
    async with at_the_app(backend, journal, connected=False) as operator:
        await operator.until_sees("✖ not connected to test")
        assert operator.sees("the host key of [bold]alpha[/] is not known")
        assert operator.sees("compare its fingerprint, then: ssh alpha")
        assert "\x1b" not in operator.glass()
        backend.forgiven = True
        await operator.press("r")
        await operator.until(
            lambda: not isinstance(operator.app.screen, ConnectScreen), "connected"
        )
        await operator.until_sees("web1")


async def test_a_failed_connection_can_be_quit(journal: Journal) -> None:
    backend = Unwilling(3, 12, 1, 0, "calm")
    async with at_the_app(backend, journal, connected=False) as operator:
        await operator.until_sees("not connected")
        await operator.press("q")
        await operator.until(lambda: not operator.app.is_running, "left")
        assert operator.app.return_code == 3, "the contract's code for a cluster not reached"


async def test_news_that_comes_before_the_screen_is_there_is_kept(
    backend: SimulatedBackend, journal: Journal
) -> None:
    """The cluster may be faster than the first layout, and tells until the last moment."""
    async with backend, at_the_app(SimulatedBackend(2, 4, 1, 0, "calm"), journal) as operator:
        screen = MainScreen(backend, journal, "demo")
        screen.show_news(CommandsChanged(backend.commands.sent))
        screen.show_picture(backend.picture)
        await operator.app.push_screen(screen)
        await operator.until_sees("3 nodes")


async def test_the_theme_of_the_configuration_is_used_and_a_wrong_one_told(
    backend: SimulatedBackend, journal: Journal
) -> None:
    app = VmferryApp(backend, journal, theme="vmferry-light")
    async with app.run_test() as pilot:
        await pilot.pause()
        assert app.theme == "vmferry-light"
    with pytest.raises(BadConfiguration, match="no theme 'mauve'"):
        VmferryApp(backend, journal, theme="mauve")


@pytest.mark.parametrize(
    ("key", "text"),
    [("3", "libvirt"), ("4", "what"), ("5", "what was seen"), ("6", "crm_mon"), ("1", "web1")],
)
async def test_every_view_opens(
    backend: SimulatedBackend, journal: Journal, key: str, text: str
) -> None:
    async with at_the_app(backend, journal) as operator:
        await operator.press("2", key)
        await operator.until_sees(text)


async def test_the_timeline_tells_what_happened_while_another_view_was_open(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await operator.press("6")
        backend.world.execute(("crm_resource", "--move", "--resource", "web1", "--node", "bravo"))
        await operator.until_sees("web1 migrates")
        await operator.press("4")
        await operator.until_sees("constraint cli-prefer-web1 was set")


async def test_a_vm_chosen_in_the_table_is_selected_on_the_board(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await operator.press("3")
        await operator.until_sees("Nodes 3")
        await operator.press("greater_than_sign")
        await operator.until_sees("a move is")
        for _ in range(9):
            await operator.press("down")
        await operator.press("enter")
        await operator.until(lambda: operator.board.selected_vm == "legacy-erp", "selected")
        assert operator.app.focused is operator.board


async def test_details_show_the_selected_vm_and_follow_the_selection(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        operator.board.select("legacy-erp")
        await operator.press("enter")
        await operator.until_sees("a move would reboot it")
        operator.board.select("web1")
        await operator.until_sees("can be migrated live")
        await operator.press("i")
        await operator.until(lambda: not operator.sees("can be migrated live"), "closed")


async def test_the_filter_hides_other_vms_and_escape_brings_them_back(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await operator.press("slash")
        await operator.type("web")
        await operator.until(lambda: not operator.sees("mail"), "filtered")
        assert operator.sees("web1")
        await operator.press("enter")
        assert operator.app.focused is operator.board
        await operator.press("slash", "escape")
        await operator.until_sees("mail")


async def test_help_lists_every_key_that_is_bound(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal, size=(120, 180)) as operator:
        await operator.press("question_mark")
        await operator.until(lambda: isinstance(operator.app.screen, HelpScreen), "help")
        await operator.pilot.pause()
        bound = [
            binding
            for owner in (Board, ClusterTables, DoctorView, MainScreen, type(operator.app))
            for binding in own_bindings(owner)
        ]
        assert len(bound) > 20
        for binding in bound:
            assert binding.id, f"{binding} cannot be remapped"
            assert binding.tooltip, f"{binding} does not tell what it does"
            start = binding.tooltip.split(";")[0][:30]
            assert operator.sees(start), binding
        await operator.press("escape")
        assert operator.app.screen is operator.main


async def test_pause_holds_the_display_and_goes_on_with_the_newest(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await operator.press("p")
        await operator.until_sees("PAUSED")
        backend.world.execute(("crm_standby", "--node", "charlie", "--update", "on"))
        await operator.until(lambda: bool(backend.picture.migrations), "evacuated")
        assert not operator.sees("standby")
        await operator.press("p")
        await operator.until_sees("standby")
        assert not operator.sees("PAUSED")


async def test_what_is_stale_is_said_with_its_reason(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        backend.world.stop_libvirt("bravo")
        await operator.until_sees("libvirt on bravo: not reachable, since")
        backend.world.stop_pacemaker_answers("connection lost")
        await operator.until_sees("pacemaker: not reachable, since")
        assert operator.sees("connection lost")


@pytest.mark.parametrize("key", ["colon", "ctrl+p"])
async def test_the_palette_goes_to_a_vm(
    backend: SimulatedBackend, journal: Journal, key: str
) -> None:
    async with at_the_app(backend, journal) as operator:
        await operator.press(key)
        await operator.type("go to vm gitlab")
        await operator.until_sees("Go to VM gitlab")
        await operator.press("enter")
        await operator.until(lambda: operator.board.selected_vm == "gitlab", "selected")


@pytest.mark.parametrize("theme", ["vmferry-dark", "vmferry-light", "ansi-dark"])
async def test_every_theme_draws_every_view(
    backend: SimulatedBackend, journal: Journal, theme: str
) -> None:
    async with at_the_app(backend, journal) as operator:
        while operator.app.theme != theme:
            await operator.press("T")
        for key in "23451":
            await operator.press(key)
        await operator.until_sees("web1")


async def test_strange_names_are_shown_literally_in_every_view(journal: Journal) -> None:
    backend = SimulatedBackend(3, 16, 1, 0, "names")
    async with at_the_app(backend, journal, size=(180, 60)) as operator:
        await operator.until_sees("migrates")
        operator.main.details_open = True
        for vm in [vm.id for vm in backend.picture.vms]:
            operator.board.select(vm)
            await operator.pilot.pause()
            await look_harmless(operator)
        await operator.press("4", "5", "6", "1")
        await operator.until_sees("[red]x[/]")
        await look_harmless(operator)
        await operator.press("3")
        await operator.pilot.click(offset=operator.at("VMs 16"))
        await operator.until_sees("[red]x[/]")
        await look_harmless(operator)
        await operator.press("colon")
        await operator.type("red")
        await operator.until_sees("Go to VM [red]x[/]")
        await operator.press("escape")


async def look_harmless(operator: Operator) -> None:
    for line in operator.lines():
        assert line.isprintable(), repr(line)


async def test_strange_names_can_be_moved(journal: Journal) -> None:
    backend = SimulatedBackend(3, 16, 1, 0, "names")
    async with at_the_app(backend, journal) as operator:
        vm = next(vm for vm in backend.picture.vms if vm.id == "[red]x[/]")
        target = next(node.name for node in backend.picture.nodes if node.name != vm.node)
        await operator.pick_up(vm.id)
        await operator.type(target)
        await operator.press("enter")
        await operator.until_sees(f"crm_resource --move --resource '[red]x[/]' --node {target}")
        await operator.press("enter")
        await operator.until(
            lambda: backend.picture.vm(vm.id).node == target and not operator.house.desk.under_way,  # type: ignore[union-attr]
            "arrived",
        )


async def test_a_terminal_too_small_is_told_so_and_comes_back(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal, size=(80, 24)) as operator:
        for small in ((50, 24), (80, 12), (20, 5), (1, 1)):
            await operator.pilot.resize_terminal(*small)
            if small[0] >= 40:
                await operator.until_sees(f"This terminal is {small[0]}×{small[1]}.")
            assert not operator.sees("web1")
        await operator.pilot.resize_terminal(80, 24)
        await operator.until_sees("web1")
        assert operator.app.focused is operator.board


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (132, 43), (250, 70)])
async def test_the_board_the_plan_and_the_footer_fit(
    backend: SimulatedBackend, journal: Journal, size: tuple[int, int]
) -> None:
    async with at_the_app(backend, journal, size=size) as operator:
        assert operator.sees("quorum")
        if size[0] >= 80:
            assert operator.sees("q Quit")
        await operator.pick_up(operator.board.selected_vm or "")
        await operator.type("bravo")
        await operator.press("enter")
        await operator.until_sees("Move")
        await operator.until_sees("Cancel")


async def test_a_bug_in_a_worker_is_told_and_ends_nothing(journal: Journal) -> None:
    backend: Backend = Buggy(3, 12, 1, 0, "calm")
    async with at_the_app(backend, journal) as operator:
        await operator.pick_up("web1")
        await operator.until_sees("A bug in vmferry")
        assert operator.sees("nobody thought of [this]")
        assert operator.app.is_running


async def test_the_ends_of_the_list_of_commands_are_its_first_and_its_newest(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        for number in range(60):
            with backend.commands.record("alpha", f"command-{number:02} {'x' * 300}"):
                pass
        await operator.press("6")
        await operator.until_sees("command-59")
        await operator.press("home")
        await operator.until_sees("command-00")
        await operator.press("end")
        await operator.until_sees("command-59")


async def test_a_row_is_copied_and_said_to_be(backend: SimulatedBackend, journal: Journal) -> None:
    async with at_the_app(backend, journal) as operator:
        await operator.press("6", "end", "y")
        await operator.until_sees("Copied")
        assert operator.app.clipboard == operator.backend.commands.sent[-1].command
        await operator.press("3", "home", "y")
        assert operator.app.clipboard.startswith("alpha")
