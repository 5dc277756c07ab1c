"""What findings mean for a move that the scheduler holds for live."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.data.examination import Effect, Finding, Report, State, Topic, Way
from backends.data.picture import VM, Cluster
from backends.data.plan import Action, ActionKind, Verdict, VerdictKind
from backends.doctor.advice import FRESH_S, advise, advise_plan, failures, remarks
from backends.judgement.judge import make_plan
from backends.judgement.moves import Move, confirmed
from doctor.cases import vm

LIVE, SIDE_EFFECTS = VerdictKind.LIVE, VerdictKind.SIDE_EFFECTS
REBOOT, REFUSED = VerdictKind.REBOOT, VerdictKind.REFUSED

REFUSED_THERE = Finding(
    Topic.TRANSPORT,
    "tcp",
    State.WRONG,
    "qemu+tcp://bravo/system cannot be reached: Connection refused",
    "a live migration from alpha to bravo over tcp fails at once",
    "alpha",
    effect=Effect.SENDING_FAILS,
    ways=(Way("alpha", "bravo"),),
)
NO_CONFIG = Finding(
    Topic.RESOURCE,
    "config file",
    State.WRONG,
    "/vm/web1.xml is not there",
    "web1 cannot be migrated to bravo nor started there, and may be lost on the way",
    "bravo",
    "web1",
    effect=Effect.ARRIVING_FAILS,
)
OTHER_DISK = Finding(
    Topic.STORAGE,
    "disks",
    State.WRONG,
    "vda: /dev/sdb is another disk on each node",
    "after a migration the guest would write to another disk: its data is lost",
    vm="web1",
    effect=Effect.HARMS,
)
OFF = Finding(
    Topic.RESOURCE, "allow-migrate", State.WARNING, "not set", vm="web1", effect=Effect.RESTARTS
)
UNKNOWN = Finding(Topic.TRANSPORT, "ssh", State.UNKNOWN, "no answer in time", node="alpha")


def picture(*vms: VM) -> Cluster:
    return Cluster(vms=vms or (vm(),))


def guarded(on_fail: str, name: str = "web1") -> VM:
    return replace(vm(name), migrate_to_on_fail=on_fail)


def migrate(name: str = "web1", source: str = "alpha", target: str = "bravo") -> Action:
    return Action(ActionKind.MIGRATE, name, source, target)


def live(*vms: str, target: str = "bravo") -> Verdict:
    names = vms or ("web1",)
    return Verdict(names, target, LIVE, actions=tuple(migrate(n, target=target) for n in names))


def advised(
    *findings: Finding, verdict: Verdict | None = None, vms: tuple[VM, ...] = ()
) -> Verdict:
    return advise(picture(*vms), verdict or live(), Report(findings))


def test_a_migration_that_would_fail_is_a_reboot_with_the_reason_first() -> None:
    verdict = advised(REFUSED_THERE)
    assert (verdict.kind, verdict.reboots) == (REBOOT, ("web1",))
    assert verdict.reasons == (
        "the migration of web1 would fail: tcp on alpha: qemu+tcp://bravo/system cannot be "
        "reached: Connection refused; Pacemaker would then stop web1 and start it again",
    )
    assert not verdict.restarts("web1")


def test_on_fail_block_keeps_the_guest_running_where_it_is() -> None:
    verdict = advised(REFUSED_THERE, vms=(guarded("block"),))
    assert (verdict.kind, verdict.reboots) == (SIDE_EFFECTS, ())
    assert verdict.reasons[0].endswith(
        "; it would then be blocked, and web1 goes on running on alpha"
    )


@pytest.mark.parametrize("finding", [NO_CONFIG, OTHER_DISK])
def test_on_fail_of_migrate_to_does_not_help_a_guest_that_has_gone_over(finding: Finding) -> None:
    verdict = advised(finding, vms=(guarded("block"),))
    assert (verdict.kind, verdict.reboots) == (REBOOT, ("web1",))
    assert "blocked" not in verdict.reasons[0]


@pytest.mark.parametrize(
    ("on_fail", "said", "reboots"),
    [
        ("restart", "Pacemaker would then stop web1 and start it again", ("web1",)),
        ("ignore", "Pacemaker would then stop web1 on alpha all the same", ("web1",)),
        ("standby", "alpha would then be emptied, and web1 started elsewhere", ("web1",)),
        ("stop", "Pacemaker would then stop web1", ("web1",)),
        ("fence", "alpha would then be fenced, with all its guests", ("web1", "mate")),
    ],
)
def test_what_pacemaker_answers_is_said_and_counted(
    on_fail: str, said: str, reboots: tuple[str, ...]
) -> None:
    vms = (guarded(on_fail), vm("mate"), vm("far", "charlie"))
    verdict = advised(REFUSED_THERE, vms=vms)
    assert (verdict.kind, verdict.reboots) == (REBOOT, reboots)
    assert verdict.reasons[0].endswith(f"; {said}")


def test_every_reason_is_told_and_the_harm_before_the_rest() -> None:
    first, *others = advised(REFUSED_THERE, OTHER_DISK).reasons
    assert first.startswith("web1 would not come through unharmed: disks: vda: /dev/sdb")
    assert "its data is lost" in first
    assert others == [f"and by this: tcp on alpha: {REFUSED_THERE.seen}"]


@pytest.mark.parametrize(
    "finding",
    [
        replace(REFUSED_THERE, ways=(Way("alpha", "charlie"),)),
        replace(REFUSED_THERE, ways=(Way("bravo", "alpha"),)),
        replace(REFUSED_THERE, concerns=("web2",)),
        replace(NO_CONFIG, node="charlie"),
        replace(NO_CONFIG, vm="web2"),
        replace(REFUSED_THERE, effect=None),
        UNKNOWN,
        OFF,
    ],
    ids=[
        "to another node",
        "the way back",
        "of other VMs",
        "on a node aside",
        "another VM's",
        "no failure",
        "unknown",
        "what the scheduler says",
    ],
)
def test_what_is_not_on_its_way_changes_no_verdict(finding: Finding) -> None:
    assert advised(finding) == live()


def test_what_another_login_than_root_did_not_find_proves_nothing() -> None:
    login = Finding(Topic.NODE, "login", State.UNKNOWN, "asked as user 1000", node="bravo")
    assert advised(NO_CONFIG, login) == live()
    told = remarks(live(), Report((NO_CONFIG, login)))
    assert any("/vm/web1.xml is not there" in each for each in told)


def test_a_refusal_stays_one() -> None:
    refused = Verdict(("web1",), "bravo", REFUSED, ("no quorum",), (migrate(),))
    assert advised(REFUSED_THERE, verdict=refused) == refused


def test_a_guest_that_is_stopped_anyway_has_no_migration_that_fails() -> None:
    moved = Verdict(
        ("web1",),
        "bravo",
        REBOOT,
        ("x",),
        (Action(ActionKind.MOVE, "web1", "alpha", "bravo"),),
        ("web1",),
    )
    assert advised(REFUSED_THERE, NO_CONFIG, verdict=moved) == moved


def test_one_of_several_that_would_fail_makes_them_a_reboot_of_that_one() -> None:
    own = replace(REFUSED_THERE, concerns=("web2",))
    verdict = advised(own, verdict=live("web1", "web2"), vms=(vm(), vm("web2")))
    assert (verdict.kind, verdict.reboots) == (REBOOT, ("web2",))


def test_one_that_goes_along_is_counted_beside() -> None:
    verdict = replace(live(), kind=SIDE_EFFECTS, reasons=("also: mate",))
    verdict = replace(verdict, actions=(migrate(), migrate("mate")))
    own = replace(REFUSED_THERE, concerns=("mate",))
    told = advised(own, verdict=verdict, vms=(vm(), vm("mate")))
    assert (told.kind, told.reboots) == (SIDE_EFFECTS, ("mate",))
    assert told.reasons[-1] == "also: mate"


def test_a_confirmed_advice_allows_what_the_scheduler_alone_says() -> None:
    (move,) = confirmed(advised(REFUSED_THERE))
    assert move.allows(live())
    assert not Move("web1", "bravo", LIVE).allows(advised(REFUSED_THERE))


KINDS = st.sampled_from([LIVE, SIDE_EFFECTS, REBOOT])
FINDINGS = st.builds(
    Finding,
    st.sampled_from(Topic),
    st.sampled_from(["tcp", "config file", "disks", "login", "on-fail"]),
    st.sampled_from(State),
    st.just("seen"),
    node=st.sampled_from([None, "alpha", "bravo", "charlie"]),
    vm=st.sampled_from([None, "web1", "web2"]),
    effect=st.sampled_from([None, *Effect]),
    ways=st.lists(
        st.builds(
            Way,
            st.sampled_from([None, "alpha", "bravo"]),
            st.sampled_from([None, "bravo", "charlie"]),
        ),
        max_size=2,
    ).map(tuple),
)


@given(
    st.lists(FINDINGS, max_size=6),
    KINDS,
    st.sampled_from([None, "block", "fence", "ignore"]),
)
def test_an_advice_is_never_better_than_the_scheduler_s_word(
    findings: list[Finding], kind: VerdictKind, on_fail: str | None
) -> None:
    before = replace(live(), kind=kind, reboots=("mate",))
    vms = (replace(vm(), migrate_to_on_fail=on_fail), vm("mate"))
    after = advise(picture(*vms), before, Report(tuple(findings)))
    kinds = list(VerdictKind)
    assert kinds.index(after.kind) >= kinds.index(before.kind)
    assert set(after.reboots) >= set(before.reboots)
    assert after.reasons[len(after.reasons) - len(before.reasons) :] == before.reasons
    assert (after.actions, after.vms, after.node) == (before.actions, before.vms, before.node)
    assert (after != before) == bool(failures(Report(tuple(findings)), migrate()))


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (replace(NO_CONFIG, effect=None, seen="it differs"), "config file on bravo: it differs"),
        (Finding(Topic.STORAGE, "cache", State.WARNING, "old", "w", vm="web1"), "cache: old; w"),
        (UNKNOWN, "not known: ssh on alpha (no answer in time)"),
    ],
)
def test_lesser_findings_on_the_way_are_remarks(finding: Finding, said: str) -> None:
    (remark,) = remarks(live(), Report((finding,)))
    assert remark.startswith(said)


@pytest.mark.parametrize(
    "finding",
    [
        OFF,
        Finding(Topic.RESOURCE, "on-fail", State.WARNING, "not set", vm="web1"),
        Finding(Topic.RESOURCE, "timeout of migrate_to", State.UNKNOWN, "?", vm="web1"),
        Finding(Topic.RESOURCE, "fencing", State.WRONG, "fencing is off"),
        Finding(Topic.LIBVIRT, "authentication", State.WARNING, "none", node="bravo"),
        Finding(Topic.CPU, "cpu", State.OK, "fine", vm="web1"),
        replace(NO_CONFIG, effect=None, node="charlie"),
    ],
)
def test_what_the_plan_says_or_what_is_not_about_the_move_is_no_remark(finding: Finding) -> None:
    assert remarks(live(), Report((finding,))) == ()


def test_a_plan_has_the_doctor_s_words_behind_its_own() -> None:
    plan = make_plan(picture(), live())
    told = advise_plan(picture(), plan, Report((REFUSED_THERE, UNKNOWN), at=100.0), 101.0)
    assert (told.verdict.kind, told.commands, told.steps) == (REBOOT, plan.commands, plan.steps)
    assert told.warnings == (
        *plan.warnings,
        "the doctor: not known: ssh on alpha (no answer in time)",
    )
    assert told.reboots and not plan.reboots


@pytest.mark.parametrize(
    ("findings", "age_s", "told"),
    [
        ((REFUSED_THERE,), FRESH_S, False),
        ((REFUSED_THERE,), 12 * 60, True),
        ((UNKNOWN,), 12 * 60, True),
        ((), 12 * 60, False),
    ],
)
def test_an_old_word_is_told_with_its_age(
    findings: tuple[Finding, ...], age_s: float, told: bool
) -> None:
    plan = make_plan(picture(), live())
    after = advise_plan(picture(), plan, Report(findings, at=1000.0), 1000.0 + age_s)
    assert ("the doctor looked 12 minutes ago" in after.warnings) is told
