"""Pacemaker: its texts parsed, its changes watched, its scheduler asked."""
