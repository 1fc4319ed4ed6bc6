"""Cases as Temporal knows them: messages to them, their account of themselves, and schedules."""

from adapters.temporal_cases.backlog import waiting_steps
from adapters.temporal_cases.messenger import TemporalCaseMessenger
from adapters.temporal_cases.running import TemporalRunningCases
from adapters.temporal_cases.schedules import Plan, ensure_schedules

__all__ = ["Plan", "TemporalCaseMessenger", "TemporalRunningCases", "ensure_schedules", "waiting_steps"]
