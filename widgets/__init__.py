"""What is drawn: one widget a file. Knows the frozen data, nothing else of the backends."""
