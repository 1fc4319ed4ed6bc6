"""Recorded requests, on every evidence store: what routing looked at, and how long people took."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.memory.evidence import MemoryEvidence
from adapters.memory.recorded import MemoryRecordedRequests
from adapters.postgres.evidence import PostgresEvidence
from adapters.postgres.pool import Pool
from adapters.postgres.recorded import ROWS_AT_ONCE, PostgresRecordedRequests
from domain.money import Money
from domain.outside_errors import ContractDriftError
from domain.ports.recorded import RecordedAnswer, RecordedRequest, RecordedRequests
from domain.tasks import Task
from tests.fixtures.evidence import START, Store, a_journal, a_task

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def recorded(request: pytest.FixtureRequest, store: Store) -> RecordedRequests:
    if isinstance(store.reader, MemoryEvidence):
        return MemoryRecordedRequests(store.reader)
    pool: Pool = request.getfixturevalue("evidence_pool")
    return PostgresRecordedRequests(pool)


async def read(recorded: RecordedRequests, since: datetime, until: datetime) -> list[RecordedRequest]:
    found = [each async for each in recorded.requests(since, until)]
    assert await recorded.count(since, until) == len(found)
    return found


def answered(name: str, after: timedelta, **over: Any) -> Task:
    given: dict[str, Any] = {"status": "done", "outcome": "approve", "closed_at": START + after, "level": "owner"}
    return a_task(f"T-{name}", **(given | over))


async def test_a_request_comes_back_with_what_the_rules_look_at(store: Store, recorded: RecordedRequests) -> None:
    tasks = (
        answered("1", HOUR),
        answered("2", 3 * HOUR, role="department-director", level="director", opened_at=START + HOUR),
        answered("3", HOUR, status="cancelled", outcome="escalated"),
        answered("4", HOUR, kind="exception", exception_code="off-contract"),
        a_task("T-5"),
    )
    await store.writer.record(
        a_journal(
            tasks=tasks,
            categories=("linen", "food"),
            cost_centres=("N-100",),
            urgency="urgent",
            policy_version="2026.11-1",
        )
    )
    (request,) = await read(recorded, START, START + DAY)
    assert request.case_id == "procure-to-pay.north.REQ-1"
    assert (request.facility, request.submitted_at, request.policy_version) == ("north", START, "2026.11-1")
    facts = request.facts
    assert facts.amount == Money(amount=Decimal("120.50"), currency="USD")
    assert (facts.categories, facts.cost_centres, facts.urgency) == (("linen", "food"), ("N-100",), "urgent")
    assert (facts.risks, facts.requester_level) == ((), None)
    assert request.answers == (
        RecordedAnswer(role="cost-centre-owner", level="owner", asked_at=START, answered_at=START + HOUR),
        RecordedAnswer(
            role="department-director", level="director", asked_at=START + HOUR, answered_at=START + 3 * HOUR
        ),
    )


async def test_the_period_ends_before_its_end_and_the_oldest_come_first(
    store: Store, recorded: RecordedRequests
) -> None:
    for number, day in ((1, 3), (2, 1), (3, 2), (4, 0), (5, 2)):
        await store.writer.record(a_journal(f"procure-to-pay.north.R-{number}", submitted_at=START + day * DAY))
    found = await read(recorded, START + DAY, START + 3 * DAY)
    assert [each.case_id[-1] for each in found] == ["2", "3", "5"]
    assert not await read(recorded, START + 9 * DAY, START + 10 * DAY)


async def test_only_purchases_are_requests(store: Store, recorded: RecordedRequests) -> None:
    await store.writer.record(a_journal("hire-to-provision.north.H-1", process="hire-to-provision"))
    assert not await read(recorded, START, START + DAY)


async def test_what_was_never_checked_has_no_category(store: Store, recorded: RecordedRequests) -> None:
    await store.writer.record(a_journal(amount=Money.zero("USD")))
    (request,) = await read(recorded, START, START + DAY)
    assert (request.facts.categories, request.answers) == ((), ())


async def test_more_requests_than_are_fetched_at_once(evidence_pool: Pool) -> None:
    await evidence_pool.execute(
        """
        INSERT INTO cases (case_id, version, process, facility, stage, status, requester, emergency, submitted_at,
                           suppliers, order_numbers, snapshot)
        SELECT 'procure-to-pay.north.R-' || n, 1, 'procure-to-pay', 'north', 'closed', 'completed', 'nina', false,
               $1::timestamptz + n * interval '1 second', '{}', '{}', $2::jsonb
        FROM generate_series(1, $3::integer) AS n
        """,
        START,
        a_journal().snapshot.model_dump_json(),
        2 * ROWS_AT_ONCE + 1,
    )
    found = await read(PostgresRecordedRequests(evidence_pool), START, START + DAY)
    assert [each.case_id for each in found] == [f"procure-to-pay.north.R-{n}" for n in range(1, 2 * ROWS_AT_ONCE + 2)]


async def test_an_unreadable_record_is_named(evidence_pool: Pool) -> None:
    await PostgresEvidence(evidence_pool).record(a_journal())
    await evidence_pool.execute("UPDATE cases SET snapshot = jsonb_set(snapshot, '{amount}', '\"much\"')")
    with pytest.raises(ContractDriftError, match=r"procure-to-pay.north.REQ-1 as recorded has 1 faults"):
        await read(PostgresRecordedRequests(evidence_pool), START, START + DAY)
