"""The hospital back office as vocabulary, invariants and rules.

Nothing here reads a clock, a file, a socket or a random number: what a rule needs is handed to it, so that every
decision can be replayed, tested and explained.
"""
