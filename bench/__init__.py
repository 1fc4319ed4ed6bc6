"""What Corridor costs: the same server, in the same run, with and without it."""
