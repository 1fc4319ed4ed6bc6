"""Suggestions from the decisions that people made at the same facility."""

from __future__ import annotations

from collections.abc import Mapping

from domain.ports.assistant import DecisionMemory, Question, RecordedSuggestion, Suggestion, SuggestionKind
from domain.suggesting import safe_question, suggestion_for


class LearningAssistant:
    """Implements Assistant over a memory of decisions. It looks at the latest `horizon` of a kind and facility, so that
    what people do differently now is soon what it says. Raises the errors of the memory.
    """

    def __init__(self, memory: DecisionMemory, horizon: int = 500) -> None:
        self._memory, self._horizon = memory, horizon

    async def suggest(self, question: Question) -> Suggestion | None:
        records = await self._memory.recent(question.kind, question.facility, self._horizon)
        return suggestion_for(safe_question(question), records)

    async def learn(self, record: RecordedSuggestion) -> None:
        await self._memory.record(record.model_copy(update={"question": safe_question(record.question)}))

    async def agreement(self, kind: SuggestionKind) -> Mapping[str, int]:
        return await self._memory.agreement(kind)
