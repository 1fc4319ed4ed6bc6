"""The rules of the house as data: who approves what, what is tolerated, and how long it may take."""
