"""The clusters, all behind one interface."""
