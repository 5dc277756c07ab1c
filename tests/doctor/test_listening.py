"""Does libvirt listen: as monolithic and modular daemons are set up on each distribution."""

from __future__ import annotations

import pytest

from backends.data.examination import Family, Output, State
from backends.doctor.configuration import Resource
from backends.doctor.listening import daemon_of, judge, listening, restart_of, settings_of
from doctor.cases import Text, found, lines, make, only, resource, vm

OPEN = "LISTEN 0 5 0.0.0.0:16509 0.0.0.0:*\nLISTEN 0 5 [::]:16509 [::]:*\n"
SHUT = "LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\n"
CAPABILITIES = "<capabilities><host><uuid>1</uuid></host></capabilities>"
NO_SYSTEMD = "System has not been booted with systemd as init system (PID 1). Can't operate.\n"


def answers(**changed: Text) -> dict[str, Text]:
    """A Debian node whose libvirtd listens the old way."""
    good: dict[str, Text] = {
        "os-release": "ID=debian\n",
        "capabilities": CAPABILITIES,
        "processes": "  12 libvirtd        /usr/sbin/libvirtd --listen\n",
        "libvirt settings": "/etc/libvirt/libvirtd.conf:listen_tcp = 1\n",
        "libvirt options": '/etc/default/libvirtd:LIBVIRTD_ARGS="--listen"\n',
        "libvirt units": "inactive\n" * 7,
        "listening sockets": OPEN,
    }
    return {**good, **{name.replace("_", " "): text for name, text in changed.items()}}


def units(*active: int) -> str:
    return "".join("active\n" if n in active else "inactive\n" for n in range(7))


def test_one_that_listens_is_well() -> None:
    case = make({"*": answers()})
    assert found(judge, case) == [(State.OK, "alpha", None), (State.OK, "bravo", None)]


@pytest.mark.parametrize(
    ("changed", "seen", "cure"),
    [
        (
            {"processes": "12 libvirtd /usr/sbin/libvirtd\n", "libvirt_options": ""},
            "without --listen",
            "/etc/default/libvirtd",
        ),
        ({"libvirt_settings": ""}, "listen_tcp is off", "/etc/libvirt/libvirtd.conf"),
        ({"processes": "1 init init\n"}, "libvirtd does not run", "systemctl restart libvirtd"),
        (
            {
                "processes": "12 libvirtd /usr/sbin/libvirtd --timeout 120\n",
                "libvirt_options": "",
                "libvirt_units": units(0),
            },
            "libvirtd-tcp.socket is not active",
            "systemctl enable --now libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket"
            " libvirtd-tcp.socket",
        ),
        (
            {
                "processes": "12 virtqemud /usr/sbin/virtqemud --timeout 120\n",
                "libvirt_options": "",
                "libvirt_units": units(3, 6),
            },
            "virtproxyd-tcp.socket is not active",
            "systemctl enable --now virtproxyd.socket virtproxyd-ro.socket virtproxyd-admin.socket"
            " virtproxyd-tcp.socket",
        ),
    ],
    ids=["no option", "not in the file", "not running", "socket activation", "modular"],
)
def test_one_that_is_silent_says_why_and_what_to_do_there(
    changed: dict[str, str], seen: str, cure: str
) -> None:
    silent = answers(listening_sockets=SHUT, **changed)
    case = make({"alpha": answers(), "bravo": silent})
    assert (State.WRONG, "bravo", None) in found(judge, case, "tcp listener")
    finding = next(each for each in judge(case) if each.state is State.WRONG)
    assert seen in finding.seen and finding.concerns == ("web1",)
    assert cure in [*lines(finding), *(each.file for each in finding.cures)]


def test_the_option_stands_elsewhere_on_other_distributions() -> None:
    silent = answers(listening_sockets=SHUT, processes="1 libvirtd libvirtd\n", libvirt_options="")
    finding = only(judge, make({"*": silent}, nodes=["alpha"]), "tcp listener")
    files = {cure.family: cure.file for cure in finding.cures if cure.family is not Family.ANY}
    assert files == {
        Family.DEBIAN: "/etc/default/libvirtd",
        Family.RHEL: "/etc/sysconfig/libvirtd",
        Family.SUSE: "/etc/sysconfig/libvirtd",
    }


UNIT = (
    "ExecStart={ path=/usr/sbin/libvirtd ; argv[]=/usr/sbin/libvirtd %s ; ignore_errors=no ;"
    " start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }\n"
    "EnvironmentFile%s=%s (ignore_errors=yes)\n"
)
"""`systemctl show` (systemd, systemctl-show.c; some versions say EnvironmentFile)."""


