"""The list: all VMs, or all nodes, one a line."""
