"""What every memory of decisions does, checked on the one in memory and on PostgreSQL, under the built-in assistant."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from adapters.learning_assistant import LearningAssistant
from adapters.memory.decision_memory import MemoryDecisions
from adapters.postgres.decision_memory import PostgresDecisions
from adapters.postgres.evidence import PostgresEvidence
from adapters.postgres.pool import Pool
from domain.outside_errors import ContractDriftError
from domain.policy.model import AssistantRule
from domain.ports.assistant import Assistant, DecisionMemory, Question, RecordedSuggestion, Suggestion
from domain.suggesting import beside_decision
from tests.fixtures.evidence import CASE, a_journal

START = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
PRICE = Question(
    kind="exception",
    facility="north",
    features={"code": "price-variance", "supplier": "S-1", "description": "Gloves für Station 3"},
)
SAID = Suggestion(kind="exception", answer="accept", confidence=Decimal("0.7"), rationale="7 of 8", model="m")


def a_record(number: int = 1, decided: str = "accept", **over: Any) -> RecordedSuggestion:
    given = {
        "suggestion_id": f"{CASE}:suggestion-{number:03}",
        "case_id": CASE,
        "question": PRICE,
        "suggestion": SAID,
        "rule": AssistantRule(),
        "decided": decided,
        "decided_by": "bo",
        "at": START + timedelta(minutes=number),
    }
    return beside_decision(**{**given, **over})


@pytest.fixture(params=["memory", "postgres"])
def memory(request: pytest.FixtureRequest) -> DecisionMemory:
    if request.param == "memory":
        return MemoryDecisions()
    pool: Pool = request.getfixturevalue("evidence_pool")
    return PostgresDecisions(pool)


async def test_a_record_is_kept_once_and_the_first_stays(memory: DecisionMemory) -> None:
    assert await memory.record(a_record()) is True
    assert await memory.record(a_record()) is False
    assert await memory.record(a_record(decided="short-pay")) is False
    assert await memory.recent("exception", "north", 10) == (a_record(),)


async def test_of_many_at_once_one_is_kept(memory: DecisionMemory) -> None:
    kept = await asyncio.gather(*(memory.record(a_record(decided=f"answer-{number}")) for number in range(20)))
    assert sum(kept) == 1
    assert len(await memory.recent("exception", "north", 50)) == 1


async def test_the_latest_of_a_kind_and_facility_come_first_and_few(memory: DecisionMemory) -> None:
    for number in (2, 5, 1, 4, 3):
        await memory.record(a_record(number))
    await memory.record(a_record(6, question=PRICE.model_copy(update={"facility": "south"})))
    await memory.record(a_record(7, question=PRICE.model_copy(update={"kind": "coding"})))
    assert await memory.recent("exception", "north", 3) == (a_record(5), a_record(4), a_record(3))
    assert len(await memory.recent("exception", "north", 100)) == 5
    assert await memory.recent("owner", "north", 100) == ()


async def test_of_the_same_instant_the_order_is_that_of_the_ids(memory: DecisionMemory) -> None:
    for number in (2, 3, 1):
        await memory.record(a_record(number, at=START))
    found = await memory.recent("exception", "north", 10)
    assert [each.suggestion_id[-1] for each in found] == ["3", "2", "1"]


async def test_what_no_person_decided_is_counted_and_not_learned(memory: DecisionMemory) -> None:
    await memory.record(a_record(1, decided=""))
    await memory.record(a_record(2, decided_by="corridor"))
    assert await memory.recent("exception", "north", 10) == ()
    assert await memory.agreement("exception") == {"agreed": 1, "differed": 0, "unanswered": 1}


async def test_agreement_is_counted_in_three_words(memory: DecisionMemory) -> None:
    assert await memory.agreement("exception") == {"agreed": 0, "differed": 0, "unanswered": 0}
    for number, (decided, said) in enumerate(
        [("accept", SAID), ("accept", SAID), ("short-pay", SAID), ("accept", None), ("", SAID)]
    ):
        await memory.record(a_record(number, decided=decided, suggestion=said))
    assert await memory.agreement("exception") == {"agreed": 2, "differed": 1, "unanswered": 2}
    assert await memory.agreement("coding") == {"agreed": 0, "differed": 0, "unanswered": 0}


async def test_the_assistant_learns_and_then_suggests(memory: DecisionMemory) -> None:
    assistant: Assistant = LearningAssistant(memory)
    for number in range(4):
        assert (await assistant.suggest(PRICE) is not None) == (number >= 3)
        for _ in range(2):  # taken in twice, learned once
            await assistant.learn(a_record(number, suggestion=None))
    found = await assistant.suggest(PRICE)
    assert found is not None
    assert (found.answer, found.confidence) == ("accept", Decimal("0.6666"))
    assert found.rationale.startswith("4 of 4 earlier decisions")
    assert await assistant.agreement("exception") == {"agreed": 0, "differed": 0, "unanswered": 4}
    assert await assistant.suggest(PRICE.model_copy(update={"facility": "south"})) is None


async def test_the_assistant_forgets_what_is_beyond_its_horizon(memory: DecisionMemory) -> None:
    for number in range(20):
        await memory.record(a_record(number, decided="accept" if number < 14 else "short-pay", suggestion=None))
    for horizon, answer in ((20, "accept"), (6, "short-pay")):
        found = await LearningAssistant(memory, horizon).suggest(PRICE)
        assert found is not None
        assert found.answer == answer


async def test_no_long_number_of_a_text_is_kept(memory: DecisionMemory) -> None:
    asked = PRICE.model_copy(update={"features": {"description": "Pay to DE89 3704 0044 0532 0130 00"}})
    await LearningAssistant(memory).learn(a_record(question=asked))
    (kept,) = await memory.recent("exception", "north", 1)
    assert "3704" not in kept.model_dump_json()


async def test_the_database_lets_nobody_change_what_was_decided(evidence_pool: Pool) -> None:
    await PostgresDecisions(evidence_pool).record(a_record())
    with pytest.raises(asyncpg.RestrictViolationError):
        await evidence_pool.execute("UPDATE suggestions SET outcome = 'differed'")


async def test_a_purged_case_takes_its_suggestions_along(evidence_pool: Pool) -> None:
    memory = PostgresDecisions(evidence_pool)
    await PostgresEvidence(evidence_pool).record(a_journal())
    await memory.record(a_record(1))
    await memory.record(a_record(2, case_id="another-case"))
    await evidence_pool.execute("DELETE FROM cases")
    assert await memory.recent("exception", "north", 10) == (a_record(2, case_id="another-case"),)


async def test_what_cannot_be_read_is_drift(evidence_pool: Pool) -> None:
    await evidence_pool.execute(
        "INSERT INTO suggestions VALUES ('s', 'c', 'exception', 'north', true, 'agreed', now(), '{\"x\": 1}')"
    )
    with pytest.raises(ContractDriftError):
        await PostgresDecisions(evidence_pool).recent("exception", "north", 10)
