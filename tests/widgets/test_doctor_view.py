"""What the doctor found, as it is read: the worst first, what is alike together, its cure."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot

from backends.data.examination import Cure, Family, Finding, Report, State, Topic
from backends.data.plan import Command
from backends.doctor.advice import FRESH_S
from backends.judgement.prospect import Passage, Prospect
from widgets.doctor_rows import ASK_AGAIN_S, Examination, Waiting, compared
from widgets.doctor_view import DoctorView

NOON = 1_763_899_200.0
SET = Command(("crm_resource", "--resource", "web1", "--set-parameter", "x"), "tell it")
RESTART = "the guest reboots"


def ours(vm: str, seen: str = "not set", why: str = RESTART) -> Finding:
    cures = Cure.of(SET, restarts=True)
    return Finding(Topic.RESOURCE, "on-fail", State.WARNING, seen, why, vm=vm, cures=cures)


LISTENS = Finding(
    Topic.LIBVIRT,
    "listens",
    State.WRONG,
    "nothing on port 16509",
    "no VM reaches it",
    "alpha",
    cures=(
        Cure(("listen_tcp = 1",), "/etc/libvirt/libvirtd.conf"),
        Cure(("apt-get install this",), family=Family.DEBIAN),
        Cure(("dnf install that",), family=Family.RHEL),
    ),
)
NOT_KNOWN = Finding(Topic.CPU, "cpu", State.UNKNOWN, "no answer", "it might crash", "bravo")
FINE = Finding(Topic.NAMES, "clock", State.OK, "3 clocks agree")
UNUSED = Finding(Topic.LOCKING, "manager", State.NOT_USED, "no lock manager")
REPORT = Report(
    (ours("web1"), ours("web2"), FINE, NOT_KNOWN, UNUSED, LISTENS), {"alpha": Family.RHEL}
)


class DoctorApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[Message] = []

    def compose(self) -> ComposeResult:
        yield DoctorView(lambda: NOON)

    def _remember(self, message: Message) -> None:
        self.said.append(message)

    on_doctor_view_wanted = _remember
    on_doctor_view_cure_wanted = _remember
    on_doctor_view_call_off_wanted = _remember
    on_doctor_view_checklist_wanted = _remember
    on_doctor_view_useless = _remember


class Reader:
    def __init__(self, app: DoctorApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot
        self.view = app.query_one(DoctorView)

    async def show(self, found: Examination) -> None:
        self.view.show(found)
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    def lines(self) -> list[str]:
        return [strip.text.rstrip() for strip in self.app.screen._compositor.render_strips()]

    def line(self, text: str) -> str:
        found = [line for line in self.lines() if text in line]
        assert found, f"no {text!r} in\n" + "\n".join(self.lines())
        return found[0]

    def rows(self) -> Iterator[str]:
        """The table, without its head."""
        lines = self.lines()
        first = next(n for n, line in enumerate(lines) if "what was seen" in line)
        for line in lines[first + 1 :]:
            if line.startswith("─"):
                return
            yield line.strip()

    def said(self) -> Message:
        return self.app.said[-1]


@asynccontextmanager
async def reading(found: Examination, size: tuple[int, int] = (100, 40)) -> AsyncIterator[Reader]:
    app = DoctorApp()
    async with app.run_test(size=size) as pilot:
        reader = Reader(app, pilot)
        reader.view.focus()
        await reader.show(found)
        yield reader


async def test_the_worst_is_first_and_what_is_alike_is_told_together() -> None:
    async with reading(Examination(REPORT, NOON - 65)) as reader:
        states = [" ".join(row.split()[:2]) for row in reader.rows()]
        assert states == ["✖ wrong", "? unknown", "⚠ warning", "✔ ok", "· not"]
        assert "1 wrong, 1 unknown, 1 warning" in reader.line("Doctor")
        assert "1:05 ago" in reader.line("Doctor")
        assert "▸ 2 VMs" in reader.line("on-fail")
        assert reader.line("✔ ok").endswith("names")
        assert reader.line("· not used").endswith("locking (manager)")


async def test_the_selected_one_says_what_was_seen_where_why_and_the_cure_of_its_family() -> None:
    async with reading(Examination(REPORT, NOON)) as reader:
        assert reader.line("alpha: nothing on port 16509")
        assert reader.line("why: no VM reaches it")
        assert reader.line("→ on alpha: in /etc/libvirt/libvirtd.conf: listen_tcp = 1")
        assert reader.line("→ on alpha: dnf install that")
        assert not any("apt-get" in line for line in reader.lines())
        await reader.press("down", "down")
        assert reader.line("web1, web2: not set")
        assert "(restarts the VM" in reader.line(f"c {SET}")
        assert reader.line("vmferry does this itself for all of them")


async def test_a_group_is_unfolded_with_enter_or_a_click_and_keeps_the_cursor() -> None:
    async with reading(Examination(REPORT, NOON)) as reader:
        await reader.press("down", "down", "enter")
        assert "▾ 2 VMs" in reader.line("on-fail")
        inner = [row.split() for row in reader.rows() if row.startswith("c ")]
        assert inner == [["c", "web1", "not", "set"], ["c", "web2", "not", "set"]]
        await reader.press("down", "c")
        said = reader.said()
        assert isinstance(said, DoctorView.CureWanted)
        assert [finding.vm for finding in said.report.findings] == ["web1"]
        await reader.press("up", "c")
        said = reader.said()
        assert isinstance(said, DoctorView.CureWanted)
        assert [finding.vm for finding in said.report.findings] == ["web1", "web2"]
        await reader.press("enter")
        assert "▸ 2 VMs" in reader.line("on-fail")


async def test_different_things_seen_are_all_told() -> None:
    report = Report((ours("web1", "it is ignore"), ours("web2", "it is fence")))
    async with reading(Examination(report, NOON)) as reader:
        assert reader.line("on-fail").endswith(RESTART)
        assert reader.line("web1: it is ignore")
        assert reader.line("web2: it is fence")


async def test_a_checklist_has_all_that_is_about_its_vm_and_begins_at_the_worst() -> None:
    async with reading(Examination(REPORT, NOON)) as reader:
        reader.view.vm = "web2"
        await reader.pilot.pause()
        assert "web2  not known yet whether it can be migrated live" in reader.lines()[0]
        reader.view.show(Examination(REPORT, NOON), {"web2": Prospect(Passage.REBOOT)})
        await reader.pilot.pause()
        assert "web2  not fit for live migration" in reader.lines()[0]
        assert sum("on-fail" in row for row in reader.rows()) == 1
        assert any("clock" in row for row in reader.rows())
        assert reader.line("alpha: nothing on port 16509"), "its words are in sight"
        await reader.press("escape")
        assert reader.line("▸ 2 VMs")


async def test_what_is_wrong_with_the_examination_itself_is_said() -> None:
    found = Examination(REPORT, NOON - 600, stale_since=NOON - 60, failed="alpha: [no] answer")
    async with reading(found) as reader:
        assert "10:00 ago" in reader.line("Doctor")
        assert reader.line("✖ not examined: alpha: [no] answer")
        assert reader.line("⚠ the configuration has changed at")
        await reader.show(Examination(REPORT, NOON - 600, running_since=NOON - 2))
        assert "examining … 0:02" in reader.line("Doctor")
        await reader.show(Examination())
        assert reader.line("not examined yet: r examines the cluster")


async def test_r_and_a_click_on_the_head_want_another_examination() -> None:
    async with reading(Examination(REPORT, NOON)) as reader:
        await reader.press("r")
        assert isinstance(reader.said(), DoctorView.Wanted)
        reader.app.said.clear()
        await reader.pilot.click(offset=(2, 0))
        assert isinstance(reader.said(), DoctorView.Wanted)


async def test_what_waits_is_on_top_and_its_finding_is_marked() -> None:
    waiting = Waiting("a key", "web1", "x on web1", (str(SET),), NOON)
    report = Report((ours("web1"), LISTENS))
    async with reading(Examination(report, NOON, waiting=(waiting,))) as reader:
        assert next(reader.rows()).startswith("◷ waits")
        assert "◷" in reader.line("on-fail")
        assert reader.line("It is carried out when the VM stands still")
        await reader.press("x")
        said = reader.said()
        assert isinstance(said, DoctorView.CallOffWanted)
        assert said.waiting is waiting
        await reader.press("down", "x")
        assert isinstance(reader.said(), DoctorView.Useless)


async def test_new_and_gone_are_counted_and_the_new_one_marked() -> None:
    before = Report((ours("web1"), NOT_KNOWN))
    now = Report((LISTENS, ours("web1", "seen a little differently")))
    new, gone = compared(before, now)
    found = Examination(now, NOON, before=NOON - 60, new=new, gone=gone)
    async with reading(found) as reader:
        assert reader.line(": 1 new, 1 gone")
        assert "new since" in reader.line("✖ wrong  libvirt: listens")


async def test_names_and_words_are_shown_literally() -> None:
    odd = "[/nope]\x1b[31m"
    report = Report((ours(odd, "[red]seen[/]"), ours("[b]"), LISTENS))
    async with reading(Examination(report, NOON, failed=odd)) as reader:
        await reader.press("down", "enter", "down")
        assert reader.line("[/nope]␛[31m: [red]seen[/]")
        assert all(line.isprintable() for line in reader.lines())


async def test_hundreds_of_findings_scroll() -> None:
    report = Report(tuple(ours(f"vm{n}", f"seen {n}") for n in range(300)))
    async with reading(Examination(report, NOON), size=(80, 20)) as reader:
        assert reader.line("▸ 300 VMs")
        await reader.press("enter")
        await reader.press(*["pagedown"] * 60)
        assert reader.line("vm299: seen 299")


def test_a_report_is_old_sooner_where_something_was_not_found_out() -> None:
    sure = replace(REPORT, findings=(LISTENS, FINE, UNUSED))
    assert Examination().is_old(NOON)
    for report, believed_s in ((sure, FRESH_S), (REPORT, ASK_AGAIN_S)):
        found = Examination(report, NOON)
        assert not found.is_old(NOON + believed_s)
        assert found.is_old(NOON + believed_s + 1)
        assert replace(found, stale_since=NOON).is_old(NOON)
        assert replace(found, failed="no answer").is_old(NOON)
