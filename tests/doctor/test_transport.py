"""Does each source reach each target, the way its VMs take: in the words of libvirt and OpenSSH."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backends.data.examination import Output, State
from backends.data.picture import Cluster, Migration, Phase
from backends.doctor.transport import further_probes, judge, probes
from backends.doctor.uris import host_of, memory_host, remote_uri, transport_of
from doctor.cases import Text, found, lines, make, resource, vm

FAILED = "error: failed to connect to the hypervisor\n"
REFUSED = Output(1, "", "bash: line 1: connect: Connection refused\n")
GOOD: dict[str, Text] = {
    **{f"transport qemu+tcp://{n}/system": "libvirt 9.0.0\n" for n in ("alpha", "bravo")},
    **{f"migration port {n}": REFUSED for n in ("alpha", "bravo")},
}


@pytest.mark.parametrize(
    ("parameters", "uri"),
    [
        ({}, "qemu://bravo/system"),
        ({"migration_transport": "tcp"}, "qemu+tcp://bravo/system"),
        ({"migration_transport": "ssh", "migration_user": "mig"}, "qemu+ssh://mig@bravo/system"),
        (
            {"migration_transport": "tcp", "migration_network_suffix": "-mig"},
            "qemu+tcp://bravo-mig/system",
        ),
        (
            {"hypervisor": "qemu://localhost:16000/system", "migration_transport": "tcp"},
            "qemu+tcp://bravo:16000/system",
        ),
        ({"remoteuri": "qemu+tls://%n.lan/system"}, "qemu+tls://bravo.lan/system"),
        ({"migration_user": "No User!", "migration_transport": "ssh"}, "qemu+ssh://bravo/system"),
    ],
)
def test_the_uri_is_the_one_that_the_agent_makes(parameters: dict[str, str], uri: str) -> None:
    assert remote_uri(resource(parameters=parameters), "bravo") == uri


def test_a_suffix_goes_behind_the_first_word_of_a_name() -> None:
    own = resource(parameters={"migration_network_suffix": "-m", "migration_transport": "tcp"})
    assert remote_uri(own, "bravo.example.com") == "qemu+tcp://bravo-m.example.com/system"


def test_alteeve_goes_over_ssh() -> None:
    own = resource(parameters={"name": "srv01"}, agent="ocf:alteeve:server")
    assert transport_of(remote_uri(own, "bravo")) == "ssh"
    assert memory_host(own, "bravo") is None


@pytest.mark.parametrize(
    ("uri", "transport", "host"),
    [
        ("qemu://bravo/system", "tls", "bravo"),
        ("qemu+tls://bravo.lan:16514/system", "tls", "bravo.lan"),
        ("qemu+ssh://root@bravo/system", "ssh", "bravo"),
        ("xen+tcp://[fd00::1]/", "tcp", "[fd00::1]"),
        ("nonsense", "tls", ""),
    ],
)
def test_a_uri_says_its_transport_and_its_host(uri: str, transport: str, host: str) -> None:
    assert (transport_of(uri), host_of(uri)) == (transport, host)


def test_all_reach_all() -> None:
    assert {state for state, _, _ in found(judge, make({"*": GOOD}))} == {State.OK}


@pytest.mark.parametrize(
    ("transport", "stderr", "cure"),
    [
        (
            "tcp",
            "error: unable to connect to server at 'bravo:16509': Connection refused\n",
            "let libvirt listen on bravo",
        ),
        (
            "tcp",
            "error: unable to connect to server at 'bravo:16509': No route to host\n",
            "firewall-cmd --permanent --add-port=16509/tcp",
        ),
        ("tcp", "error: authentication failed: authentication failed\n", "gssapi"),
        ("tls", "error: authentication failed: authentication failed\n", "saslpasswd2"),
        (
            "ssh",
            "error: Cannot recv data: Host key verification failed.: Connection reset by peer\n",
            "ssh-keyscan -t ed25519 bravo",
        ),
        (
            "ssh",
            "error: Cannot recv data: root@bravo: Permission denied (publickey).: "
            "Connection reset by peer\n",
            "ssh-copy-id",
        ),
        (
            "ssh",
            "error: End of file while reading data: sh: 1: nc: not found: Input/output error\n",
            "apt-get install netcat-openbsd",
        ),
        (
            "tls",
            "error: Cannot read CA certificate '/etc/pki/CA/cacert.pem': No such file\n",
            "certificates",
        ),
    ],
)
def test_what_fails_is_told_with_its_reason_and_cure(
    transport: str, stderr: str, cure: str
) -> None:
    own = resource(parameters={"migration_transport": transport})
    names = {n: f"transport qemu+{transport}://{n}/system" for n in ("alpha", "bravo")}
    case = make(
        {
            "*": {**GOOD, names["alpha"]: "libvirt 9\n"},
            "alpha": {names["bravo"]: Output(1, "", FAILED + stderr)},
        },
        vms=[(vm(), own)],
    )
    wrong = [each for each in judge(case) if each.state is State.WRONG]
    assert [(each.node, each.check, each.concerns) for each in wrong] == [
        ("alpha", transport, ("web1",))
    ]
    assert "failed to connect" not in wrong[0].seen
    assert any(cure in line for line in lines(wrong[0])), lines(wrong[0])


def test_one_that_hangs_is_unknown() -> None:
    case = make({"*": GOOD, "alpha": {"transport qemu+tcp://bravo/system": Output()}})
    assert (State.UNKNOWN, "alpha", None) in found(judge, case, "tcp")


@pytest.mark.parametrize(
    ("output", "state"),
    [
        (REFUSED, State.OK),
        (Output(0), State.OK),
        (Output(1, "", "bash: line 1: connect: No route to host\n"), State.WRONG),
        (Output(1, "", "bash: line 1: connect: Connection timed out\n"), State.WRONG),
        (Output(), State.WRONG),
        (Output(127, "", "sh: 1: bash: not found\n"), State.UNKNOWN),
        (Output(1, "", "bash: bravo: Name or service not known\n"), State.UNKNOWN),
    ],
    ids=["closed", "open", "rejected", "dropped", "silence", "no bash", "no such name"],
)
def test_the_ports_for_the_memory(output: Output, state: State) -> None:
    case = make({"*": GOOD, "alpha": {"migration port bravo": output}})
    assert (state, "alpha", None) in found(judge, case, "migration ports")


def test_ports_are_not_touched_while_something_migrates() -> None:
    picture = Cluster(migrations=(Migration("web1", "alpha", "bravo", Phase.COPYING),))
    case = make({"*": GOOD}, picture=picture)
    assert not [each for each in probes(case, "alpha") if each.name.startswith("migration port")]
    assert found(judge, case, "migration ports") == [
        (State.UNKNOWN, "alpha", None),
        (State.UNKNOWN, "bravo", None),
    ]


def test_only_the_last_port_is_ever_tried() -> None:
    tried = [p.script for p in probes(make(), "alpha") if p.name.startswith("migration port")]
    assert tried and all("49215" in script and "49152" not in script for script in tried)


OTHER_RANGE = "".join(
    f"/etc/libvirt/qemu.conf:migration_port_{end} = {port}\n"
    for end, port in (("min", 60000), ("max", 60063))
)


@pytest.mark.parametrize(
    ("output", "state", "seen"),
    [
        (REFUSED, State.OK, "60000–60063 of bravo"),
        (Output(), State.WRONG, "port 60063 of bravo"),
        (None, State.UNKNOWN, "port 60063 of bravo"),
    ],
    ids=["closed", "silence", "not asked"],
)
def test_another_range_of_ports_is_tried_once_it_is_known(
    output: Output | None, state: State, seen: str
) -> None:
    tried = {} if output is None else {"migration port bravo:60063": output}
    case = make({"*": GOOD, "alpha": tried, "bravo": {"libvirt settings": OTHER_RANGE}})
    asked = list(further_probes(case, "alpha"))
    assert [each.name for each in asked] == ["migration port bravo:60063"]
    assert "/60063" in asked[0].script and not list(further_probes(case, "bravo"))
    finding = next(f for f in judge(case) if f.check == "migration ports" and f.node == "alpha")
    assert finding.state is state and seen in finding.seen
    if state is State.WRONG:
        assert "ufw allow 60000:60063/tcp" in lines(finding)


def test_with_a_suffix_the_agent_itself_picks_the_port() -> None:
    own = resource(parameters={"migration_transport": "tcp", "migration_network_suffix": "-mig"})
    case = make({"*": {"libvirt settings": OTHER_RANGE}}, vms=[(vm(), own)])
    assert not list(further_probes(case, "alpha"))
    assert "migration port bravo-mig" in [each.name for each in probes(case, "alpha")]


@pytest.mark.parametrize(
    ("parameters", "host", "tried"),
    [
        ({"migrateuri": "tcp://%n-mig"}, "bravo-mig", True),
        ({"migrateuri": "tcp://%n-mig:49200"}, "bravo-mig", False),
        ({"migrate_options": "--persistent --migrateuri=tcp://%n.mig"}, "bravo.mig", True),
        ({"migrateport": "49200"}, "bravo", True),
        ({"migrateport": "49200", "migration_network_suffix": "-m"}, "bravo-m", False),
        ({"migrateuri": "tcp://%n", "migration_network_suffix": "-m"}, "bravo-m", True),
    ],
)
def test_the_memory_goes_where_the_agent_sends_it(
    parameters: dict[str, str], host: str, tried: bool
) -> None:
    own = resource(parameters={"migration_transport": "tcp", **parameters})
    assert memory_host(own, "bravo") == host
    case = make(vms=[(vm(), own)])
    named = [each.name for each in probes(case, "alpha") if each.name.startswith("migration port")]
    assert named == ([f"migration port {host}"] if tried else [])


def test_a_key_goes_to_the_user_who_logs_in() -> None:
    own = resource(parameters={"migration_transport": "ssh", "migration_user": "mig"})
    denied = Output(1, "", f"{FAILED}error: mig@bravo: Permission denied (publickey).\n")
    case = make({"alpha": {"transport qemu+ssh://mig@bravo/system": denied}}, vms=[(vm(), own)])
    finding = next(each for each in judge(case) if each.state is State.WRONG)
    assert any(line.endswith("mig@bravo") for line in lines(finding))


def test_a_tunnelled_migration_needs_no_port() -> None:
    own = resource(
        parameters={"migration_transport": "ssh", "migrate_options": "--p2p --tunnelled"}
    )
    case = make({"*": GOOD}, vms=[(vm(), own)])
    assert not [each for each in probes(case, "alpha") if each.name.startswith("migration port")]


def test_each_uri_is_asked_once_however_many_vms_take_it() -> None:
    vms = [(replace(vm(), id=f"vm{n}"), resource(f"vm{n}")) for n in range(30)]
    names = [probe.name for probe in probes(make(vms=vms), "alpha")]
    assert sorted(names) == ["migration port bravo", "transport qemu+tcp://bravo/system"]
