"""All that is known of the selected VM or node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from backends.data.picture import (
    VM,
    Cluster,
    Migration,
    Operation,
    Phase,
    VMState,
)
from backends.judgement.health import Judged, Kind
from backends.judgement.outlook import Outlook
from backends.judgement.proof import in_words_where
from backends.judgement.prospect import Prospect
from widgets.bars import (
    bar,
    bytes_text,
    duration_text,
    moment_text,
    percent_text,
    rate_text,
)
from widgets.facts import constraint_text, failures_of, field, keyed, problems_of
from widgets.glyphs import (
    CHANCE_MARKS,
    CONSTRAINT_LEFT,
    GUARDED,
    PASSAGE_BADGES,
    PASSAGE_MARKS,
    VM_MARKS,
    Tone,
)
from widgets.node_details import node_lines
from widgets.tones import heading, marked, toned

HALF_A_DAY_S = 43200.0
HISTORY = 12
"""How many of the newest operations are listed."""


class Details(VerticalScroll):
    """Draws text alone; equal text draws nothing."""

    DEFAULT_CSS = """
    Details {
        padding: 0 1;
        background: $surface;
        scrollbar-size-vertical: 1;
    }
    """

    content: reactive[Content] = reactive(Content(""))

    @dataclass
    class Left(Message):
        """It went out of sight with the keys: they are to be given to something that is seen."""

    def on_hide(self) -> None:
        if self.has_focus:
            self.post_message(self.Left())

    def compose(self) -> ComposeResult:
        yield Static()

    def watch_content(self, content: Content) -> None:
        self.query_one(Static).update(content)

    def show(
        self,
        picture: Cluster,
        vm: str | None,
        node: str | None,
        *,
        judged: Judged | None = None,
        since: Mapping[str, float] | None = None,
    ) -> None:
        """Draw the VM where there is one, else the node.

        `since`: when constraints were seen to be set, by their ids.
        """
        lines: list[Content]
        if vm is not None and (known := picture.vm(vm)) is not None:
            lines = list(vm_lines(picture, known, judged or Judged(), since or {}))
        elif node is not None and (host := picture.node(node)) is not None:
            lines = list(node_lines(picture, host, judged or Judged()))
        else:
            lines = [toned("Nothing is selected.", Tone.MUTED)]
        self.content = Content("\n").join(lines)


def vm_lines(
    picture: Cluster, vm: VM, judged: Judged, since: Mapping[str, float]
) -> Iterator[Content]:
    yield toned(vm.id, Tone.STRONG)
    yield Content.assemble(marked(VM_MARKS[vm.state]), _place(vm))
    if (migration := picture.migration(vm.id)) is not None:
        outlook = judged.outlooks.get(vm.id)
        yield from _migration(migration, outlook, guarded=vm.maintenance)
    elif vm.state in (VMState.BLOCKED, VMState.FAILED):
        yield Content("")
        yield keyed("a", "recover it: its guest is not restarted")
    # In a low window only the first lines are in sight: what is wrong comes before what it is.
    if migration is None:
        yield from _constraints(picture, vm, since)
    yield from problems_of(judged.health.vms.get(vm.id, ()), _TOLD_BELOW)
    yield from failures_of(picture, vm.id, None)
    yield Content("")
    yield field("domain", vm.domain)
    yield field("vCPUs", vm.vcpus)
    yield field("CPU", percent_text(vm.cpu_percent).strip())
    yield field("memory", bytes_text(vm.memory_bytes))
    yield field("group", vm.group or "none")
    yield field("agent", vm.agent)
    yield field("managed", "yes" if vm.managed else "no: Pacemaker leaves it alone")
    if vm.maintenance:
        yield field("", "in maintenance")
    if vm.target_role:
        yield field("target role", vm.target_role)
    yield from _live(vm, judged.prospect(vm))
    if migration is not None:
        yield from _constraints(picture, vm, since, in_use=True)
    if vm.history:
        yield from heading("History")
        for operation in sorted(vm.history, key=lambda op: op.at or 0, reverse=True)[:HISTORY]:
            yield _operation(operation, picture.taken_at)


_TOLD_BELOW = frozenset({Kind.FAILURE, Kind.CONSTRAINT, Kind.MOVE, Kind.COPY})
"""What has a part of its own in the details."""


def _place(vm: VM) -> Content:
    if vm.node is None and not vm.nodes:
        return toned("  nowhere", Tone.MUTED)
    return toned(f"  on {in_words_where(vm) if len(vm.nodes) > 1 else vm.node}")


def _migration(
    migration: Migration, outlook: Outlook | None, *, guarded: bool
) -> Iterator[Content]:
    yield from heading("Migration")
    way = toned(f"{migration.source} → {migration.target or '?'}  ")
    yield Content.assemble(way, toned(migration.phase.value, Tone.BUSY))
    percent = migration.percent
    full, rest = bar(percent, 24)
    number = toned(f" {percent_text(percent)}")
    yield Content.assemble(toned(full, Tone.BUSY), toned(rest, Tone.FAINT), number)
    yield from _outlook(migration, outlook, guarded=guarded)
    left, total = bytes_text(migration.remaining_bytes), bytes_text(migration.total_bytes)
    yield field("left", f"{left} of {total}")
    yield field("rate", rate_text(migration.rate_bytes_per_s))
    yield field("dirty rate", rate_text(migration.dirty_rate_bytes_per_s))
    yield field("iteration", migration.iteration)
    yield field("downtime", _downtime(migration))
    yield field("elapsed", duration_text(migration.elapsed_s))
    eta = duration_text(outlook.eta_s if outlook is not None else None)
    yield field("arrives in", f"{eta}, timeout in {duration_text(migration.deadline_s)}")


def _outlook(migration: Migration, outlook: Outlook | None, *, guarded: bool) -> Iterator[Content]:
    """What is wrong with it, and the keys that help."""
    bad = outlook is not None and outlook.bad
    if guarded:
        yield toned(f"{GUARDED.glyph} {GUARDED.word}: no timeout restarts the guest", GUARDED.tone)
    if outlook is not None and bad:
        yield toned(f"⚠ {outlook.text}", CHANCE_MARKS[outlook.chance].tone)
    if migration.phase is Phase.COPYING:
        if bad:
            yield keyed("D", "allow more downtime")
            yield keyed("S", "let the copy run faster")
        if not guarded:
            yield keyed("g", "guard: no restart at the timeout")
        yield keyed("a", "abort: the guest stays where it is")


def _downtime(migration: Migration) -> str | None:
    if migration.downtime_ms is None:
        return None
    expected = " expected" if migration.phase is Phase.COPYING else ""
    ms = migration.downtime_ms
    return f"{ms} ms{expected}" if ms < 1000 else f"{ms / 1000:.1f} s{expected}"


def _live(vm: VM, prospect: Prospect) -> Iterator[Content]:
    yield from heading("Live migration")
    mark = PASSAGE_MARKS[prospect.passage]
    badge = PASSAGE_BADGES.get(prospect.passage)
    why = f": {prospect.why}" if prospect.why else ""
    yield toned(f"{mark.glyph} {badge.meaning if badge else mark.word}{why}", mark.tone)
    yield field("migrate_to", _timeout(vm.migrate_to_timeout_s))
    yield field("migrate_from", _timeout(vm.migrate_from_timeout_s))
    yield field("on failure", _on_fail(vm.migrate_to_on_fail))
    limit = vm.migration_speed_bytes_per_s
    yield field("speed", f"at most {rate_text(limit)}" if limit else "no limit is configured")


def _on_fail(said: str | None) -> str | None:
    return "recover: the guest reboots" if said == "restart" else said


def _timeout(timeout_s: float | None) -> str | None:
    return None if timeout_s is None else f"within {timeout_s:.0f} s"


def _constraints(
    picture: Cluster, vm: VM, since: Mapping[str, float], *, in_use: bool = False
) -> Iterator[Content]:
    if not vm.constraints:
        return
    yield from heading("Constraints" if in_use else "Constraints left by moves and bans")
    for constraint in vm.constraints:
        age = _age(since.get(constraint.id), picture.taken_at)
        yield toned(f"{CONSTRAINT_LEFT.glyph} {constraint.id}", Tone.WARN)
        yield toned(f"  {constraint_text(constraint)}; {age}", Tone.MUTED)
    if not in_use:
        yield keyed("c", "remove them; shows what moves then")


def _age(at: float | None, now: float) -> str:
    if at is None:
        return "older than this vmferry"
    if now - at > HALF_A_DAY_S:
        return f"set {duration_text(now - at)} ago"
    return f"set at {moment_text(at, now)}"


def _operation(operation: Operation, now: float) -> Content:
    if operation.pending:
        end = toned("… runs", Tone.BUSY)
    elif operation.succeeded:
        end = toned("✔", Tone.OK)
    else:
        end = toned(f"rc {operation.rc}", Tone.WARN)
    took = f" {operation.exec_ms / 1000:.1f} s" if operation.exec_ms else ""
    return Content.assemble(
        toned(f"{moment_text(operation.at, now):>8}", Tone.MUTED),
        toned(f" {operation.task} on {operation.node} "),
        end,
        toned(f"{took} {operation.exit_reason}".rstrip(), Tone.MUTED),
    )
