"""The commands of `corridor`, one file each."""
