"""The simulated cluster: a state, and the laws by which time changes it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from backends.clusters.base import Answer
from backends.clusters.simulated import commands, faults, load, operations, scheduler
from backends.clusters.simulated.census import populate
from backends.clusters.simulated.decisions import Decisions
from backends.clusters.simulated.painter import Painter
from backends.clusters.simulated.scheduler import Wishes
from backends.clusters.simulated.state import Guest, State
from backends.data.picture import Cluster, Stale
from backends.data.plan import Action, ActionKind, Prediction

TICK_S = 0.25
"""Time goes on in such steps, however it is asked for: the outcome never depends on that."""

Script = Iterator[float]
"""What happens by itself: each item is how many seconds to wait before the next."""


class World:
    """One cluster in memory. The same seed and the same commands give the same pictures."""

    def __init__(self, state: State, script: Script | None = None, *, decided: bool = True) -> None:
        self.state = state
        self._script = script
        self._script_at = state.now
        self._tick = 0
        self._owed_s = 0.0
        self._painter = Painter()
        self.decisions = Decisions()
        if decided:
            self._settle()

    @classmethod
    def of(cls, nodes: int = 4, vms: int = 16, seed: int = 1, now: float = 0.0) -> World:
        """A settled world in which nothing happens by itself."""
        return cls(populate(nodes, vms, seed, now))

    def play(self, script: Script) -> None:
        """Let a script act on the world from now on."""
        self._script, self._script_at = script, self.state.now

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self.state.busy)

    def guest(self, vm: str) -> Guest:
        return self.state.guests[vm]

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._owed_s += seconds
        while self._owed_s >= TICK_S - 1e-9:
            self._owed_s -= TICK_S
            self._step()

    def _step(self) -> None:
        state = self.state
        state.now += TICK_S
        self._tick += 1
        self._run_script()
        self._expire()
        if state.unsettled:
            self._settle()
        operations.step(state, TICK_S)
        faults.step(state)
        load.step(state, self._tick)
        self.decisions.note(state)

    def _settle(self) -> None:
        self.decisions.note(self.state)
        operations.settle(self.state)

    def live_through(self, script: Script) -> None:
        """Let all of it have happened; between its acts time flies once nothing is under way."""
        for pause in script:
            end = self.state.now + pause
            while self.state.now < end and self._restless:
                self._step()
            self.state.now = max(self.state.now, end)

    @property
    def _restless(self) -> bool:
        state = self.state
        nodes = any(host.next_at is not None for host in state.hosts.values())
        return self.busy or state.unsettled or nodes

    def _run_script(self) -> None:
        while self._script is not None and self.state.now >= self._script_at:
            pause = next(self._script, None)
            if pause is None:
                self._script = None
            else:
                self._script_at = self.state.now + pause

    def _expire(self) -> None:
        state = self.state
        for constraint in state.constraints:
            end = constraint.expires_at
            if end is not None and state.now - TICK_S < end <= state.now:
                state.unsettled = True

    def picture(self) -> Cluster:
        """What is to be seen now."""
        return self._painter.paint(self.state)

    def execute(self, argv: Sequence[str], node: str | None = None, user: str = "root") -> Answer:
        """Carry out a command as somebody with a shell on that node would."""
        return commands.execute(self.state, argv, node, user)

    def predict(self, vms: Sequence[str], node: str, kept: Collection[str] = ()) -> Prediction:
        """What moving these VMs there would do, and what removing the constraints then would, but
        for those that are kept."""
        now = scheduler.present(self.state)
        constraints = list(now.constraints)
        for vm in vms:
            constraints = commands.moved(constraints, commands.prefer(vm, node))
        idle = scheduler.decide(self.state, now)
        actions = scheduler.decide(self.state, Wishes(now.places, constraints))
        moved = tuple(action for action in actions if action not in idle)
        places = {**now.places, **{a.resource: a.target for a in actions}}
        left = [c for c in constraints if c.vm not in vms or c.id in kept]
        back = scheduler.decide(self.state, Wishes(_of_vms(places, now.places), left))
        cleared = tuple(
            action
            for action in back
            if action not in idle and action.kind is not ActionKind.RECOVER
        )
        return Prediction(moved, cleared, self.state.version)

    def foresee(self, argvs: Iterable[Sequence[str]]) -> tuple[Action, ...]:
        """What would happen once these commands had been carried out."""
        state, argvs = self.state, list(argvs)
        if argvs:
            state = state.kept()
        for argv in argvs:
            commands.execute(state, argv)
        now = scheduler.present(state)
        return (*scheduler.under_way(state, now), *scheduler.decide(state, now))

    def scores(self) -> dict[str, dict[str, int]]:
        """The scheduler's scores, by VM and node."""
        return scheduler.scores(self.state)

    def end_copy_well(self, vm: str) -> None:
        """As if the copy that has failed had ended well: its arrival is what is missing."""
        operations.end_copy_well(self.state, self.guest(vm))

    def fail_next_migration(self, vm: str) -> None:
        """The next live migration of this VM breaks off in the middle."""
        self.guest(vm).fails_next = True

    def kill(self, node: str) -> None:
        """Cut the node's power."""
        faults.kill(self.state, node)

    def boot(self, node: str) -> None:
        """Switch a killed node on again."""
        faults.boot(self.state, node)

    def stop_libvirt(self, node: str) -> None:
        """Stop the node's libvirt; its guests run on."""
        faults.stop_libvirt(self.state, node)

    def start_libvirt(self, node: str) -> None:
        """Start it again."""
        faults.start_libvirt(self.state, node)

    def stop_pacemaker_answers(self, reason: str) -> None:
        """From now on nobody answers for Pacemaker."""
        self.state.pacemaker_stale = Stale("pacemaker", None, self.state.now, reason)

    def resume_pacemaker_answers(self) -> None:
        """It answers again."""
        self.state.pacemaker_stale = None


def _of_vms(
    places: Mapping[str, str | None], known: Mapping[str, str | None]
) -> dict[str, str | None]:
    """Without the services, which have no place of their own."""
    return {vm: places[vm] for vm in known}
