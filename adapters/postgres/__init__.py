"""Corridor's own store in PostgreSQL: evidence, read model, outbox, and the migrations that make its tables."""
