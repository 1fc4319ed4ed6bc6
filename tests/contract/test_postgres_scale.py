"""Lists read about as many pages of the database as they show rows, whatever is asked and however long the table."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from adapters.postgres.case_list import CaseListQuery
from adapters.postgres.hire_standings import page_query
from adapters.postgres.invoice_register import SIMILAR
from adapters.postgres.migrate import migrate
from adapters.postgres.reader import PostgresReader
from domain.people import Actor
from domain.ports.evidence import CaseFilter, SpendFilter
from domain.ports.hire_standings import HireFilter
from tests.fixtures.evidence import START, a_snapshot, a_task
from tests.fixtures.hire_stores import a_standing
from tests.fixtures.postgres import PostgresTestServer

CASES, PAGE = 30_000, 20
# A walk per facility and a look-up per row need a few hundred, all rows that meet a rare condition somewhat more; the
# table itself has several thousand.
MOST_BUFFERS = 1000
_FILL = """
INSERT INTO cases (case_id, version, process, facility, stage, status, requester, awaiting_role, awaiting_since,
                   exception_code, emergency, submitted_at, suppliers, order_numbers, snapshot)
SELECT 'procure-to-pay.' || place || '.REQ-' || n, 1, 'procure-to-pay', place,
       CASE WHEN n % 50 = 0 THEN 'approval' ELSE 'closed' END, CASE WHEN n % 50 = 0 THEN 'running' ELSE 'completed' END,
       'person-' || n % 500, CASE WHEN n % 50 = 0 THEN 'buyer' END,
       CASE WHEN n % 50 = 0 THEN $3::timestamptz + n * interval '1 minute' END,
       CASE WHEN n % 1000 = 0 THEN 'off-contract' END, n % 700 = 0,
       $3::timestamptz + n * interval '1 minute', ARRAY['S-' || n % 60],
       CASE WHEN n % 3 = 0 THEN ARRAY['PO-' || n, 'BLANKET-' || n % 300] ELSE '{}' END, $1::jsonb
FROM (SELECT n, (ARRAY['north', 'south', 'east', 'west', 'harbor'])[1 + n / 7 % 5] AS place
      FROM generate_series(1, $2::integer) AS n) AS numbered
