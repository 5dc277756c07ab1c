"""What one node's tools answer, whole: of every release, with every login, and where none runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from backends.clusters.command_log import CommandLog
from backends.clusters.live.reading import read
from backends.clusters.live.understanding import Reading
from backends.clusters.ssh import LocalHost
from backends.data.errors import BadAnswer, ClusterStopped, NotPermitted, VmferryError
from pacemaker.cibs import cib, vm

CIB = cib(vm("web1")).decode()
STATUS = (
    '<crm_mon version="1.1.18"><nodes><node name="alpha" id="1" online="true"/></nodes>'
    '<resources><resource id="web1" resource_agent="ocf::heartbeat:VirtualDomain" role="Stopped" '
    'active="false" managed="true" failed="false" blocked="false"/></resources></crm_mon>'
)

Tools = Callable[..., None]


@pytest.fixture
def tools_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tools:
    """Tools that answer as these shell scripts do, on this machine."""

    def put(**scripts: str) -> None:
        for name, script in scripts.items():
            (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
            (tmp_path / name).chmod(0o755)

    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    put(crm_mon=f"cat <<'E'\n{STATUS}\nE", cibadmin=f"cat <<'E'\n{CIB}\nE")
    return put


class Elsewhere(LocalHost):
    """As if it were over a line."""

    over_a_line = True


async def reading(
    before: Reading | None = None, log: CommandLog | None = None, kind: type[LocalHost] = Elsewhere
) -> Reading:
    host = kind("here", log or CommandLog())
    try:
        return await read(host, before=before)
    finally:
        await host.close()


async def refused(kind: type[VmferryError]) -> str:
    with pytest.raises(kind) as error:
        await reading()
    assert error.value.where == "here"
    return str(error.value)


async def test_before_2_0_4_what_is_stopped_is_asked_for(tools_of: Tools) -> None:
    stopped = f"cat <<'E'\n{STATUS}\nE"
    tools_of(
        crm_mon='case "$*" in *--output-as*) exit 64 ;; *--inactive*) ;; *) exit 1 ;; esac\n'
        + stopped
    )
    assert [(r.id, r.role) for r in (await reading()).status.resources] == [("web1", "Stopped")]


@pytest.mark.parametrize("status", [102, 107])
@pytest.mark.parametrize("tool", ["crm_mon", "cibadmin"])
async def test_a_node_on_which_pacemaker_does_not_run(
    tools_of: Tools, tool: str, status: int
) -> None:
    tools_of(**{tool: f"echo Connection to cluster failed; exit {status}"})
    told = await refused(ClusterStopped)
    assert "Pacemaker does not run there" in told and "start it" in told


async def test_what_a_tool_says_on_stdout_is_told_too(tools_of: Tools) -> None:
    tools_of(crm_mon="echo; echo 'the schema is from the future'; exit 78")
    assert "crm_mon ended with 78: the schema is from the future" in await refused(BadAnswer)


async def test_a_login_that_acls_limit_is_told_so_whatever_crm_mon_makes_of_it(
    tools_of: Tools,
) -> None:
    tools_of(
        crm_mon="echo 'CIB is not valid' >&2; exit 78",
        cibadmin="echo '<cib><configuration id=\"c\"><nodes/></configuration><status/></cib>'",
    )
    assert "ACLs hide its version, crm_config" in await refused(NotPermitted)


def meanwhile(count: int) -> str:
    """A crm_mon that begins by a change of the cluster, so many times."""
    return (
        'cd "${0%/*}"; n=$(($(cat changes 2>/dev/null || echo 0) + 1)); '
        f"[ $n -gt {count} ] || echo $n >changes\ncat <<'E'\n{STATUS}\nE"
    )


CHANGING = (
    'cd "${0%/*}"; n=$(cat changes 2>/dev/null || echo 0)\n'
    f'sed "s/num_updates=\\"[0-9]*/num_updates=\\"$n/" <<\'E\'\n{CIB}\nE'
)


async def test_a_status_that_was_read_before_a_change_is_read_again(tools_of: Tools) -> None:
    tools_of(crm_mon=meanwhile(2), cibadmin=CHANGING)
    heard = await reading()
    assert heard.proven
    assert heard.cib.version.num_updates == 2 and heard.picture.version == heard.cib.version


async def test_a_picture_that_cannot_be_proven_bears_the_older_version(tools_of: Tools) -> None:
    tools_of(crm_mon=meanwhile(1000), cibadmin=CHANGING)
    heard = await reading()
    assert not heard.proven
    text = b'num_updates="%d"' % (heard.cib.version.num_updates + 1)
    assert text in heard.cib_text and heard.picture.version == heard.cib.version


LARGE = cib("".join(vm(f"web{number}") for number in range(1000))).decode()
PACKING = 'echo >>"${0%/*}/packed"; PATH=${PATH#*:} exec xz "$@"'


@pytest.mark.parametrize(("cluster", "packed"), [(LARGE, [True, True]), (CIB, [True, False])])
async def test_what_is_large_or_not_known_yet_is_packed_on_its_way(
    tools_of: Tools, tmp_path: Path, cluster: str, packed: list[bool]
) -> None:
    tools_of(cibadmin=f"cat <<'E'\n{cluster}\nE", xz=PACKING)
    log, seen, heard = CommandLog(), [], None
    for _ in packed:
        heard = await reading(heard, log)
        assert heard.proven and heard.cib_text.decode().strip() == cluster
        said = log.sent[-1].stdout
        assert said is not None and "<cib " in said.text  # for the operator to read
        seen.append((tmp_path / "packed").exists())
        (tmp_path / "packed").unlink(missing_ok=True)
    assert seen == packed


async def test_where_nothing_can_pack_it_comes_as_it_is(
    tools_of: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools_of(cibadmin=f"cat <<'E'\n{LARGE}\nE")
    for tool in ("sh", "cat"):
        (tmp_path / tool).symlink_to(f"/bin/{tool}")
    monkeypatch.setenv("PATH", str(tmp_path))
    heard = await reading()
    assert heard.proven and heard.cib_text.decode().strip() == LARGE


@pytest.mark.parametrize(
    "xz", ["exit 1", "printf '\\3757zXZ\\0'; cat", "PATH=${PATH#*:} xz | head -c 900"]
)
async def test_where_what_packs_it_is_broken_it_is_asked_once_more(
    tools_of: Tools, xz: str
) -> None:
    tools_of(cibadmin=f"cat <<'E'\n{LARGE}\nE", xz=xz)
    heard = await reading()
    assert heard.proven and heard.cib_text.decode().strip() == LARGE


async def test_nothing_is_packed_that_crosses_no_line(tools_of: Tools, tmp_path: Path) -> None:
    tools_of(cibadmin=f"cat <<'E'\n{LARGE}\nE", xz=PACKING)
    assert (await reading(kind=LocalHost)).proven
    assert not (tmp_path / "packed").exists()
