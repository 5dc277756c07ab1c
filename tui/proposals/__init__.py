"""What the operator may confirm, one file an act: from what is known to a `Proposal`."""