@pytest.mark.parametrize(
    ("unit", "file", "line"),
    [
        (
            UNIT % ("$libvirtd_opts", "", "/etc/default/libvirtd"),
            "/etc/default/libvirtd",
            'libvirtd_opts="--listen"',
        ),
        (
            UNIT % ("--timeout 120 $LIBVIRTD_ARGS", "s", "/etc/sysconfig/libvirtd"),
            "/etc/sysconfig/libvirtd",
            'LIBVIRTD_ARGS="--listen"',
        ),
    ],
    ids=["Ubuntu 20.04", "libvirt 5.9"],
)
def test_the_option_goes_where_the_unit_takes_it_from(unit: str, file: str, line: str) -> None:
    silent = answers(
        listening_sockets=SHUT,
        processes="1 libvirtd libvirtd\n",
        libvirt_options="",
        libvirt_unit=unit,
    )
    finding = only(judge, make({"*": silent}, nodes=["alpha"]), "tcp listener")
    assert (file, (line,)) in [(cure.file, cure.lines) for cure in finding.cures]


def test_listen_without_certificates_turns_tls_off() -> None:
    """On unless it is off, TLS keeps libvirtd from starting where there are no certificates."""
    silent = answers(listening_sockets=SHUT, processes="1 libvirtd libvirtd\n", libvirt_options="")
    finding = only(judge, make({"*": silent}, nodes=["alpha"]), "tcp listener")
    assert "listen_tls = 0" in lines(finding)
    off = {**silent, "libvirt settings": "/etc/libvirt/libvirtd.conf:listen_tls = 0\n"}
    assert "listen_tls = 0" not in lines(
        only(judge, make({"*": off}, nodes=["alpha"]), "tcp listener")
    )
    both = [(vm(), resource()), (vm("web2"), resource("web2", parameters={}))]
    finding = only(judge, make({"*": silent}, nodes=["alpha"], vms=both), "tcp listener")
    assert "listen_tls = 0" not in lines(finding)


@pytest.mark.parametrize(
    ("parameters", "expected"), [({}, "tls"), ({"migration_transport": "tcp"}, "tcp")]
)
def test_a_conflict_is_solved_for_the_transports_in_use(
    parameters: dict[str, str], expected: str
) -> None:
    both = answers(libvirt_units=units(0))
    case = make({"*": both}, nodes=["alpha"], vms=[(vm(), resource(parameters=parameters))])
    told = " ".join(lines(only(judge, case, "socket activation")))
    assert f"libvirtd-{expected}.socket" in told
    assert ("tcp" in told, "tls" in told) == (expected == "tcp", expected == "tls")


def test_where_pacemaker_runs_libvirt_it_must_not_notice() -> None:
    runs = Resource("libvirtd", "systemd:libvirtd", clone="libvirtd-clone")
    silent = answers(listening_sockets=SHUT, libvirt_units=units(0), libvirt_options="")
    case = make({"*": silent}, nodes=["alpha"], others=[runs])
    told = lines(only(judge, case, "tcp listener"))
    of_it = "crm_resource --resource libvirtd-clone --meta"
    assert told[0] == f"{of_it} --set-parameter maintenance --parameter-value true"
    assert told[-1] == f"{of_it} --delete-parameter maintenance"
    assert restart_of(case, "alpha").lines[1] == "systemctl restart libvirtd"


def test_the_daemon_that_runs_the_guests_is_restarted_under_its_own_name() -> None:
    modular = answers(processes="12 virtqemud /usr/sbin/virtqemud\n", libvirt_options="")
    case = make({"alpha": answers(), "bravo": modular})
    assert restart_of(case, "alpha").lines == ("systemctl restart libvirtd",)
    assert restart_of(case, "bravo").lines == ("systemctl restart virtqemud",)


def test_listening_to_loopback_alone_is_not_listening() -> None:
    alone = answers(listening_sockets="LISTEN 0 5 127.0.0.1:16509 0.0.0.0:*\n")
    finding = only(judge, make({"*": alone}, nodes=["alpha"]), "tcp listener")
    assert finding.state is State.WRONG and "only this node itself" in finding.seen


def test_another_port_that_is_configured_counts() -> None:
    moved = answers(
        libvirt_settings='/etc/libvirt/libvirtd.conf:tcp_port = "17000"\n',
        listening_sockets="LISTEN 0 5 *:17000 *:*\n",
    )
    assert only(judge, make({"*": moved}, nodes=["alpha"]), "tcp listener").state is State.OK


def test_listen_and_socket_activation_together_are_a_conflict() -> None:
    both = answers(libvirt_units=units(0, 1))
    finding = only(judge, make({"*": both}, nodes=["alpha"]), "socket activation")
    assert finding.state is State.WRONG and "refuses to start" in finding.why
    assert found(judge, make({"*": answers()}), "socket activation") == []


