"""A real cluster (sshd, corosync, Pacemaker, libvirtd, QEMU) on this one machine.

with Lab.up() as lab:
    lab.run("alpha", "crm_mon", "-1")
"""

from __future__ import annotations

from lab.cib import VM, VMS
from lab.guest import Guest
from lab.lab import Lab
from lab.system import LabError

__all__ = ["VM", "VMS", "Guest", "Lab", "LabError"]
