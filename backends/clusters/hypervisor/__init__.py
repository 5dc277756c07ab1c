"""libvirt, in threads of its own: events, statistics, migration jobs."""
