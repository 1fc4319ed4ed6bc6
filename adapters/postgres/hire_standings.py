"""How far hires are, in PostgreSQL. A page is an ordered walk along an index per facility, merged."""

from __future__ import annotations

from datetime import date
from typing import Any

from adapters.hire_pages import next_cursor, page_size, read_cursor
from adapters.postgres.errors import translated
from adapters.postgres.evidence import storable
from adapters.postgres.pool import Pool
from adapters.postgres.values import from_json
from domain.hire_plan import HireStanding
from domain.ports.hire_standings import HireFilter, HirePage

SYSTEM = "hire-standings"

_RECORD = """
INSERT INTO hire_standings (case_id, version, facility, manager, department, start_on, state, closed, standing)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb)
ON CONFLICT (case_id) DO UPDATE SET
    version = excluded.version, facility = excluded.facility, manager = excluded.manager,
    department = excluded.department, start_on = excluded.start_on, state = excluded.state, closed = excluded.closed,
    standing = excluded.standing
    WHERE hire_standings.version <= excluded.version
"""
_STANDING = "SELECT standing::text AS standing FROM hire_standings WHERE case_id = $1"
_CONDITIONS = (
    ("manager", "manager = {}"),
    ("department", "department = {}"),
    ("starts_from", "start_on >= {}"),
    ("starts_until", "start_on <= {}"),
    ("state", "state = {}"),
)


class PostgresHireStandings:
    """`domain.ports.hire_standings.HireStandings`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def record(self, standing: HireStanding) -> None:
        with translated(SYSTEM):
            await self._pool.execute(
                _RECORD,
                *(standing.case_id, standing.version, standing.facility, standing.manager, standing.department),
                *(standing.start_on, standing.readiness.state, standing.closed),
                storable(standing.model_dump_json()),
            )

    async def standing(self, case_id: str) -> HireStanding | None:
        with translated(SYSTEM):
            found = await self._pool.fetchval(_STANDING, case_id)
        return None if found is None else from_json(HireStanding, found, SYSTEM)

    async def hires(self, wanted: HireFilter, cursor: str | None, limit: int) -> HirePage:
        most = page_size(limit)
        sql, arguments = page_query(wanted, read_cursor(cursor) if cursor is not None else None, most + 1)
        with translated(SYSTEM):
            rows = await self._pool.fetch(sql, *arguments)
        found = tuple(from_json(HireStanding, row["standing"], SYSTEM) for row in rows)
        page = found[:most]
        return HirePage(hires=page, next_cursor=next_cursor(page[-1]) if len(found) > most else None)


def page_query(wanted: HireFilter, after: tuple[date, str] | None, rows: int) -> tuple[str, list[Any]]:
    """SQL and its arguments for one page. Only the conditions that are asked for appear in it."""
    arguments: list[Any] = []

    def place(value: Any) -> str:
        arguments.append(value)
        return f"${len(arguments)}"

    found = [text.format(place(getattr(wanted, name))) for name, text in _CONDITIONS if getattr(wanted, name)]
    if wanted.open_only:
        found.append("NOT closed")
    if after is not None:
        found.append(f"(start_on, case_id) > ({place(after[0])}, {place(after[1])})")
    last = f"ORDER BY start_on, case_id LIMIT {place(rows)}"
    if wanted.facilities is None:
        where = " AND ".join(found) or "true"
        source = f"SELECT * FROM hire_standings WHERE {where} {last}"  # noqa: S608 - all parts are constants of this module
    else:
        where = " AND ".join(["facility = places.name", *found])
        places = place(sorted(set(wanted.facilities)))
        source = f"""
            SELECT walked.* FROM unnest({places}::text[]) AS places (name)
            CROSS JOIN LATERAL (SELECT * FROM hire_standings WHERE {where} {last}) AS walked {last}
        """  # noqa: S608 - as above
    return f"SELECT standing::text AS standing FROM ({source}) AS page ORDER BY start_on, case_id", arguments  # noqa: S608 - as above
