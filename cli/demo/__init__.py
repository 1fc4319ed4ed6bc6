"""The demonstration: example requisitions, the people and suppliers who act in them, and the count at the end."""
