"""Hires as HR's own system exports them."""
