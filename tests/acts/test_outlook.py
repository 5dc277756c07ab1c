"""Will the copy arrive? Said early where it will not, and never where it will."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from backends.clusters.simulated import SimulatedBackend
from backends.clusters.simulated.precopy import PreCopy
from backends.data import commands
from backends.data.picture import VM, Migration, Phase, VMState
from backends.judgement.outlook import Chance, Course, helps

MiB = 1 << 20
STEP_S = 0.33
COPYING = Migration("web1", "alpha", "bravo", Phase.COPYING)
rates = st.integers(100, 2000).map(lambda n: n * MiB)
sizes = st.integers(2000, 16384).map(lambda n: n * MiB)


def pictures(copy: PreCopy, rate: int, deadline_s: float) -> list[Migration]:
    """The copy as it is seen three times a second, until it ends or its timeout strikes."""
    seen: list[Migration] = []
    elapsed_s = 0.0
    while not copy.done and elapsed_s < deadline_s and len(seen) < 600:
        copy.advance(STEP_S, rate)
        elapsed_s += STEP_S
        dirty = copy.dirty_rate_bytes_per_s if copy.iteration > 1 else 0
        phase = Phase.SWITCHING if copy.halted else Phase.COPYING
        left = round(copy.remaining_bytes)
        seen.append(
            replace(
                COPYING,
                phase=phase,
                remaining_bytes=left,
                total_bytes=round(copy.total_bytes),
                rate_bytes_per_s=rate,
                dirty_rate_bytes_per_s=round(dirty),
                iteration=copy.iteration,
                elapsed_s=elapsed_s,
                eta_s=copy.eta_s(rate),
                deadline_s=max(0.0, deadline_s - elapsed_s),
            )
        )
    return seen


def chances(seen: list[Migration]) -> list[tuple[int, Chance]]:
    course = Course()
    said: list[tuple[int, Chance]] = []
    for migration in seen:
        course = course.after(migration)
        said.append((migration.iteration or 0, course.outlook.chance))
    return said


@settings(deadline=None)
@given(total=sizes, rate=rates, ratio=st.floats(1.0, 4.0))
def test_a_hopeless_copy_is_named_by_its_third_iteration_and_not_in_its_first(
    total: int, rate: int, ratio: float
) -> None:
    copy = PreCopy(total, ratio * rate, 0.9 * total)
    assume(0.9 * total > rate)
    said = chances(pictures(copy, rate, 1e9))
    assert all(chance is Chance.FITS for number, chance in said if number == 1)
    third = [chance for number, chance in said if number >= 3]
    assume(third)
    assert Chance.STALLED in [chance for number, chance in said if number <= 3]
    assert set(third) == {Chance.STALLED}


@settings(deadline=None)
@given(total=sizes, rate=rates, ratio=st.floats(0.0, 0.7), share=st.floats(0.01, 1.0))
def test_a_copy_that_arrives_in_time_is_never_given_up(
    total: int, rate: int, ratio: float, share: float
) -> None:
    copy = PreCopy(total, ratio * rate, share * total)
    needed_s = replace(copy).eta_s(rate)
    assert needed_s is not None
    said = chances(pictures(copy, rate, needed_s + 2 * STEP_S))
    assert not {Chance.LATE, Chance.STALLED} & {chance for _, chance in said}


@settings(deadline=None)
@given(total=sizes, rate=rates, ratio=st.floats(0.0, 0.7), part=st.floats(0.2, 0.9))
def test_a_copy_that_comes_too_late_is_said_to_before_the_timeout_strikes(
    total: int, rate: int, ratio: float, part: float
) -> None:
    copy = PreCopy(total, ratio * rate, total)
    needed_s = replace(copy).eta_s(rate)
    assert needed_s is not None
    assume(needed_s * part > 15)
    said = chances(pictures(copy, rate, needed_s * part))
    assert said[-1][1] in (Chance.LATE, Chance.STALLED)


def at(iteration: int, left_mib: int, dirty_mib: int | None = None, **more: float) -> Migration:
    return replace(
        COPYING,
        iteration=iteration,
        remaining_bytes=left_mib * MiB,
        rate_bytes_per_s=100 * MiB,
        dirty_rate_bytes_per_s=None if dirty_mib is None else dirty_mib * MiB,
        elapsed_s=more.get("elapsed_s"),
        eta_s=more.get("eta_s"),
        deadline_s=more.get("deadline_s"),
    )


def folded(*migrations: Migration) -> Course:
    course = Course()
    for migration in migrations:
        course = course.after(migration)
    return course


def test_what_is_left_no_longer_falls() -> None:
    course = folded(at(1, 4000), at(2, 900), at(2, 300), at(3, 900))
    assert course.outlook.chance is Chance.STALLED
    assert "as much to send as the one before" in course.outlook.text
    assert folded(at(1, 4000), at(2, 900), at(3, 500)).outlook.chance is Chance.UNKNOWN


def test_a_low_dirty_rate_takes_two_iterations_that_do_not_fall() -> None:
    first = (at(1, 4000), at(2, 400, 30, eta_s=5, deadline_s=60))
    once = at(3, 410, 30, eta_s=5, deadline_s=60)
    assert folded(*first, once).outlook.chance is Chance.FITS
    assert folded(*first, once, replace(once, iteration=4)).outlook.chance is Chance.STALLED


def test_what_fits_into_the_downtime_is_not_stalled() -> None:
    assert folded(at(1, 4000), at(2, 20, 500)).outlook.chance is not Chance.STALLED


def test_unknown_is_said_as_unknown() -> None:
    for migration in (
        None,
        replace(COPYING, phase=Phase.REQUESTED),
        COPYING,
        at(2, 500),
        at(2, 500, 10, eta_s=6),
    ):
        assert Course().after(migration).outlook.chance is Chance.UNKNOWN


def test_a_switched_over_guest_fits_whatever_was_before() -> None:
    course = folded(at(2, 900, 200), replace(COPYING, phase=Phase.SWITCHING))
    assert course.outlook.chance is Chance.FITS


def test_in_the_first_iteration_only_bare_arithmetic_counts_and_only_when_it_is_sure() -> None:
    slow = [
        at(1, 40_000 - 100 * second, elapsed_s=second, deadline_s=120 - second)
        for second in range(1, 9)
    ]
    assert folded(*slow[:4]).outlook.chance is Chance.UNKNOWN
    assert folded(*slow).outlook.chance is Chance.LATE
    empty = [
        at(1, 40_000 - 2000 * second, elapsed_s=second, deadline_s=120 - second)
        for second in range(1, 9)
    ]
    assert folded(*empty).outlook.chance is Chance.FITS, "empty pages are skipped"


def test_another_migration_begins_a_new_course() -> None:
    stalled = folded(at(1, 4000, elapsed_s=1), at(2, 900, 200, elapsed_s=40))
    assert stalled.outlook.chance is Chance.STALLED
    assert stalled.after(at(1, 4000, elapsed_s=1)).began_with_bytes == (4000 * MiB,)
    assert stalled.after(None) == Course()


def test_the_help_is_the_downtime_that_an_iteration_needs_and_the_exact_commands() -> None:
    vm = VM("web1", VMState.MIGRATING, domain="web1-guest", node="alpha")
    course = folded(at(1, 4000), at(2, 500, 200), at(2, 100, 200, deadline_s=50))
    assert course.migration is not None
    assert helps(vm, course.migration, course) == (
        commands.set_downtime("web1-guest", "alpha", 6000),
    )
    assert "stand still for 6000 ms" in course.outlook.helps[0]
    assert any(text.startswith("abort") for text in course.outlook.helps)
    capped = replace(vm, migration_speed_bytes_per_s=100 * MiB)
    speed, downtime = helps(capped, course.migration, course)
    assert speed == commands.set_speed("web1-guest", "alpha", 243)
    assert downtime == commands.set_downtime("web1-guest", "alpha", 6000)
    assert helps(vm, replace(course.migration, phase=Phase.STOPPING)) == ()


async def test_on_a_cluster_the_stubborn_guest_is_named_and_the_downtime_helps() -> None:
    async with SimulatedBackend(speed=0, scenario="stubborn") as backend:
        course, told = Course(), None
        for _ in range(400):
            await backend.advance(0.25)
            migration = backend.picture.migration("web1")
            course = course.after(migration)
            if course.outlook.chance is Chance.STALLED:
                told = migration
                break
        assert told is not None and told.iteration in (2, 3)
        assert told.deadline_s and told.deadline_s > 10
        vm = backend.picture.vm("web1")
        assert vm is not None and backend.writer is not None
        boots = backend.world.guest("web1").boots
        for command in helps(vm, told, course):
            await backend.writer.send(command)
        await backend.advance(60)
        moved = backend.picture.vm("web1")
        assert moved is not None and moved.node == told.target
        assert backend.world.guest("web1").boots == boots
