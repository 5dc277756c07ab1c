"""Certificates of those who migrate over TLS."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.data.examination import Output, State
from backends.doctor.case import Case
from backends.doctor.certificates import judge, probes, store_of
from doctor.cases import Text, found, make, resource, vm
from doctor.tls import Authority, pem

OVER_TLS = [(vm(), resource(parameters={}))]
CA = Authority()


def printed(
    name: str = "alpha",
    days: tuple[float, float] = (-1, 365),
    *,
    authority: Authority = CA,
    trusts: Authority | None = None,
    names: tuple[str, ...] | None = None,
    without: str = "",
) -> str:
    """What the probe prints on a node."""
    server, _ = authority.issue(*((name,) if names is None else names), days=days, common=name)
    client, _ = authority.issue(name)
    parts = {
        "ca /etc/pki/CA/cacert.pem": pem((trusts or authority).certificate),
        "server /etc/pki/libvirt/servercert.pem": server,
        "key /etc/pki/libvirt/private/serverkey.pem": "there\n",
        "client /etc/pki/libvirt/clientcert.pem": client,
        "key /etc/pki/libvirt/private/clientkey.pem": "there\n",
    }
    return "".join(
        f"#{head}\n{'' if without and without in head else text}" for head, text in parts.items()
    )


def case(alpha: str | Output, bravo: str | None = None) -> Case:
    outputs: dict[str, dict[str, Text]] = {
        "alpha": {"certificates": alpha},
        "bravo": {"certificates": printed("bravo") if bravo is None else bravo},
    }
    return make(outputs, vms=OVER_TLS, answered_at=time.time())


def of_alpha(each: Case) -> list[tuple[State, str]]:
    return [(finding.state, finding.seen) for finding in judge(each) if finding.node == "alpha"]


def test_good_ones() -> None:
    findings = list(judge(case(printed())))
    assert [finding.state for finding in findings] == [State.OK, State.OK]
    assert findings[0].seen.startswith("good until 20")


def test_nobody_over_tls() -> None:
    plain = make()
    assert found(judge, plain) == [(State.NOT_USED, None, None)]
    assert not list(probes(plain, "alpha"))
    assert list(probes(make(vms=OVER_TLS), "alpha"))


@pytest.mark.parametrize(
    ("days", "state", "said"),
    [
        ((-30, -1), State.WRONG, "expired on"),
        ((1, 30), State.WRONG, "valid only from"),
        ((-1, 10), State.WARNING, "expires on"),
    ],
)
def test_dates(days: tuple[float, float], state: State, said: str) -> None:
    (finding,) = of_alpha(case(printed(days=days)))
    assert finding[0] is state and said in finding[1] and "servercert.pem" in finding[1]


@pytest.mark.parametrize("part", ["cacert", "servercert", "serverkey", "clientcert", "clientkey"])
def test_a_file_that_is_missing(part: str) -> None:
    findings = of_alpha(case(printed(without=part)))
    assert any(
        state is State.WRONG and f"{part}.pem is missing" in seen for state, seen in findings
    )


def test_a_name_that_is_not_in_it() -> None:
    (finding,) = of_alpha(case(printed(names=("alpha.lan", "a"))))
    assert finding == (
        State.WRONG,
        "/etc/pki/libvirt/servercert.pem is for alpha.lan, a, not alpha",
    )


def test_the_common_name_counts_where_there_is_no_other() -> None:
    assert of_alpha(case(printed(names=())))[0][0] is State.OK


def test_one_of_another_authority() -> None:
    other = Authority("another CA")
    seen = [seen for _, seen in of_alpha(case(printed(authority=other)))]
    assert any("the CA that bravo trusts" in each for each in seen)
    distrusts = printed(authority=CA, trusts=other)
    assert any("its own CA" in seen for _, seen in of_alpha(case(distrusts)))


def test_what_is_no_certificate() -> None:
    text = printed().replace("MII", "???", 3)
    assert any("cannot be read" in seen for _, seen in of_alpha(case(text)))


def test_no_answer_is_unknown() -> None:
    assert of_alpha(case(Output()))[0][0] is State.UNKNOWN


def test_no_private_key_is_ever_read() -> None:
    (probe,) = probes(make(vms=OVER_TLS), "alpha")
    shown = [line for line in probe.script.splitlines() if "cat" in line or "sed -n '/" in line]
    assert all("BEGIN CERTIFICATE" in line for line in shown)


@given(st.text(max_size=300))
def test_any_answer_can_be_read(text: str) -> None:
    store_of(Output(0, text))