@pytest.mark.parametrize(
    ("setting", "expected"),
    [('auth_tcp = "none"', 1), ("auth_tcp='none' # lab", 1), ('auth_tcp = "sasl"', 0), ("", 0)],
)
def test_no_authentication_on_an_open_port_is_a_warning(setting: str, expected: int) -> None:
    open_to_all = answers(libvirt_settings=f"/etc/libvirt/libvirtd.conf:{setting}\n")
    case = make({"*": open_to_all}, nodes=["alpha"])
    warnings = found(judge, case, "authentication")
    assert warnings == [(State.WARNING, "alpha", None)] * expected


def test_a_password_over_plain_tcp_is_no_cure() -> None:
    """libvirt takes none there (`negotiated SSF 0 was not strong enough`)."""
    open_to_all = answers(libvirt_settings='/etc/libvirt/libvirtd.conf:auth_tcp = "none"\n')
    told = lines(only(judge, make({"*": open_to_all}, nodes=["alpha"]), "authentication"))
    assert any("migration_transport=tls" in line for line in told)
    assert not any("sasl" in line for line in told)


def test_what_nobody_uses_is_not_judged() -> None:
    case = make(
        {"*": answers(listening_sockets=SHUT)},
        vms=[(vm(), resource(parameters={"migration_transport": "ssh"}))],
    )
    assert found(judge, case) == []


def test_a_libvirt_that_does_not_answer_is_wrong_and_one_that_hangs_unknown() -> None:
    refused = Output(1, "", "error: failed to connect to the hypervisor\n")
    case = make({"alpha": answers(capabilities=refused), "bravo": answers(capabilities=Output())})
    assert found(judge, case, "daemon") == [
        (State.WRONG, "alpha", None),
        (State.UNKNOWN, "bravo", None),
    ]


def test_a_libvirt_that_the_login_may_not_ask_is_unknown() -> None:
    denied = Output(1, "", "error: authentication unavailable: no polkit agent available\n")
    case = make({"*": answers(capabilities=denied)}, nodes=["alpha"])
    assert found(judge, case, "daemon") == [(State.UNKNOWN, "alpha", None)]


def test_without_ss_it_is_unknown_and_says_so() -> None:
    missing = answers(listening_sockets=Output(127, "", "sh: 1: ss: not found"))
    finding = only(judge, make({"*": missing}, nodes=["alpha"]), "tcp listener")
    assert finding.state is State.UNKNOWN and "not installed" in finding.seen


def test_without_systemd_there_is_nothing_to_activate() -> None:
    case = make({"*": answers(libvirt_units=Output(0, "", NO_SYSTEMD))}, nodes=["alpha"])
    daemon = daemon_of(case, "alpha")
    assert not daemon.systemd and not daemon.activated and daemon.listens


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("/usr/sbin/libvirtd -d -l -f /etc/libvirt/libvirtd.conf", True),
        ("/usr/sbin/libvirtd --listen", True),
        ("/usr/sbin/libvirtd -dl", True),
        ("/usr/sbin/libvirtd --timeout 120", False),
        ("/usr/sbin/libvirtd -p /run/libvirtd.pid", False),
    ],
)
def test_the_option_is_known_in_all_its_forms(arguments: str, expected: bool) -> None:
    case = make({"*": answers(processes=f"  1 libvirtd {arguments}\n")}, nodes=["alpha"])
    assert daemon_of(case, "alpha").listens is expected


def test_ss_is_read_with_addresses_of_both_kinds_and_links() -> None:
    text = [
        "LISTEN 0      128          0.0.0.0:22        0.0.0.0:*",
        "LISTEN 0      4096   127.0.0.53%lo:53        0.0.0.0:*",
        "LISTEN 0      5                  *:16514           *:*",
        "LISTEN 0      5               [::]:16509        [::]:*",
        "",
        "garbage",
    ]
    assert listening(text) == {
        22: ("0.0.0.0",),
        53: ("127.0.0.53",),
        16514: ("*",),
        16509: ("[::]",),
    }


def test_settings_are_those_of_the_daemon_that_runs() -> None:
    text = [
        "/etc/libvirt/libvirtd.conf:listen_tcp = 1",
        '/etc/libvirt/virtproxyd.conf:auth_tcp = "none"',
        "/etc/libvirt/qemu.conf:migration_port_min = 50000",
    ]
    assert settings_of(text) == {"listen_tcp": "1", "migration_port_min": "50000"}
    assert settings_of(text, modular=True) == {"auth_tcp": "none", "migration_port_min": "50000"}
