"""Cases as Temporal knows them, and the schedules of the housekeeping."""

from adapters.temporal_cases.running import TemporalRunningCases
from adapters.temporal_cases.schedules import Plan, ensure_schedules

__all__ = ["Plan", "TemporalRunningCases", "ensure_schedules"]
