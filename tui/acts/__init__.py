"""What an operator may do to a cluster, one room an act: proposed, confirmed, carried out."""
