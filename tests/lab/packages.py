"""The Debian packages a lab is made of, installed where they are missing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.system import ENVIRONMENT, LabError, call, write

NODE = (
    "pacemaker",
    "pacemaker-cli-utils",
    "corosync",
    "crmsh",
    "resource-agents",
    "libvirt-daemon-system",
    "libvirt-daemon-driver-qemu",
    "libvirt-clients",
    "sanlock",
    "libvirt-sanlock",
    "lvm2",
    "qemu-system-x86",
    "qemu-utils",
    "openssh-server",
    "openssh-client",
    "iproute2",
    "sudo",
)
"""What every node has, whatever it stands on: names that all releases know. From Debian 13 on
libvirt-sanlock holds nothing itself, and brings the plugin in which libvirt's half of it is."""
OF_A_ROOT = ("procps", "psmisc", "python3")
"""What the root of another release needs besides."""
OF_THE_HOST = (
    "cpio",
    "debian-archive-keyring",
    "gcc",
    "libc6-dev",
    "lz4",
    "mmdebstrap",
)
"""What this machine needs besides: to build guests, and roots of other releases."""

REACH = ("Acquire::http", "Acquire::https", "Acquire::ftp", "Acquire::Check-Date")
NO_RECOMMENDS = 'APT::Install-Recommends "false";'
APT_ENVIRONMENT = {**ENVIRONMENT, "DEBIAN_FRONTEND": "noninteractive"} | {
    name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")
}


def install(log: Path) -> None:
    """Install what is missing; what apt-get says goes to `log`."""
    wanted = missing()
    if not wanted:
        return
    with _no_daemons(), log.open("a") as output:
        for command in (["update"], ["install", "-y", "--no-install-recommends", *wanted]):
            done = subprocess.run(
                ["apt-get", *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=APT_ENVIRONMENT,
            )
            if done.returncode:
                raise LabError(f"apt-get {command[0]} failed, see {log}")


def missing() -> list[str]:
    """The packages that are not installed."""
    wanted = (*NODE, *OF_THE_HOST)
    listed = call(
        "dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package}\n", *wanted, check=False
    )
    installed = {line.split()[-1] for line in listed.splitlines() if line.startswith("ii")}
    return [package for package in wanted if package not in installed]


def guest_kernel() -> str:
    """The name of the kernel package for guests. Raises LabError where apt knows none."""
    for attempt in ("as it is", "updated"):
        if attempt == "updated":
            call("apt-get", "update", "-qq", environment=APT_ENVIRONMENT)
        depends = call("apt-cache", "depends", "linux-image-cloud-amd64", check=False)
        for line in depends.splitlines():
            if "Depends: linux-image-" in line:
                return line.split()[-1]
    raise LabError("apt-cache knows no linux-image-cloud-amd64: no kernel for the guests")


def download(package: str, directory: Path) -> Path:
    """Fetch a package without installing it (a kernel's hooks are not wanted here)."""
    fetch = ("apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", package)
    try:
        call(*fetch, cwd=directory, environment=APT_ENVIRONMENT)
    except LabError:
        call("apt-get", "update", "-qq", environment=APT_ENVIRONMENT)
        call(*fetch, cwd=directory, environment=APT_ENVIRONMENT)
    return next(directory.glob("*.deb"))


def mirror() -> str:
    """Where this machine's apt has Debian from. Raises LabError where it has it from nowhere."""
    listed = ("apt-get", "indextargets", "--format", "$(LABEL)|$(COMPONENT)|$(REPO_URI)")
    for attempt in ("as it is", "updated"):
        if attempt == "updated":
            call("apt-get", "update", "-qq", environment=APT_ENVIRONMENT)
        for line in call(*listed, "Created-By: Packages").splitlines():
            label, component, uri = line.split("|")
            if (label, component) == ("Debian", "main"):
                return uri
    raise LabError("this machine's apt has no source of Debian: other releases cannot be fetched")


def apt_options() -> str:
    """How this machine's apt reaches its sources, for an apt elsewhere; in the form of apt.conf.

    The signed list of a release that is never released may be out of date.
    """
    settings = call("apt-config", "dump", "--no-empty", '--format=%f "%v";%n', "Acquire")
    kept = [line for line in settings.splitlines() if line.startswith(REACH)]
    return "\n".join((*kept, 'Acquire::Check-Valid-Until "false";', NO_RECOMMENDS, ""))


@contextmanager
def _no_daemons() -> Iterator[None]:
    """Keep maintainer scripts from starting daemons on the host."""
    policy = Path("/usr/sbin/policy-rc.d")
    if policy.exists():
        yield
        return
    write(policy, "#!/bin/sh\nexit 101\n", 0o755)
    try:
        yield
    finally:
        policy.unlink()
