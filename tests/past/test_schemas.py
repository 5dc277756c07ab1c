"""A moment looks as crm_mon shows it, whether it checked what it read or need not again."""

from __future__ import annotations

import asyncio
import gzip
import re
import time
from collections.abc import Sequence

import pytest

from backends.clusters.base import Answer
from backends.clusters.command_log import CommandLog
from backends.clusters.live.site import LiveSite
from backends.clusters.ssh import Fleet, Login
from backends.data.errors import Unknown
from backends.pacemaker.agents import KNOWN
from backends.pacemaker.cib import parse_cib
from backends.pacemaker.moments import Clock
from backends.pacemaker.picture import pacemaker_picture
from backends.pacemaker.status import parse_status
from backends.pacemaker.xml import parse
from backends.past.archive import Archive
from backends.past.inputs import read_input
from backends.past.record import Moment
from lab.lab import Lab

ORDER_OF_A_TIME = """
<rsc_order id="o" first="web1" then="web2"><lifetime><rule id="o-rule" score="0">
<date_expression id="o-date" operation="gt" start="2020-01-01"/></rule></lifetime></rsc_order>"""
MOVED = '<rsc_location id="cli-prefer-web1" rsc="web1" role="Started" node="bravo" score="1"/>'
UNKNOWN = '<rsc_location id="x" rsc="web1" node="bravo" score="1" mood="good"/>'


def moment(cib: str) -> Moment:
    decided = read_input(cib.encode(), None, time.time(), KNOWN, None)
    return Moment(decided.at, decided, decided.text)


def later(cib: str) -> str:
    """The same configuration, with a node that went away."""
    return re.sub(r'(<node_state [^>]*uname="charlie"[^>]*crmd=")[^"]*', r"\1offline", cib)


def constrained(cib: str, constraint: str) -> str:
    open_ = cib.replace("<constraints/>", "<constraints></constraints>")
    return open_.replace("</constraints>", f"{constraint}</constraints>")


class Overheard(LiveSite):
    """Remembers which schema each CIB named in which it was asked."""

    def __init__(self, lab: Lab) -> None:
        fleet = Fleet([lab.nodes[0]], Login(ssh_config=lab.ssh_config), CommandLog())
        super().__init__(lambda: fleet)
        self.schemas: list[str] = []

    async def ask(
        self, node: str | None, argv: Sequence[str], stdin: bytes = b"", *, timeout_s: float = 10.0
    ) -> Answer:
        if stdin:
            self.schemas += [named(gzip.decompress(stdin).decode())]
        return await super().ask(node, argv, stdin, timeout_s=timeout_s)


def named(cib: str) -> str:
    """The schema that a CIB names."""
    return str(parse(cib.encode(), "a CIB").get("validate-with"))


def is_newer(lab: Lab) -> bool:
    """Whether it runs Pacemaker 3."""
    dc = lab.crm_mon().find("summary/current_dc")
    return dc is not None and dc.get("version", "").startswith("3.")


@pytest.fixture
def cib(settled_lab: Lab) -> str:
    return settled_lab.cluster.ask("cibadmin", "--query")


async def shown(lab: Lab, archive: Archive, cib: str) -> None:
    """See that a moment looks as the node's own crm_mon shows it."""
    of = moment(cib)
    show = "cat | CIB_file=/dev/stdin crm_mon -1 --output-as=xml"
    said = await asyncio.to_thread(lab.run, "alpha", "sh", "-c", show, stdin=of.cib.decode())
    wanted = pacemaker_picture(
        parse_status(said.encode()), parse_cib(of.cib, agents=KNOWN, clock=Clock(of.at))
    )
    assert await archive.picture(of) == wanted


async def test_a_configuration_is_checked_once(settled_lab: Lab, cib: str) -> None:
    site = Overheard(settled_lab)
    async with Archive(site) as archive:
        await shown(settled_lab, archive, cib)
        await shown(settled_lab, archive, later(cib))
        await shown(settled_lab, archive, constrained(cib, MOVED))
    checked = "pacemaker-4.0" if is_newer(settled_lab) else named(cib)
    assert site.schemas == [checked, "none", "none"]


async def test_what_pacemaker_changes_before_it_reads_it_is_changed_each_time(
    settled_lab: Lab, cib: str
) -> None:
    """3.0 takes the time from the order, and says so."""
    site = Overheard(settled_lab)
    ordered = constrained(cib, ORDER_OF_A_TIME)
    async with Archive(site) as archive:
        await shown(settled_lab, archive, ordered)
        await shown(settled_lab, archive, later(ordered))
    if is_newer(settled_lab):
        assert site.schemas == ["pacemaker-4.0", named(cib), named(cib)]
    else:
        assert site.schemas == [named(cib), "none"]


async def test_what_does_not_conform_is_not_shown(settled_lab: Lab, cib: str) -> None:
    async with Archive(Overheard(settled_lab)) as archive:
        await shown(settled_lab, archive, cib)
        with pytest.raises(Unknown, match="does not conform"):
            await archive.picture(moment(constrained(cib, UNKNOWN)))
        await shown(settled_lab, archive, later(cib))
