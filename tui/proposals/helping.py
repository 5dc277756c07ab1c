"""What helps a copy along: more downtime at its end, or more speed on its way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from backends.data import commands
from backends.data.picture import VM, Migration, Phase
from backends.data.plan import Command
from backends.judgement.outlook import (
    LONGEST_DOWNTIME_MS,
    Course,
    helps,
    needed_downtime_ms,
    needed_rate_bytes_per_s,
)
from tui.proposal import Answer, Line, Proposal, commands_lines, heading, plain, point, refused
from tui.proposal import warning as warning_line
from widgets.bars import rate_text
from widgets.glyphs import Tone

Then = Callable[[Command], None]

LIVE_MS = 1000
"""A guest that stands still for longer is missed by those who talk to it."""
_STEPS_MS = (10_000, 5_000, 2_000, 1_000, 500)


def downtimes_ms(needed_ms: int) -> tuple[int, ...]:
    """What is needed, and the smaller steps that may be tried instead."""
    return (needed_ms, *(step for step in _STEPS_MS if step < needed_ms))


def of_downtime(
    vm: VM, migration: Migration | None, course: Course, variant: int, then: Then
) -> Proposal:
    """Let the guest stand still for longer at the end of its copy; `variant`: for how long."""
    needed_ms = needed_downtime_ms(migration, course) if migration is not None else None
    if migration is None or migration.phase is not Phase.COPYING or needed_ms is None:
        return refused(_no_downtime(vm, migration, course))
    steps = downtimes_ms(needed_ms)
    shown = variant % len(steps)
    chosen_ms = steps[shown]
    command = commands.set_downtime(vm.domain or vm.id, migration.source, chosen_ms)
    long = chosen_ms > LIVE_MS
    lines = [
        plain(f"{vm.id} may stand still for {_seconds(chosen_ms)} when it changes its node."),
        plain(""),
        _outlook(course),
    ]
    if long:
        lines.append(
            warning_line(
                f"for {_seconds(chosen_ms)} the guest does nothing and answers nobody: its "
                "connections may break, and what watches it may take it for dead"
            )
        )
    if chosen_ms < needed_ms:
        text = f"as it goes now it needs {_seconds(needed_ms)}: with less it may still not arrive"
        lines.append(point(text, Tone.WARN, "⚠"))
    return Proposal(
        lines=(*lines, *_choice(steps, shown), *commands_lines([command])),
        enter=Answer(f"Allow {_seconds(chosen_ms)}", lambda: then(command)),
        option=_seconds(steps[(shown + 1) % len(steps)]) if len(steps) > 1 else None,
        variants=len(steps),
        bad=long,
    )


def _choice(steps_ms: Sequence[int], chosen: int) -> Iterator[Line]:
    """All of them at once: who goes from one to the next knows where that leads."""
    if len(steps_ms) < 2:
        return
    yield heading("For how long")
    for number, step_ms in enumerate(steps_ms):
        tone, mark = (Tone.STRONG, "▸") if number == chosen else (Tone.MUTED, " ")
        needed = ", as long as it needs now" if number == 0 else ""
        yield point(f"{_seconds(step_ms)}{needed}", tone, mark)


def of_speed(
    vm: VM, migration: Migration | None, course: Course, _variant: int, then: Then
) -> Proposal:
    """Let the copy run faster, where that is known to help."""
    if migration is None:
        return refused(f"{vm.id} is not being migrated")
    if migration.phase is not Phase.COPYING:
        return refused(_not_copying(vm, migration))
    offered = helps(vm, migration, course)
    command = next((each for each in offered if "migrate-setspeed" in each.argv), None)
    known = (heading("What is known"), *_speeds(vm, migration))
    if command is None:
        return refused(_no_speed(vm, migration), *known)
    return Proposal(
        lines=(
            plain(f"{command.purpose[:1].upper()}{command.purpose[1:]}."),
            plain(""),
            _outlook(course),
            *known,
            *commands_lines([command]),
        ),
        enter=Answer("Do it", lambda: then(command)),
    )


def _speeds(vm: VM, migration: Migration) -> Iterator[Line]:
    rate, dirty = migration.rate_bytes_per_s, migration.dirty_rate_bytes_per_s
    needed, limit = needed_rate_bytes_per_s(migration), vm.migration_speed_bytes_per_s
    if rate is not None:
        yield point(f"it is sent at {rate_text(rate)}")
    if dirty:
        yield point(f"its guest dirties {rate_text(dirty)}")
    if needed is not None:
        yield point(f"in time it would be at {rate_text(needed)}")
    if limit:
        yield point(f"its configuration limits it to {rate_text(limit)} (migration_speed)")
    else:
        yield point("its configuration sets no limit (migration_speed)")
    unknown = "whether libvirt holds to another limit (virsh migrate-setspeed)"
    if rate is None:
        unknown = f"how fast it is sent, and {unknown}"
    yield point(f"not known: {unknown}, and what the network could carry", Tone.MUTED, "?")


def _outlook(course: Course) -> Line:
    outlook = course.outlook
    tone = Tone.WARN if outlook.bad else Tone.MUTED
    return point(outlook.text, tone, "⚠" if outlook.bad else "•")


def _no_downtime(vm: VM, migration: Migration | None, course: Course) -> str:
    if migration is None:
        return f"{vm.id} is not being migrated"
    if migration.phase is not Phase.COPYING:
        return _not_copying(vm, migration)
    if needed_downtime_ms(migration, course) is None and (migration.iteration or 1) <= 1:
        return (
            f"all memory of {vm.id} is being sent for the first time: how long the guest would "
            "have to stand still is known after that"
        )
    return (
        f"{vm.id} would have to stand still for more than {LONGEST_DOWNTIME_MS / 1000:.0f} s, "
        "or its rate is not known: that would no longer be a live migration"
    )


def _no_speed(vm: VM, migration: Migration) -> str:
    limit, needed = vm.migration_speed_bytes_per_s, needed_rate_bytes_per_s(migration)
    if needed is None and migration.rate_bytes_per_s is not None and migration.deadline_s:
        return f"the copy of {vm.id} is fast enough as it is"
    if not limit:
        return f"no limit is known that a higher one could replace for the copy of {vm.id}"
    return (
        f"the copy of {vm.id} does not come near its limit of {rate_text(limit)}: "
        "a higher one would change nothing"
    )


def _not_copying(vm: VM, migration: Migration) -> str:
    return f"the copy of {vm.id} does not run now ({migration.phase.value})"


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:g} s" if milliseconds >= LIVE_MS else f"{milliseconds} ms"
