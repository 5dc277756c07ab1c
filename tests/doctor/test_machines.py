"""CPU, machine type, emulator and memory."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.data.examination import Effect, Output, Probe, State, Way
from backends.data.picture import Node, NodeState
from backends.doctor import cpu, memory
from backends.doctor.case import Case
from backends.doctor.shared import domain
from backends.doctor.shared import probes as shared_probes
from doctor.cases import GiB, Text, found, make, only, resource, vm

# `virsh dumpxml` and `virsh capabilities` of libvirt 9.0, cut down to what is read.
DOMAIN = """\
<domain type='kvm' id='3'>
  <name>web1</name>
  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>
  <cpu mode='custom' match='exact' check='full'>
    <model fallback='forbid'>EPYC-Rome</model>
    <feature policy='require' name='x2apic'/>
  </cpu>
  <devices><emulator>/usr/bin/qemu-system-x86_64</emulator></devices>
</domain>

"""
PASSTHROUGH = DOMAIN.replace("mode='custom' match='exact'", "mode='host-passthrough'").replace(
    "<model fallback='forbid'>EPYC-Rome</model>", ""
)
CAPABILITIES = """\
<capabilities><host><uuid>1</uuid><cpu><arch>x86_64</arch><model>EPYC-Rome</model>
<vendor>AMD</vendor><feature name='vaes'/></cpu></host>
<guest><os_type>hvm</os_type><arch name='x86_64'>
<emulator>/usr/bin/qemu-system-x86_64</emulator>
<machine canonical='pc-q35-7.2' maxCpus='288'>q35</machine><machine>pc-i440fx-7.2</machine>
<domain type='qemu'/><domain type='kvm'/></arch></guest></capabilities>
"""
INCOMPATIBLE = Output(
    1,
    "",
    "error: Failed to compare hypervisor CPU with /dev/stdin\n"
    "error: the CPU is incompatible with host CPU: Host CPU does not provide required features: "
    "avx512f, hle\n",
)
SUPERSET = "The CPU provided by hypervisor on the host is a superset of CPU described in /dev/stdin"


def compared(case: Case, node: str) -> Probe:
    (probe,) = [each for each in cpu.further_probes(case, node) if each.name.startswith("cpu")]
    return probe


def machines(
    bravo: Text = SUPERSET, domain: str = DOMAIN, **changed: Text
) -> tuple[Case, list[tuple[State, str | None, str | None]]]:
    """web1 runs on alpha and would go to bravo, of which `changed` is told."""
    first: dict[str, dict[str, Text]] = {
        "alpha": {"domains": domain, "capabilities": CAPABILITIES},
        "bravo": {"domains": "", "capabilities": CAPABILITIES},
    }
    asked = list(cpu.further_probes(make(first), "bravo"))
    first["bravo"].update({p.name: bravo for p in asked if p.name.startswith("cpu ")})
    first["bravo"]["emulators"] = "/usr/bin/qemu-system-x86_64\n"
    first["bravo"].update(changed)
    case = make(first)
    return case, found(cpu.judge, case)


class TestCpu:
    def test_one_that_can_run_there(self) -> None:
        assert machines()[1] == [(State.OK, None, "web1")]

    def test_the_cpu_that_it_has_is_compared_where_it_would_go(self) -> None:
        case = make({"alpha": {"domains": DOMAIN}, "bravo": {}})
        script = compared(case, "bravo").script
        assert "EPYC-Rome" in script and "x2apic" in script
        assert "--virttype kvm" in script and "--machine pc-q35-7.2" in script
        assert not list(cpu.further_probes(case, "alpha"))

    def test_guests_of_one_kind_are_compared_once(self) -> None:
        other = DOMAIN.replace("web1", "web2")
        pairs = [(vm(), resource()), (vm("web2"), resource("web2"))]
        case = make({"alpha": {"domains": DOMAIN + other}}, vms=pairs)
        assert compared(case, "bravo").name

    def test_one_that_cannot_run_there_says_what_is_lacking(self) -> None:
        case, findings = machines(INCOMPATIBLE)
        assert findings == [(State.WRONG, "bravo", "web1")]
        assert "avx512f, hle" in only(cpu.judge, case, "cpu").seen

    @pytest.mark.parametrize("output", [Output(), Output(1, "", "error: unknown command")])
    def test_a_comparison_that_fails_is_unknown(self, output: Output) -> None:
        assert machines(output)[1] == [(State.UNKNOWN, "bravo", "web1")]

    def test_of_a_machine_type_that_is_not_there_the_cpu_is_not_compared(self) -> None:
        older = CAPABILITIES.replace("pc-q35-7.2", "pc-q35-6.0")
        refused = Output(
            1, "", "error: invalid argument: the machine 'pc-q35-7.2' is not supported"
        )
        _, told = machines(refused, capabilities=older)
        assert told == [(State.WRONG, "bravo", "web1")]

    def test_a_machine_type_that_is_not_there(self) -> None:
        case, _ = machines(capabilities=CAPABILITIES.replace("7.2", "6.2"))
        assert only(cpu.judge, case, "machine type").node == "bravo"

    def test_no_kvm_there(self) -> None:
        case, _ = machines(capabilities=CAPABILITIES.replace("<domain type='kvm'/>", ""))
        assert only(cpu.judge, case, "virtualisation").state is State.WRONG

    def test_another_emulator(self) -> None:
        assert machines(emulators="")[1] == [(State.WRONG, "bravo", "web1")]

    @pytest.mark.parametrize(
        ("case", "effect"),
        [
            (machines(INCOMPATIBLE)[0], Effect.SENDING_FAILS),
            (machines(capabilities=CAPABILITIES.replace("7.2", "6.2"))[0], Effect.SENDING_FAILS),
            (machines(emulators="")[0], Effect.SENDING_FAILS),
            (
                machines(
                    domain=PASSTHROUGH,
                    capabilities=CAPABILITIES.replace("<feature name='vaes'/>", ""),
                )[0],
                Effect.HARMS,
            ),
            (machines()[0], None),
        ],
    )
    def test_what_becomes_of_a_migration_there(self, case: Case, effect: Effect | None) -> None:
        (finding,) = cpu.judge(case)
        assert finding.effect is effect
        assert finding.meets("web1", "alpha", "bravo")
        assert finding.meets("web1", "alpha", "charlie") is (effect is None)

    def test_the_host_s_own_cpu_on_equal_hosts(self) -> None:
        assert machines(domain=PASSTHROUGH)[1] == [(State.OK, None, "web1")]

    def test_the_host_s_own_cpu_on_one_that_lacks_something(self) -> None:
        less = CAPABILITIES.replace("<feature name='vaes'/>", "")
        case, findings = machines(domain=PASSTHROUGH, capabilities=less)
        assert findings == [(State.WRONG, "bravo", "web1")]
        assert "lacks vaes" in only(cpu.judge, case, "cpu").seen

    def test_the_host_s_own_cpu_on_one_that_has_more_is_a_warning(self) -> None:
        more = CAPABILITIES.replace("<feature", "<feature name='avx512f'/><feature")
        assert machines(domain=PASSTHROUGH, capabilities=more)[1] == [
            (State.WARNING, "bravo", "web1")
        ]

    @pytest.mark.parametrize(("stepping", "state"), [("0", State.WARNING), ("7", State.WRONG)])
    def test_one_cpu_under_two_names_is_a_warning(self, stepping: str, state: State) -> None:
        """A newer libvirt knows a model by its own name that was another one's with features."""
        signed = CAPABILITIES.replace(
            "<vendor>", "<signature family='23' model='49' stepping='{}'/><vendor>"
        )
        renamed = signed.format(stepping).replace("EPYC-Rome", "EPYC-Rome-v4")
        first = signed.format("0")
        outputs: dict[str, dict[str, Text]] = {
            "alpha": {"domains": PASSTHROUGH, "capabilities": first},
            "bravo": {
                "capabilities": renamed.replace("<feature name='vaes'/>", ""),
                "emulators": "/usr/bin/qemu-system-x86_64\n",
            },
        }
        assert only(cpu.judge, make(outputs), "cpu").state is state

    def test_no_answer_from_where_it_runs_is_unknown(self) -> None:
        case = make({"alpha": {"domains": Output()}, "bravo": {}})
        assert found(cpu.judge, case) == [(State.UNKNOWN, "alpha", "web1")]

    def test_a_domain_with_another_name_than_its_vm_is_found_by_its_config_file(self) -> None:
        pairs = [(replace(vm("shop"), domain=None), resource("shop"))]
        asked = [p.name for p in shared_probes(make(vms=pairs), "alpha")]
        assert "domain names" in asked
        outputs: dict[str, dict[str, Text]] = {
            "alpha": {"domains": DOMAIN, "domain names": "/vm/shop.xml\nweb1\n"}
        }
        assert domain(make(outputs, vms=pairs), "shop") is not None
        assert "domain names" not in [p.name for p in shared_probes(make(), "alpha")]

    @given(st.text(max_size=200))
    def test_whatever_virsh_prints(self, text: str) -> None:
        case = make({"alpha": {"domains": DOMAIN + text}})
        assert domain(case, "web1") is not None
        list(cpu.judge(case))