"""
_SUPPLIERS = "INSERT INTO case_suppliers SELECT case_id, suppliers[1], facility, submitted_at FROM cases"
_COST_CENTRES = """
INSERT INTO case_cost_centres SELECT facility, 'CC-' || right(case_id, 1), submitted_at, case_id FROM cases
"""
_TASKS = """
INSERT INTO tasks (task_id, case_id, version, status, opened_at, body)
SELECT 'T-' || case_id, case_id, 1, 'open', submitted_at, $1::jsonb FROM cases
"""
_WORKLIST = """
INSERT INTO worklist SELECT 'role/buyer/' || place, submitted_at, submitted_at, 'T-' || case_id, '{n.adams}'
FROM cases, unnest(ARRAY[facility, '*']) AS place
"""


@pytest.fixture(scope="module")
async def filled_dsn(postgres_server: PostgresTestServer) -> str:
    dsn = await postgres_server.create_database("scale")
    await migrate(dsn)
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(_FILL, a_snapshot().model_dump_json(), CASES, START)
        await connection.execute(_SUPPLIERS)
        await connection.execute(_COST_CENTRES)
        await connection.execute(_TASKS, a_task("T").model_dump_json())
        await connection.execute(_WORKLIST)
        await connection.execute("VACUUM ANALYZE")
        assert await connection.fetchval("SELECT relpages FROM pg_class WHERE relname = 'cases'") > 3 * MOST_BUFFERS
    finally:
        await connection.close()
    return dsn


async def _buffers(dsn: str, sql: str, arguments: list[Any]) -> int:
    connection = await asyncpg.connect(dsn, server_settings={"jit": "off"})
    try:
        answer = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", *arguments)
    finally:
        await connection.close()
    (explained,) = json.loads(answer)
    return int(explained["Plan"]["Shared Hit Blocks"]) + int(explained["Plan"]["Shared Read Blocks"])


@pytest.mark.parametrize(
    "conditions",
    [
        {},
        {"facility": "north"},
        {"facilities": ("north", "harbor", "nowhere")},
        {"process": "procure-to-pay"},
        {"process": "hire-to-provision"},
        {"stage": "approval"},
        {"stage": "delivery"},
        {"status": "running"},
        {"status": "rejected"},
        {"supplier": "S-7"},
        {"supplier": "S-99"},
        {"order_number": "PO-300"},
        {"order_number": "PO-1"},
        {"order_number": "BLANKET-3"},
        {"order_number": "PO-300", "facility": "south", "process": "procure-to-pay"},
        {"requester": "person-3"},
        {"awaiting_role": "buyer"},
        {"awaiting_role": "auditor"},
        {"exception_code": "off-contract"},
        {"emergency": True},
        {"submitted_before": START + timedelta(minutes=100)},
        {"waiting_since_before": START + timedelta(days=900)},
        {"waiting_since_before": START + timedelta(minutes=3000)},
        {"awaiting_role": "buyer", "stage": "approval", "waiting_since_before": START + timedelta(days=900)},
    ],
    ids=str,
)
async def test_a_page_of_cases_is_a_short_walk(filled_dsn: str, conditions: dict[str, Any]) -> None:
    where = CaseFilter.model_validate({"facilities": ("*",)} | conditions)
    for after in (None, (START + timedelta(minutes=CASES // 2), "procure-to-pay.north.REQ-1")):
        query = CaseListQuery(where, after, PAGE + 1)
        assert await _buffers(filled_dsn, query.sql, query.arguments) < MOST_BUFFERS


class Asking(PostgresReader):
    """Keeps the statement instead of asking it."""

    def __init__(self, dsn: str) -> None:
        super().__init__(asyncpg.create_pool(dsn, min_size=0))  # never opened
        self.statement: tuple[Any, ...] = ()

    async def _fetch(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        self.statement = (sql, list(arguments))
        return []


@pytest.mark.parametrize("facilities", [("*",), ("north", "south"), ("nowhere",)])
async def test_a_worklist_is_a_short_walk(filled_dsn: str, facilities: tuple[str, ...]) -> None:
    reader = Asking(filled_dsn)
    await reader.worklist(Actor(person="b.brown", roles=("buyer",), facilities=facilities), None, PAGE)
    assert await _buffers(filled_dsn, *reader.statement) < MOST_BUFFERS


async def test_requests_like_one_are_looked_for_among_few(filled_dsn: str) -> None:
    reader, day = Asking(filled_dsn), START.date()
    days = {"since": day + timedelta(days=4), "until": day + timedelta(days=5)}
    near = {"facility": "north", "requester": "person-3", "cost_centres": ("CC-7",), "below": 1_000_000, **days}
    await reader.recent_spend(SpendFilter.model_validate(near))
    assert await _buffers(filled_dsn, *reader.statement) < MOST_BUFFERS


_STANDINGS = """
INSERT INTO hire_standings (case_id, version, facility, manager, department, start_on, state, closed, standing)
SELECT 'hire-to-provision.north.H-' || n, 1, (ARRAY['north', 'south', 'east'])[1 + n % 3], 'm-' || n % 900,
       'd-' || n % 900, DATE '2020-01-01' + n / 20, CASE WHEN n % 500 = 0 THEN 'not-ready' ELSE 'ready' END,
       n < $1 - 100, $2::jsonb
FROM generate_series(1, $1::integer) AS n
"""


async def test_a_page_of_hires_is_a_short_walk(postgres_server: PostgresTestServer, evidence_template: str) -> None:
    dsn = await postgres_server.create_database("standings", evidence_template)
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(_STANDINGS, CASES, a_standing().model_dump_json())
        await connection.execute("VACUUM ANALYZE hire_standings")
    finally:
        await connection.close()
    narrowed: list[dict[str, Any]] = [{"department": "d-7"}, {"state": "not-ready"}, {"open_only": True}]
    for conditions in ({}, {"manager": "m-7"}, *narrowed):
        for facilities in (None, ("north", "east")):
            wanted = HireFilter.model_validate({"facilities": facilities, **conditions})
            assert await _buffers(dsn, *page_query(wanted, None, PAGE + 1)) < MOST_BUFFERS, wanted


_INVOICES = """
INSERT INTO invoice_register (case_id, facility, supplier, number, number_key, kind, amount, currency, issued_on,
                              order_numbers, document_sha256, state, registered_at)
SELECT 'invoice-to-payment.north.INV-' || n, 'north', 'S-' || n % 5, 'F' || n, 'F' || n, 'invoice', n % 3000, 'USD',
       DATE '2026-01-01' + n % 300, CASE WHEN n % 2 = 0 THEN ARRAY['PO-' || n / 10] ELSE '{}' END,
       'hash-' || n, 'paid', $2 FROM generate_series(1, $1::integer) AS n
"""


async def test_registering_looks_at_few_invoices_of_a_supplier_that_sent_many(
    postgres_server: PostgresTestServer, evidence_template: str
) -> None:
    dsn = await postgres_server.create_database("register", evidence_template)
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(_INVOICES, CASES, START)
        await connection.execute("VACUUM ANALYZE invoice_register")
        pages = await connection.fetchval("SELECT relpages FROM pg_class WHERE relname = 'invoice_register'")
    finally:
        await connection.close()
    common = ("S-3", "invoice", "new", START.date(), "F8", Decimal(8), "USD", ["PO-4"], "hash-9")
    buffers = await _buffers(dsn, SIMILAR, list(common))
    assert buffers < pages / 5
