"""The HRIS's master data as statements, each with its rows."""

from __future__ import annotations

from typing import Any

from adapters.hris.reference.mapping import THEIR_STATUS
from domain.hris_system import HrisSystem, KnownWorker

Load = tuple[str, list[dict[str, Any]]]

_DEPARTMENTS = """
INSERT INTO hris.department (facility, code, name, cost_centre)
SELECT * FROM jsonb_to_recordset($1::jsonb) AS r (facility text, code text, name text, cost_centre text)
ON CONFLICT (facility, code) DO UPDATE SET name = excluded.name, cost_centre = excluded.cost_centre
"""

_POSITIONS = """
INSERT INTO hris.position (number, facility, department, job_family, title, cost_centre, budgeted, closed)
SELECT * FROM jsonb_to_recordset($1::jsonb) AS r (
    number text, facility text, department text, job_family text, title text, cost_centre text, budgeted boolean,
    closed boolean)
ON CONFLICT (number) DO UPDATE SET
    facility = excluded.facility, department = excluded.department, job_family = excluded.job_family,
    title = excluded.title, cost_centre = excluded.cost_centre, budgeted = excluded.budgeted, closed = excluded.closed
"""

# A worker who is new to the HRIS and works here fills their position; one who was here before is left as they are.
_WORKERS = """
WITH loaded AS (
    INSERT INTO hris.worker
    SELECT (jsonb_populate_record(NULL::hris.worker, each)).* FROM jsonb_array_elements($1::jsonb) each
    ON CONFLICT (worker_id) DO NOTHING RETURNING worker_id, position, status
)
UPDATE hris.position p SET holder = l.worker_id, filled = true
FROM loaded l WHERE p.number = l.position AND l.status IN ('PREHIRE', 'ACTIVE')
"""

_PERSONS = """
UPDATE hris.worker w SET person = r.person
FROM jsonb_to_recordset($1::jsonb) AS r (worker_id text, person text)
WHERE w.worker_id = r.worker_id AND r.person IS NOT NULL AND w.person IS DISTINCT FROM r.person
"""

# Numbers go on above every one that is known.
_NUMBERS = """
UPDATE hris.setting SET number_prefix = r.prefix, last_number = greatest(
    last_number, r.first - 1, (SELECT max(substring(worker_number FROM '[0-9]+$')::bigint) FROM hris.worker))
FROM jsonb_to_recordset($1::jsonb) AS r (prefix text, first bigint)
"""


def loads(system: HrisSystem) -> list[Load]:
    """Statements and their rows, in the order in which the tables refer to one another."""
    workers = [_worker(each) for each in system.workers]
    return [
        (_DEPARTMENTS, [each.model_dump() for each in system.departments]),
        (_POSITIONS, [each.model_dump() | {"closed": not each.open} for each in system.positions]),
        (_WORKERS, workers),
        (_PERSONS, workers),
        (_NUMBERS, [{"prefix": system.number_prefix, "first": system.first_number}]),
    ]


def _worker(known: KnownWorker) -> dict[str, Any]:
    record = known.record
    return {
        **record.model_dump(exclude={"name", "status"}),
        **record.name.model_dump(),
        "status": THEIR_STATUS[record.status],
        "person": known.person or None,
    }
