"""Logs, traces and metrics of Corridor's own processes."""
