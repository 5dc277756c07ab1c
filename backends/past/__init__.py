"""The past of a cluster, out of what its scheduler has always recorded. Read-only."""
