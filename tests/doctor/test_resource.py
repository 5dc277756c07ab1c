"""What the cluster is told of its VMs, and of itself."""

from __future__ import annotations

import pytest

from backends.data.examination import Output, State
from backends.data.picture import Cluster, Node, NodeState
from backends.data.plan import Action, ActionKind, Prediction
from backends.doctor import cluster, config_file, dependencies, fencing, resource, timeouts
from backends.doctor.configuration import Resource, parse_configuration
from doctor.cases import GiB, found, make, only, vm
from doctor.cases import resource as configured

FENCING = Resource("fence", "stonith:fence_ipmilan")
LINKS = {"*": {"link speeds": "alpha 10000\nbravo 10000\n"}}


class TestAllowMigrate:
    def test_allowed(self) -> None:
        assert only(resource.judge, make(), "allow-migrate").state is State.OK

    @pytest.mark.parametrize(
        ("meta", "seen"), [({}, "is not set"), ({"allow-migrate": "no"}, "is no")]
    )
    def test_not_allowed_is_a_warning_with_a_command(self, meta: dict[str, str], seen: str) -> None:
        case = make(vms=[(vm(), configured(meta=meta))])
        finding = only(resource.judge, case, "allow-migrate")
        assert finding.state is State.WARNING and seen in finding.seen
        assert finding.cures[0].command is not None and not finding.cures[0].restarts


class TestTransportParameter:
    @pytest.mark.parametrize("name", ["tcp", "ssh", "tls", "libssh2"])
    def test_known(self, name: str) -> None:
        own = configured(parameters={"migration_transport": name})
        finding = only(resource.judge, make(vms=[(vm(), own)]), "migration_transport")
        assert finding.state is State.OK

    def test_unset_means_tls(self) -> None:
        own = configured(parameters={})
        finding = only(resource.judge, make(vms=[(vm(), own)]), "migration_transport")
        assert finding.state is State.OK and "TLS" in finding.seen

    def test_a_misspelt_one_is_wrong_and_its_cure_says_that_it_restarts(self) -> None:
        own = configured(parameters={"migration_transport": "shh"})
        finding = only(resource.judge, make(vms=[(vm(), own)]), "migration_transport")
        assert finding.state is State.WRONG
        assert [cure.restarts for cure in finding.cures] == [True]


@pytest.mark.parametrize(
    ("role", "states"),
    [("Started", []), ("Stopped", [State.NOT_USED]), ("Slave", [State.WARNING])],
)
def test_target_role(role: str, states: list[State]) -> None:
    own = configured(meta={"allow-migrate": "true", "target-role": role})
    case = make(vms=[(vm(), own)])
    assert [state for state, _, _ in found(resource.judge, case, "target-role")] == states


def test_what_is_not_recorded_while_it_goes_on_is_a_warning() -> None:
    told = {"migrate_to": {"record-pending": "false"}, "stop": {"record-pending": "true"}}
    case = make(vms=[(vm(), configured(operations=told))])
    finding = only(resource.judge, case, "record-pending")
    assert finding.state is State.WARNING and finding.seen.endswith("false for migrate_to")
    assert found(resource.judge, make(), "record-pending") == []


def test_an_agent_that_looks_like_a_vm_is_named() -> None:
    case = make(others=[Resource("dom", "ocf:heartbeat:Xen"), FENCING])
    finding = only(resource.judge, case, "agent")
    assert finding.state is State.WARNING and "dom is run by ocf:heartbeat:Xen" in finding.seen


def test_a_cluster_without_vms() -> None:
    assert only(resource.judge, make(vms=()), "agent").state is State.NOT_USED


def test_utilization_counts_only_where_pacemaker_looks_at_it() -> None:
    assert only(resource.judge, make(), "utilization").state is State.NOT_USED
    case = make(options={"placement-strategy": "balanced"})
    assert found(resource.judge, case, "utilization") == [
        (State.WARNING, "alpha", None),
        (State.WARNING, "bravo", None),
        (State.WARNING, None, "web1"),
    ]


