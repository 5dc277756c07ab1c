"""Is this cluster fit for live migration, and what to change if not. Read-only, a file a topic."""
