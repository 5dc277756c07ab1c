"""The live cluster: Pacemaker and libvirt, joined."""
