"""Suggestions beside what people decided, in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from domain.ports.assistant import RecordedSuggestion, SuggestionKind
from domain.suggesting import is_decision, outcome


class MemoryDecisions:
    """Implements DecisionMemory."""

    def __init__(self) -> None:
        self._all: dict[str, RecordedSuggestion] = {}

    async def record(self, record: RecordedSuggestion) -> bool:
        return self._all.setdefault(record.suggestion_id, record) is record

    async def recent(self, kind: SuggestionKind, facility: str, limit: int) -> tuple[RecordedSuggestion, ...]:
        asked = (
            each for each in self._all.values() if (each.question.kind, each.question.facility) == (kind, facility)
        )
        found = sorted(filter(is_decision, asked), key=lambda each: (each.at, each.suggestion_id), reverse=True)
        return tuple(found[:limit])

    async def agreement(self, kind: SuggestionKind) -> Mapping[str, int]:
        counted = Counter(outcome(each) for each in self._all.values() if each.question.kind == kind)
        return {"agreed": counted["agreed"], "differed": counted["differed"], "unanswered": counted["unanswered"]}