class TestTimeouts:
    def case(self, timeout: str | None, memory_gib: float = 8, speed: str = "") -> State:
        parameters = {"migration_transport": "tcp", **({"migration_speed": speed} if speed else {})}
        operations = {"migrate_to": {"timeout": timeout} if timeout else {}}
        own = configured(parameters=parameters, operations=operations)
        case = make(LINKS, vms=[(vm(memory_bytes=int(memory_gib * GiB)), own)])
        return only(timeouts.judge, case, "timeout of migrate_to").state

    @pytest.mark.parametrize(
        ("timeout", "memory_gib", "speed", "state"),
        [
            ("120s", 8, "", State.OK),
            ("2min", 8, "", State.OK),
            ("5s", 8, "", State.WRONG),
            ("10s", 8, "", State.WARNING),
            ("60s", 8, "32", State.WRONG),
            ("600s", 8, "32", State.OK),
            (None, 64, "", State.WRONG),
            (None, 4, "", State.OK),
        ],
    )
    def test_the_copy_must_fit_into_the_timeout(
        self, timeout: str | None, memory_gib: float, speed: str, state: State
    ) -> None:
        assert self.case(timeout, memory_gib, speed) is state

    def test_the_cure_is_a_timeout_that_would_do(self) -> None:
        own = configured(operations={"migrate_to": {"id": "op7", "timeout": "5s"}})
        case = make(LINKS, vms=[(vm(memory_bytes=200 * GiB), own)])
        (cure,) = only(timeouts.judge, case, "timeout of migrate_to").cures
        assert cure.command is not None
        assert 'id="op7"' in cure.command.argv[-1] and 'timeout="690s"' in cure.command.argv[-1]

    @pytest.mark.parametrize(
        ("memory", "links"), [(None, "bravo 10000\n"), (GiB, "bravo -1\n"), (GiB, "")]
    )
    def test_what_is_not_known_is_not_judged(self, memory: int | None, links: str) -> None:
        case = make({"*": {"link speeds": links}}, vms=[(vm(memory_bytes=memory), configured())])
        assert only(timeouts.judge, case, "timeout of migrate_to").state is State.UNKNOWN

    def test_the_slowest_link_counts(self) -> None:
        links = "bravo 10000\ncharlie 100\n"
        own = configured(operations={"migrate_to": {"timeout": "120s"}})
        case = make(
            {"alpha": {"link speeds": links}},
            nodes=["alpha", "bravo", "charlie"],
            vms=[(vm(memory_bytes=8 * GiB), own)],
        )
        assert only(timeouts.judge, case, "timeout of migrate_to").state is State.WRONG

    def test_migrate_from_on_the_default_is_a_warning(self) -> None:
        finding = only(timeouts.judge, make(LINKS), "timeout of migrate_from")
        assert finding.state is State.WARNING
        own = configured(operations={"migrate_from": {"timeout": "60s"}})
        case = make(LINKS, vms=[(vm(), own)])
        assert found(timeouts.judge, case, "timeout of migrate_from") == []

    @pytest.mark.parametrize(
        ("on_fail", "state"),
        [
            (None, State.WARNING),
            ("restart", State.WARNING),
            ("block", State.OK),
            ("ignore", State.WRONG),
            ("fence", State.WARNING),
            ("stop", State.WARNING),
        ],
    )
    def test_on_fail(self, on_fail: str | None, state: State) -> None:
        operations = {"migrate_to": {"on-fail": on_fail} if on_fail else {}}
        case = make(LINKS, vms=[(vm(), configured(operations=operations))])
        finding = only(timeouts.judge, case, "on-fail")
        assert finding.state is state
        assert bool(finding.cures) is (state is not State.OK)

    def test_a_vm_that_never_migrates_needs_no_time(self) -> None:
        assert found(timeouts.judge, make(vms=[(vm(), configured(meta={}))])) == []


