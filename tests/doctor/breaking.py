"""One thing wrong at a time on the lab, and right again afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from backends.data.examination import Finding, Report, State
from lab import Lab
from waiting import PATIENCE_S

LISTEN = "-d -l"


def wrong(report: Report) -> list[Finding]:
    """What is wrong, and what could not be told."""
    return [each for each in report.findings if each.state in (State.WRONG, State.UNKNOWN)]


def places(findings: list[Finding], check: str) -> set[tuple[str | None, str | None]]:
    """Node and VM of each finding of a check."""
    return {(each.node, each.vm) for each in findings if each.check == check}


@contextmanager
def changed_file(lab: Lab, node: str, path: str, old: str, new: str) -> Iterator[None]:
    """A file on one node with other text in it; `old` must be there."""
    before = lab.run(node, "cat", path)
    assert old in before, f"{path} on {node} has no {old!r}"
    lab.run(node, "tee", path, stdin=before.replace(old, new))
    try:
        yield
    finally:
        lab.run(node, "tee", path, stdin=before)


@contextmanager
def hidden(lab: Lab, node: str, path: str) -> Iterator[None]:
    """A file of one node away, however many nodes share its directory."""
    directory, _, name = path.rpartition("/")
    cover = f"/tmp/cover{directory}"
    lab.run(node, "mkdir", "-p", cover)
    lab.run(node, "cp", "-a", f"{directory}/.", cover)
    lab.run(node, "rm", f"{cover}/{name}")
    lab.run(node, "mount", "--bind", cover, directory)
    try:
        yield
    finally:
        lab.run(node, "umount", directory)


@contextmanager
def covered(lab: Lab, node: str, path: str, text: str, mode: str = "644") -> Iterator[None]:
    """Another file in its place on one node, however many nodes share it."""
    cover = f"/tmp/cover-{path.rpartition('/')[2]}"
    lab.run(node, "tee", cover, stdin=text)
    lab.run(node, "chmod", mode, cover)
    lab.run(node, "mount", "--bind", cover, path)
    try:
        yield
    finally:
        lab.run(node, "umount", path)


def restart_libvirtd(lab: Lab, node: str, options: str = LISTEN) -> None:
    """End a node's libvirtd and start it with these options; its guests run on."""
    if lab.members[node].has_libvirtd():
        lab.stop_libvirtd(node)
    command = f"setsid libvirtd {options} -p /run/libvirtd.pid >>/var/log/libvirtd.out 2>&1"
    lab.run(node, "bash", "-c", command)
    lab.wait(lambda: lab.run(node, "virsh", "uri", check=False), PATIENCE_S, "libvirtd answers")


@contextmanager
def libvirtd(
    lab: Lab, node: str, *, options: str = LISTEN, old: str = "", new: str = ""
) -> Iterator[None]:
    """A node's libvirtd with other options, or another line in its configuration."""
    try:
        with changed_file(lab, node, "/etc/libvirt/libvirtd.conf", old, new):
            restart_libvirtd(lab, node, options)
            yield
    finally:
        restart_libvirtd(lab, node)


@contextmanager
def spare(lab: Lab, **parameters: str) -> Iterator[str]:
    """A VM more, that does not run, with these parameters; its id."""
    xml = lab.run("alpha", "cat", "/srv/lab/vm/web1.xml").replace("web1", "spare")
    uuid = xml.partition("<uuid>")[2].partition("</uuid>")[0]
    file = "/srv/lab/vm/spare.xml"
    lab.run("alpha", "tee", file, stdin=xml.replace(uuid, uuid[::-1]))
    pairs = "".join(
        f'<nvpair id="spare-{name}" name="{name}" value="{value}"/>'
        for name, value in {"config": file, **parameters}.items()
    )
    resource = (
        '<primitive id="spare" class="ocf" provider="heartbeat" type="VirtualDomain">'
        f'<instance_attributes id="spare-parameters">{pairs}</instance_attributes>'
        '<meta_attributes id="spare-meta"><nvpair id="spare-role" name="target-role" '
        'value="Stopped"/></meta_attributes></primitive>'
    )
    create = ("cibadmin", "--create", "--scope", "resources", "--xml-text")
    delete = ("cibadmin", "--delete", "--xml-text", '<primitive id="spare"/>')
    lab.run("alpha", *create, resource)
    try:
        lab.wait(lab.cluster.is_idle, PATIENCE_S, "the cluster is idle")
        yield "spare"
    finally:
        lab.run("alpha", *delete)
        lab.run("alpha", "rm", file)
