"""Everything that knows a cluster. Imports neither Textual nor Rich."""
