"""Suggestions for people: how an exception may be solved, how a bill may be coded, who may own it. Never decisions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

from pydantic import AwareDatetime

from domain.model import Value
from domain.money import ExactDecimal

SuggestionKind = Literal["exception", "coding", "owner"]


class Question(Value):
    """`features` are words and values by name, such as supplier, category, code, description: no bank numbers."""

    kind: SuggestionKind
    facility: str
    features: dict[str, str]


class Suggestion(Value):
    """`answer` is an action, an 'account/cost-centre' pair or a person; `confidence` is between 0 and 1; `rationale`
    says in words what it rests on, such as how many earlier decisions of which kind.
    """

    kind: SuggestionKind
    answer: str
    confidence: ExactDecimal
    rationale: str
    model: str


class RecordedSuggestion(Value):
    """A suggestion beside what a person then decided: `agreed` is the difference in one word.

    `suggestion` is None when there was none, `shown` whether people saw it. `decided` is empty when nobody decided,
    such as when the question was withdrawn. `at` is in UTC.
    """

    suggestion_id: str
    case_id: str
    question: Question
    suggestion: Suggestion | None
    shown: bool
    decided: str
    decided_by: str
    agreed: bool
    at: AwareDatetime


class Assistant(Protocol):
    """Used by activities only. Nothing it says changes an amount, a supplier, an account or an approver."""

    async def suggest(self, question: Question) -> Suggestion | None:
        """None when it has learned too little to say anything."""

    async def learn(self, record: RecordedSuggestion) -> None:
        """Take in what a person decided, once for its id."""

    async def agreement(self, kind: SuggestionKind) -> Mapping[str, int]:
        """How often people agreed and differed: 'agreed', 'differed', and 'unanswered' where there was no suggestion
        or nobody decided."""


class DecisionMemory(Protocol):
    """Where suggestions are kept beside what people decided. Raises the errors of `domain.outside_errors`."""

    async def record(self, record: RecordedSuggestion) -> bool:
        """Keep it, once for its id; False when the id was kept before, and then the first stays."""

    async def recent(self, kind: SuggestionKind, facility: str, limit: int) -> tuple[RecordedSuggestion, ...]:
        """What people of the facility decided of this kind, the latest first. Undecided ones are left out."""

    async def agreement(self, kind: SuggestionKind) -> Mapping[str, int]:
        """As of an Assistant; all three words are there, also with 0."""
