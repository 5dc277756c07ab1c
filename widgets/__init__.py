"""What is drawn: one widget a file. Knows the picture and the plan, nothing else of the backends."""