def meminfo(gib: float) -> str:
    kib = int(gib * GiB) >> 10
    return f"MemTotal:       {kib * 2} kB\nMemFree:  17 kB\nMemAvailable:   {kib} kB\n"


class TestMemory:
    def room(self, needs_gib: float | None, **free: float) -> Case:
        size = int(needs_gib * GiB) if needs_gib is not None else None
        outputs = {node: {"memory": meminfo(gib)} for node, gib in free.items()}
        return make(outputs, nodes=list(free), vms=[(vm(memory_bytes=size), resource())])

    def test_it_fits_everywhere(self) -> None:
        case = self.room(4, alpha=0, bravo=5, charlie=5)
        assert only(memory.judge, case, "room").state is State.OK

    def test_it_fits_not_everywhere(self) -> None:
        finding = only(memory.judge, self.room(4, alpha=9, bravo=5, charlie=3), "room")
        assert finding.state is State.WARNING
        assert "charlie has 3.0 GiB" in finding.seen and "bravo" not in finding.seen
        assert finding.ways == (Way(target="charlie"),)

    def test_it_fits_nowhere(self) -> None:
        finding = only(memory.judge, self.room(4, alpha=9, bravo=1), "room")
        assert finding.state is State.WRONG

    def test_unknown_sizes(self) -> None:
        assert only(memory.judge, self.room(None, alpha=9, bravo=1), "room").state is State.UNKNOWN
        case = make({"alpha": {"memory": "nonsense"}, "bravo": {"memory": meminfo(4)}})
        assert (State.UNKNOWN, "alpha", None) in found(memory.judge, case, "room")

    def test_a_size_that_only_the_domain_says(self) -> None:
        xml = DOMAIN.replace("<os>", f"<memory unit='KiB'>{4 * GiB >> 10}</memory><os>")
        outputs: dict[str, dict[str, Text]] = {
            "alpha": {"memory": meminfo(9), "domains": xml},
            "bravo": {"memory": meminfo(1)},
        }
        case = make(outputs, vms=[(vm(memory_bytes=None), resource())])
        assert "4.0 GiB needed" in only(memory.judge, case, "room").seen
        assert only(memory.judge, case, "loss of the node").concerns == ("web1",)

    def test_the_loss_of_a_node_with_room_for_all(self) -> None:
        pairs = [(vm(f"vm{n}", memory_bytes=3 * GiB), resource(f"vm{n}")) for n in range(2)]
        outputs = {"*": {"memory": meminfo(4)}}
        case = make(outputs, nodes=["alpha", "bravo", "charlie"], vms=pairs)
        assert found(memory.judge, case, "loss of the node") == [(State.OK, "alpha", None)]

    def test_the_loss_of_a_node_without(self) -> None:
        pairs = [(vm(f"vm{n}", memory_bytes=3 * GiB), resource(f"vm{n}")) for n in range(2)]
        case = make({"*": {"memory": meminfo(4)}}, vms=pairs)
        finding = only(memory.judge, case, "loss of the node")
        assert (finding.state, finding.node) == (State.WARNING, "alpha")
        assert len(finding.concerns) == 1

    @pytest.mark.parametrize(
        ("page", "free", "state"),
        [
            ("<page size='2048' unit='KiB'/>", {2048: 4096}, State.OK),
            ("<page size='2' unit='MiB'/>", {2048: 1024}, State.WRONG),
            ("<page size='1048576' unit='KiB'/>", {2048: 4096, 1048576: 1}, State.WRONG),
            ("", {2048: 4096}, State.OK),
        ],
        ids=["enough", "too few", "of another size", "of the default size"],
    )
    def test_huge_pages_are_room_for_who_asks_for_them(
        self, page: str, free: dict[int, int], state: State
    ) -> None:
        """Set aside, they are not available; what is available is not theirs."""
        backing = f"<memoryBacking><hugepages>{page}</hugepages></memoryBacking><os>"
        huge = "".join(
            f"/sys/kernel/mm/hugepages/hugepages-{size}kB/free_hugepages:{count}\n"
            for size, count in free.items()
        )
        room = meminfo(1) + "HugePages_Free: 7\nHugepagesize:       2048 kB\n" + huge
        outputs: dict[str, dict[str, Text]] = {
            "alpha": {"memory": room, "domains": DOMAIN.replace("<os>", backing)},
            "bravo": {"memory": room},
        }
        case = make(outputs, vms=[(vm(memory_bytes=4 * GiB), resource())])
        assert only(memory.judge, case, "room").state is state
        lost = found(memory.judge, case, "loss of the node")
        assert lost == [(State.OK if state is State.OK else State.WARNING, "alpha", None)]

    def test_a_node_in_standby_is_no_room(self) -> None:
        standby = replace(Node("bravo", "2", NodeState.STANDBY))
        case = make(
            {"*": {"memory": meminfo(64)}},
            nodes=["alpha", standby, "charlie"],
        )
        assert "bravo" not in only(memory.judge, case, "room").seen
