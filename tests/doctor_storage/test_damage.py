"""Damaged answers: understood, or refused with the one error that is meant for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from backends.data.errors import BadAnswer
from backends.data.examination import Output
from backends.doctor import (
    clustered_lvm,
    drbd_answers,
    drbd_configured,
    iscsi,
    locking,
    places,
    sanlock,
    shared_filesystem,
    storage,
)
from backends.doctor.disks import PLACES
from backends.doctor.drbd import CONFIGURED, PROC, SHOW, STATUS
from doctor_storage.made import Outputs, answer, block, case, disk, place
from doctor_storage.made import places as made_places

Parser = Callable[[str], object]


def of_output(parse: Callable[[Output], object], text: str) -> object:
    return parse(Output(0, text))


LOOK = made_places(
    "alpha", place("/srv/a b.img"), block("/dev/vg-vm/web", answer("lsblk-iscsi.json"))
)
SETTINGS = (
    '/etc/libvirt/qemu.conf:lock_manager = "sanlock"\n/etc/libvirt/qemu-sanlock.conf:host_id = 1\n'
)
ANSWERS: list[tuple[Parser, str]] = [
    *(
        (drbd_answers.parse_status, answer(f"drbdsetup-{name}"))
        for name in ("9-status.json", "9-status", "8.4-status")
    ),
    *((drbd_answers.parse_proc, answer(f"proc-drbd-{name}")) for name in ("8.3", "8.4", "9")),
    (drbd_answers.parse_show, answer("drbdsetup-9-show.json")),
    *(
        (drbd_configured.parse_configured, answer(f"drbdadm-{name}-dump-xml.xml"))
        for name in ("8.3", "8.4", "9")
    ),
    (partial(of_output, iscsi.parse_sessions), answer("iscsiadm-sessions")),
    (partial(of_output, iscsi.parse_records), answer("iscsiadm-records")),
    (clustered_lvm.parse_groups, answer("vgs-shared.json")),
    (clustered_lvm.parse_volumes, answer("lvs-exclusive.json")),
    (partial(of_output, shared_filesystem.parse_cluster_mounts), answer("findmnt-gfs2.json")),
    (shared_filesystem.parse_lockspaces, answer("dlm-ls-stopped")),
    (shared_filesystem.parse_dlm, answer("dlm-status")),
    (shared_filesystem.parse_o2cb, answer("o2cb-online")),
    (partial(of_output, sanlock.parse_status), answer("sanlock-status")),
    (sanlock.parse_hosts, answer("sanlock-hosts")),
    (locking.parse_settings, SETTINGS),
    (places.parse, LOOK),
]
PIECES = st.text(max_size=4) | st.sampled_from(
    [
        "",
        "\0",
        "\n",
        " ",
        ":",
        '"',
        "[" * 3000,
        "{}",
        "null",
        "9" * 5000,
        "<",
        "&x;",
        "\x1b[2J",
        "٣",
    ]
)
DAMAGE = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), PIECES), max_size=6)


def damaged(text: str, damage: list[tuple[float, int, str]]) -> str:
    for where, length, piece in damage:
        start = int(where * len(text))
        text = text[:start] + piece + text[start + length :]
    return text


@given(st.sampled_from(ANSWERS), DAMAGE)
def test_damage_is_understood_or_refused(
    what: tuple[Parser, str], damage: list[tuple[float, int, str]]
) -> None:
    parse, text = what
    try:
        parse(damaged(text, damage))
    except BadAnswer as error:
        assert str(error)


@given(st.sampled_from([parse for parse, _ in ANSWERS]), st.text())
def test_nonsense_is_understood_or_refused(parse: Parser, text: str) -> None:
    try:
        parse(text)
    except BadAnswer as error:
        assert str(error)


@given(DAMAGE, DAMAGE, st.none() | st.integers(0, 255))
def test_the_examination_outlives_any_answer(
    first: list[tuple[float, int, str]],
    second: list[tuple[float, int, str]],
    status: int | None,
) -> None:
    texts = {
        STATUS.name: answer("drbdsetup-9-status.json"),
        SHOW.name: answer("drbdsetup-9-show.json"),
        PROC.name: answer("proc-drbd-8.4"),
        CONFIGURED.name: answer("drbdadm-9-dump-xml.xml"),
        iscsi.SESSIONS.name: answer("iscsiadm-sessions"),
        iscsi.RECORDS.name: answer("iscsiadm-records"),
        clustered_lvm.GROUPS.name: answer("vgs-shared.json"),
        clustered_lvm.SHARED.name: answer("vgs-shared.json"),
        clustered_lvm.VOLUMES.name: answer("lvs-exclusive.json"),
        shared_filesystem.MOUNTS.name: answer("findmnt-gfs2.json"),
        shared_filesystem.DLM.name: answer("dlm-status"),
        shared_filesystem.LOCKSPACES.name: answer("dlm-ls"),
        shared_filesystem.O2CB.name: answer("o2cb-online"),
        locking.SETTINGS.name: SETTINGS,
        sanlock.STATUS.name: answer("sanlock-status"),
        sanlock.HOSTS.name: answer("sanlock-hosts"),
    }
    below = answer("lsblk-drbd.json"), answer("lsblk-iscsi.json")
    look = made_places("x", block("/dev/drbd1", below[0]), block("/dev/vg-vm/web", below[1]))
    gfs2 = place("/srv/vm/a.img", mount=("/dev/drbd1", "gfs2", "/srv/vm"))
    outputs: dict[str, Outputs] = {
        node: {
            PLACES: Output(0, look + gfs2),
            **{name: Output(status, damaged(text, damage)) for name, text in texts.items()},
        }
        for node, damage in (("alpha", first), ("bravo", second))
    }
    devices = (
        disk("/dev/drbd1", kind="block"),
        disk("/dev/vg-vm/web", kind="block"),
        disk("/srv/vm/a.img"),
    )
    made = case(outputs, *devices)
    for finding in (*storage.judge(made), *locking.judge(made)):
        assert finding.seen
