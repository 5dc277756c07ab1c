"""What an operator may look at, one room a view: what it shows, when it is drawn, its key."""
