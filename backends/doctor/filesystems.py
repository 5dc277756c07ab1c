"""Which file systems are of one node alone, and which are of all. Names as findmnt says them."""

from __future__ import annotations

SHARED = frozenset(
    [
        "nfs",
        "nfs4",
        "gfs2",
        "ocfs2",
        "ceph",
        "cifs",
        "smb3",
        "gpfs",
        "lustre",
        "beegfs",
        "fuse.glusterfs",
        "fuse.quobyte",
        "afs",
        "acfs",
    ]
)
"""What libvirt itself takes for shared (virFileSharedFs, virfile.c)."""
FOREIGN = frozenset(
    [
        "fuse.ceph",
        "fuse.ceph-fuse",
        "fuse.mfs",
        "fuse.moosefs",
        "fuse.juicefs",
        "fuse.lizardfs",
        "fuse.saunafs",
        "fuse.mfsmount",
        "virtiofs",
        "9p",
        "orangefs",
        "pvfs2",
        "glusterfs",
    ]
)
"""Shared too, but libvirt takes them for local and refuses."""
LOCAL = frozenset(
    [
        "ext2",
        "ext3",
        "ext4",
        "xfs",
        "btrfs",
        "zfs",
        "tmpfs",
        "ramfs",
        "overlay",
        "f2fs",
        "jfs",
        "reiserfs",
        "bcachefs",
        "vfat",
        "exfat",
        "squashfs",
        "iso9660",
        "udf",
        "rootfs",
        "devtmpfs",
    ]
)
CLUSTERED = frozenset({"gfs2", "ocfs2"})
NUMBERED = frozenset({"fuse.glusterfs", "ceph"})
"""A file has one number on every client, whichever server it was mounted from: Gluster makes it of
the file's UUID."""