class TestConfigFile:
    FILE = "/vm/web1.xml"

    def sums(
        self, home: str = "alpha", **texts: str | None
    ) -> list[tuple[State, str | None, str | None]]:
        outputs = {
            node: {"config files": f"{text}  {self.FILE}\n" if text else ""}
            for node, text in texts.items()
        }
        case = make(outputs, nodes=list(texts), vms=[(vm(node=home), configured())])
        return found(config_file.judge, case)

    def test_equal(self) -> None:
        assert self.sums(alpha="1", bravo="1") == [(State.OK, None, "web1")]

    def test_missing(self) -> None:
        assert self.sums(alpha="1", bravo=None) == [(State.WRONG, "bravo", "web1")]

    def test_missing_everywhere(self) -> None:
        assert len(self.sums(alpha=None, bravo=None)) == 2

    def test_the_odd_one_is_wrong(self) -> None:
        assert self.sums(alpha="1", bravo="2", charlie="2") == [(State.WRONG, "alpha", "web1")]

    def test_of_two_the_one_where_it_does_not_run_is_wrong(self) -> None:
        assert self.sums(alpha="1", bravo="2") == [(State.WRONG, "bravo", "web1")]
        assert self.sums(alpha="1", bravo="2", home="bravo") == [(State.WRONG, "alpha", "web1")]

    def test_no_answer_is_unknown(self) -> None:
        case = make({"alpha": {"config files": f"1  {self.FILE}"}, "bravo": {}})
        assert (State.UNKNOWN, "bravo", None) in found(config_file.judge, case)

    def test_names_that_sha256sum_escapes(self) -> None:
        assert config_file.sums("\\abc  /vm/a\\\\b\\nc\n") == {"/vm/a\\b\nc": "abc"}


class TestCluster:
    def test_fencing(self) -> None:
        assert only(fencing.judge, make(others=[FENCING]), "fencing").state is State.OK
        off = make(others=[FENCING], options={"stonith-enabled": "false"})
        assert only(fencing.judge, off, "fencing").state is State.WRONG
        renamed = make(others=[FENCING], options={"fencing-enabled": "false"})
        assert only(fencing.judge, renamed, "fencing").state is State.WRONG
        assert only(fencing.judge, make(), "fencing").state is State.WRONG

    @pytest.mark.parametrize(
        ("option", "value", "state"),
        [
            ("stonith-watchdog-timeout", "10", State.OK),
            ("stonith-watchdog-timeout", "10s", State.OK),
            ("stonith-watchdog-timeout", "-1", State.OK),
            ("fencing-watchdog-timeout", "10s", State.OK),
            ("stonith-watchdog-timeout", "0", State.WRONG),
            ("stonith-watchdog-timeout", "0s", State.WRONG),
        ],
    )
    def test_fencing_by_watchdog(self, option: str, value: str, state: State) -> None:
        """As sbd without disks has it; pcs and crmsh write the timeout with its unit."""
        assert only(fencing.judge, make(options={option: value}), "fencing").state is state

    @pytest.mark.parametrize(
        ("quorum", "policy", "state"),
        [
            (True, "stop", State.OK),
            (True, "ignore", State.WARNING),
            (False, "stop", State.WRONG),
            (None, "stop", State.UNKNOWN),
        ],
    )
    def test_quorum(self, quorum: bool | None, policy: str, state: State) -> None:
        case = make(picture=Cluster(quorum=quorum), options={"no-quorum-policy": policy})
        assert only(cluster.judge, case, "quorum").state is state

    def test_migration_limit(self) -> None:
        assert only(cluster.judge, make(), "migration-limit").state is State.WARNING
        case = make(picture=Cluster(migration_limit=2))
        assert only(cluster.judge, case, "migration-limit").state is State.OK

    def test_maintenance(self) -> None:
        case = make(picture=Cluster(maintenance=True))
        assert only(cluster.judge, case, "maintenance").state is State.WARNING


