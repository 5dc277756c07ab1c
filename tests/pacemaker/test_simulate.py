"""The cluster's own scheduler, asked by the real script: every word of it is Pacemaker's."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest

from backends.data.errors import BadAnswer, CommandFailed
from backends.data.picture import CibVersion
from backends.data.plan import Action, ActionKind, Prediction
from backends.pacemaker import simulate
from pacemaker.cibs import cib, history, nvpairs, op, sample, vm
from waiting import until

LIVE = {"allow-migrate": "true"}
MIGRATE, MOVE = ActionKind.MIGRATE, ActionKind.MOVE
STICKY = nvpairs("meta_attributes", "sticky", {"resource-stickiness": "100"})


def ask(
    text: bytes, vms: Sequence[str], nodes: Sequence[str], temporary: Path | None = None
) -> dict[str, Prediction]:
    argv, stdin, version = simulate.batch(text, vms, nodes)
    environment = dict(os.environ) | ({"TMPDIR": str(temporary)} if temporary else {})
    done = subprocess.run(argv, input=stdin, capture_output=True, env=environment)
    return simulate.parse_batch(done.stdout, done.stderr, nodes, version)


def seen(actions: Sequence[Action] | None) -> list[tuple[ActionKind, str, str | None, str | None]]:
    return [(a.kind, a.resource, a.source, a.target) for a in actions or ()]


def at_home(
    *vms: str, constraints: str = "", rsc_defaults: str = STICKY, schema: str = "pacemaker-3.8"
) -> bytes:
    """VMs that run on alpha."""
    status = history(1, "alpha", **{name: [op(name, "start", 5)] for name in vms})
    for number, node in ((2, "bravo"), (3, "charlie")):
        probes = {name: [op(name, "monitor", 4, rc=7)] for name in vms}
        status += history(number, node, **probes)
    return cib(
        "".join(vm(name, LIVE) for name in vms),
        constraints=constraints,
        rsc_defaults=rsc_defaults,
        status=status,
        schema=schema,
    )


def location(name: str, resource: str, node: str, score: str) -> str:
    return f'<rsc_location id="{name}" rsc={quoteattr(resource)} node="{node}" score="{score}"/>'


def at_home_only(name: str, schema: str = "pacemaker-3.8") -> bytes:
    """A VM that is on alpha only because it likes it there a little."""
    home = location("home", name, "alpha", "50")
    return at_home(name, constraints=home, rsc_defaults="", schema=schema)


def assert_there_and_back(name: str, text: bytes) -> None:
    prediction = ask(text, [name], ["bravo"])["bravo"]
    assert seen(prediction.moved) == [(MIGRATE, name, "alpha", "bravo")]
    assert seen(prediction.cleared) == [(MIGRATE, name, "bravo", "alpha")]


@pytest.mark.lab
@pytest.mark.usefixtures("tools")
class TestTheScheduler:
    def test_a_live_move_is_exactly_one_migration_and_stays(self) -> None:
        prediction = ask(sample("cib-before"), ["vm1"], ["bravo", "charlie"])
        for node in ("bravo", "charlie"):
            assert seen(prediction[node].moved) == [(MIGRATE, "vm1", "alpha", node)]
            assert prediction[node].cleared == ()
            assert prediction[node].version == CibVersion(0, 15, 7)

    def test_without_allow_migrate_it_is_a_move(self) -> None:
        prediction = ask(sample("cib-before"), ["vm3"], ["alpha"])["alpha"]
        assert seen(prediction.moved) == [(MOVE, "vm3", "bravo", "alpha")]

    def test_a_ban_keeps_it_where_it_is(self) -> None:
        text = at_home("vm1", constraints=location("never", "vm1", "bravo", "-INFINITY"))
        prediction = ask(text, ["vm1"], ["bravo", "charlie"])
        assert seen(prediction["bravo"].moved) == []
        assert seen(prediction["charlie"].moved) == [(MIGRATE, "vm1", "alpha", "charlie")]

    def test_a_standby_node_takes_nothing(self) -> None:
        text = at_home("vm1").replace(
            b'uname="bravo"></node>',
            b'uname="bravo"><instance_attributes id="i"><nvpair id="n" name="standby" value="on"/>'
            b"</instance_attributes></node>",
        )
        assert seen(ask(text, ["vm1"], ["bravo"])["bravo"].moved) == []

    def test_without_stickiness_it_goes_home_when_the_constraint_is_cleared(self) -> None:
        assert_there_and_back("vm1", at_home_only("vm1"))
        home = location("home", "vm1", "alpha", "50")
        sticky = ask(at_home("vm1", constraints=home), ["vm1"], ["bravo"])["bravo"]
        assert sticky.cleared == ()

    def test_several_vms_at_once(self) -> None:
        prediction = ask(at_home("vm1", "vm2", "vm3"), ["vm1", "vm3"], ["bravo", "charlie"])
        assert sorted(seen(prediction["charlie"].moved)) == [
            (MIGRATE, "vm1", "alpha", "charlie"),
            (MIGRATE, "vm3", "alpha", "charlie"),
        ]

    def test_leftovers_of_an_earlier_move_are_gone_as_the_command_would_have_it(self) -> None:
        old = location("cli-ban-vm1-on-bravo", "vm1", "bravo", "-INFINITY") + location(
            "cli-prefer-vm1", "vm1", "alpha", "INFINITY"
        )
        prediction = ask(at_home("vm1", constraints=old), ["vm1"], ["bravo"])["bravo"]
        assert seen(prediction.moved) == [(MIGRATE, "vm1", "alpha", "bravo")]

    def test_leftovers_of_other_vms_stay(self) -> None:
        other = location("cli-prefer-vm2", "vm2", "alpha", "INFINITY")
        text = at_home("vm1", "vm2", constraints=other, rsc_defaults="")
        prediction = ask(text, ["vm1"], ["bravo"])["bravo"]
        assert [action.resource for action in prediction.moved] == ["vm1"]
        assert "vm2" not in {action.resource for action in prediction.cleared or ()}

    def test_what_depends_on_it_is_told(self) -> None:
        colocated = (
            '<rsc_colocation id="c" rsc="vm2" with-rsc="vm1" score="INFINITY"/>'
            '<rsc_order id="o" first="vm1" then="vm2"/>'
        )
        prediction = ask(at_home("vm1", "vm2", constraints=colocated), ["vm1"], ["bravo"])["bravo"]
        assert {action.resource for action in prediction.moved} == {"vm1", "vm2"}

    @pytest.mark.parametrize("name", ["vmü1", "仮想", "a.b-c_d", "ünï-cödé.1"])
    def test_names_beyond_ascii(self, name: str) -> None:
        assert_there_and_back(name, at_home_only(name))

    @pytest.mark.parametrize("name", ["a&b", "a<b", 'a"b', "$(reboot)", "%s", "-r", "a\\b"])
    def test_names_that_need_escaping(self, name: str) -> None:
        """Such ids pass only where the schema is switched off: they harm nothing there.

        Not a single quote, which crm_simulate itself stumbles over in its queries.
        """
        assert_there_and_back(name, at_home_only(name, schema="none"))

    def test_a_bad_cib_fails_with_the_words_of_the_tool(self) -> None:
        text = sample("cib-before").replace(b"pacemaker-3.8", b"pacemaker-99.9")
        with pytest.raises(CommandFailed, match="ended with 78: Invalid configuration"):
            ask(text, ["vm1"], ["bravo"])

    def test_nothing_is_left_behind(self, tmp_path: Path) -> None:
        before = in_memory()
        ask(sample("cib-before"), ["vm1"], ["bravo", "charlie"], tmp_path)
        since = in_memory() - before
        assert list(tmp_path.iterdir()) == []
        # Those of others, who simulate at the same time, go when they are answered.
        asyncio.run(until(lambda: not since & in_memory(), "nothing of it is left"))

    def test_a_signal_leaves_nothing_behind_either(self, tmp_path: Path) -> None:
        argv, stdin, _ = simulate.batch(sample("cib-before"), ["vm1"], ["bravo"] * 200)
        before = in_memory()
        with subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "TMPDIR": str(tmp_path)},
        ) as script:
            assert script.stdin is not None and script.stdout is not None
            script.stdin.write(stdin)
            script.stdin.close()
            assert script.stdout.readline(), "it simulates"
            since = in_memory() - before
            script.send_signal(signal.SIGTERM)
            script.stdout.read()
        assert since, "it keeps the state between the two in memory"
        asyncio.run(until(lambda: not since & in_memory(), "nothing of it is left"))


def in_memory() -> set[Path]:
    return set(Path("/dev/shm").glob("vmferry.*"))


def test_more_vms_and_nodes_than_a_command_line_holds() -> None:
    vms = [f"a-vm-with-quite-a-long-name-{number:03}" for number in range(200)]
    argv, stdin, _ = simulate.batch(at_home(*vms), vms, [f"node{n}" for n in range(32)])
    assert sum(map(len, argv)) < 4 << 10
    assert stdin.count(b"<rsc_location ") == 200 * 32


def test_the_real_sample_is_read() -> None:
    assert seen(simulate.parse_actions(sample("simulate-sim"))) == [
        (MIGRATE, "vm1", "alpha", "bravo"),
        (MOVE, "vm3", "bravo", "alpha"),
    ]


def test_a_cib_without_its_sections_cannot_be_simulated() -> None:
    with pytest.raises(BadAnswer, match="constraints"):
        simulate.batch(b'<cib admin_epoch="0" epoch="1" num_updates="1"/>', ["vm1"], ["a"])


def test_fencing_and_blocked_actions_are_told() -> None:
    text = (
        b'<pacemaker-result><actions><node_action task="Fence (reboot)" node="bravo" '
        b'reason="peer is no longer part of the cluster"/>'
        b'<rsc_action action="stop" resource="vm1" node="bravo" blocked="true"/>'
        b'<rsc_action action="frobnicate" resource="vm2" node="alpha"/>'
        b"</actions></pacemaker-result>"
    )
    fence, stop, odd = simulate.parse_actions(text)
    assert (fence.kind, fence.source) == (ActionKind.FENCE, "bravo")
    assert str(fence) == "fence bravo"
    assert (stop.kind, stop.target) == (ActionKind.STOP, None)
    assert "blocked" in (stop.reason or "")
    assert odd.kind is ActionKind.OTHER


@pytest.mark.parametrize(
    ("attributes", "action", "reason"),
    [
        ('action="start" node="bravo"', "start vm1 on bravo", None),
        ('action="migrate" source="alpha" dest="bravo"', "migrate vm1 from alpha to bravo", None),
        (
            'action="move" source="alpha" dest="bravo" reason="unrunnable ip stop"',
            "move vm1 from alpha to bravo",
            "ip must be stopped first",
        ),
        (
            'action="stop" node="alpha" reason="unrunnable ip start"',
            "stop vm1 on alpha",
            "ip cannot be started",
        ),
        (
            'action="stop" node="alpha" blocked="true" reason="unrunnable ip stop"',
            "stop vm1 on alpha (blocked: ip cannot be stopped)",
            "blocked: ip cannot be stopped",
        ),
        (
            'action="restart" node="alpha" reason="required ip start"',
            "restart vm1 on alpha",
            "ip must be started first",
        ),
        (
            'action="stop" node="alpha" reason="node availability"',
            "stop vm1 on alpha",
            "no node may run it",
        ),
        ('action="frobnicate" node="alpha"', "change vm1 on alpha", None),
        ('action="reload" node="alpha" reason="a word of its own"', "reload vm1 on alpha",
         "a word of its own"),
    ],
)  # fmt: skip
def test_what_the_scheduler_says_reads_as_plain_english(
    attributes: str, action: str, reason: str | None
) -> None:
    text = f'<pacemaker-result><actions><rsc_action resource="vm1" {attributes}/></actions>'
    (found,) = simulate.parse_actions(f"{text}</pacemaker-result>".encode())
    assert (str(found), found.reason) == (action, reason)


def test_an_answer_for_fewer_nodes_is_no_answer_and_says_what_was_said() -> None:
    with pytest.raises(BadAnswer, match="No space left"):
        simulate.parse_batch(b"", b"mktemp: No space left on device", ["a"], CibVersion(0, 0, 0))