class TestDependencies:
    MIGRATES = Prediction((Action(ActionKind.MIGRATE, "web1", "alpha", "bravo"),))
    RESTARTS = Prediction(
        (
            Action(ActionKind.MOVE, "web1", "alpha", "bravo", "ip must be started first"),
            Action(ActionKind.MOVE, "ip", "alpha", "bravo"),
        )
    )

    def test_only_vms_that_depend_on_something_are_asked_about(self) -> None:
        assert dependencies.to_ask(make()) == {}
        assert dependencies.to_ask(make(dependent=["web1"])) == {"web1": ("bravo",)}
        standby = Node("bravo", "2", NodeState.STANDBY)
        case = make(dependent=["web1"], nodes=["alpha", standby, "charlie"])
        assert dependencies.to_ask(case) == {"web1": ("charlie",)}

    def test_one_that_migrates(self) -> None:
        case = make(dependent=["web1"], predictions={"web1": {"bravo": self.MIGRATES}})
        assert only(dependencies.judge, case, "dependencies").state is State.OK

    def test_one_that_would_be_restarted(self) -> None:
        case = make(dependent=["web1"], predictions={"web1": {"bravo": self.RESTARTS}})
        finding = only(dependencies.judge, case, "dependencies")
        assert finding.state is State.WARNING
        assert "bravo" in finding.seen and "together with ip" in finding.seen

    def test_a_scheduler_that_did_not_say(self) -> None:
        finding = only(dependencies.judge, make(dependent=["web1"]), "dependencies")
        assert finding.state is State.UNKNOWN


def test_the_configuration_is_read_with_its_templates_groups_clones_and_defaults() -> None:
    found = parse_configuration(b"""\
<cib admin_epoch="0" epoch="1" num_updates="0"><configuration>
  <crm_config><cluster_property_set id="o">
    <nvpair id="a" name="stonith-enabled" value="true"/></cluster_property_set></crm_config>
  <nodes><node id="1" uname="alpha"><utilization id="u">
    <nvpair id="b" name="hv_memory" value="4096"/></utilization></node></nodes>
  <resources>
    <template id="t" class="ocf" provider="heartbeat" type="VirtualDomain">
      <operations><op id="t-to" name="migrate_to" interval="0" timeout="300s"/></operations>
    </template>
    <group id="g"><primitive id="ip" class="ocf" provider="heartbeat" type="IPaddr2"/>
      <primitive id="web1" template="t"><instance_attributes id="i">
        <nvpair id="c" name="config" value="/vm/web1.xml"/></instance_attributes></primitive>
    </group>
    <clone id="drbd-clone"><meta_attributes id="m">
        <nvpair id="d" name="promoted-max" value="2"/></meta_attributes>
      <primitive id="drbd" class="ocf" provider="linbit" type="drbd"/></clone>
    <primitive id="web2" template="t"/>
    <primitive id="free" template="t"/>
  </resources>
  <constraints><rsc_order id="x" first="drbd-clone" then="web2"/></constraints>
  <op_defaults><meta_attributes id="p"><nvpair id="e" name="on-fail" value="block"/>
  </meta_attributes></op_defaults>
</configuration><status/></cib>""")
    web1 = found.resources["web1"]
    assert web1.is_vm and web1.group == "g" and web1.config == "/vm/web1.xml"
    assert web1.operations["migrate_to"]["timeout"] == "300s"
    assert web1.operations["migrate_to"]["on-fail"] == "block"
    assert found.resources["drbd"].meta["promoted-max"] == "2"
    assert found.resources["drbd"].clone == "drbd-clone"
    assert found.dependent == {"web1", "web2"}
    assert found.node_utilization == {"alpha": {"hv_memory": "4096"}}
    assert [each.id for each in found.of_agent("ocf:linbit:drbd")] == ["drbd"]


def test_an_output_that_failed_is_not_one_that_answered() -> None:
    assert Output(3).answered and not Output(3).ok
    assert not Output().answered
