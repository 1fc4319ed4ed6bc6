"""The query behind the list of cases: a short ordered walk per facility, merged. It costs as much as its page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from domain.ports.evidence import CaseFilter

# Jumps from one facility's first row to the next one's: as many index look-ups as there are facilities.
_EVERY_FACILITY = """
    WITH RECURSIVE places AS (
        (SELECT facility FROM cases ORDER BY facility LIMIT 1)
        UNION ALL
        SELECT (SELECT cases.facility FROM cases WHERE cases.facility > places.facility ORDER BY cases.facility LIMIT 1)
        FROM places WHERE places.facility IS NOT NULL
    )
"""
_THESE_FACILITIES = "WITH places AS (SELECT DISTINCT unnest({}::text[]) AS facility)"
_CLOCKS_DIFFER = "interval '1 hour'"
_EQUALITIES = ("process", "stage", "status", "requester", "awaiting_role", "exception_code")


class CaseListQuery:
    """SQL and its arguments for one page, the newest first. Only the conditions that are asked for appear in it."""

    def __init__(self, where: CaseFilter, after: tuple[datetime, str] | None, limit: int) -> None:
        self.arguments: list[Any] = []
        # Suppliers are many per case: their own table carries the same sort key, and so the same kind of index.
        self._walked = "cases" if where.supplier is None else "case_suppliers"
        places = self._places(where)
        conditions = " AND ".join(self._conditions(where, after))
        source = "cases" if where.supplier is None else "case_suppliers JOIN cases USING (case_id)"
        rows = self._argument(limit)
        # All parts but the arguments' places are constants of this module.
        self.sql = f"""
            {places}
            SELECT cases.snapshot::text AS snapshot, page.submitted_at, page.case_id
            FROM (
                SELECT found.* FROM places CROSS JOIN LATERAL (
                    SELECT {self._walked}.submitted_at, {self._walked}.case_id
                    FROM {source}
                    WHERE {self._walked}.facility = places.facility AND {conditions}
                    ORDER BY {self._walked}.submitted_at DESC, {self._walked}.case_id DESC
                    LIMIT {rows}
                ) AS found
                ORDER BY found.submitted_at DESC, found.case_id DESC
                LIMIT {rows}
            ) AS page JOIN cases USING (case_id)
            ORDER BY page.submitted_at DESC, page.case_id DESC
        """  # noqa: S608 - see above

    def _argument(self, value: Any) -> str:
        self.arguments.append(value)
        return f"${len(self.arguments)}"

    def _places(self, where: CaseFilter) -> str:
        everywhere = "*" in where.facilities
        if where.facility is not None:
            allowed = everywhere or where.facility in where.facilities
            return _THESE_FACILITIES.format(self._argument([where.facility] if allowed else []))
        if everywhere:
            return _EVERY_FACILITY
        return _THESE_FACILITIES.format(self._argument(list(where.facilities)))

    def _conditions(self, where: CaseFilter, after: tuple[datetime, str] | None) -> list[str]:
        found = ["true"]
        for column in _EQUALITIES:
            value = getattr(where, column)
            if value is not None:
                found.append(f"cases.{column} = {self._argument(value)}")
        if where.supplier is not None:
            found.append(f"case_suppliers.supplier = {self._argument(where.supplier)}")
        if where.order_number is not None:
            named = self._argument([where.order_number])
            found.append(f"cases.order_numbers @> {named} AND cases.order_numbers <> '{{}}'")
        if where.emergency is not None:
            found.append("cases.emergency" if where.emergency else "NOT cases.emergency")
        if where.submitted_before is not None:
            found.append(f"{self._walked}.submitted_at < {self._argument(where.submitted_before)}")
        if where.waiting_since_before is not None:
            since = self._argument(where.waiting_since_before)
            # Nobody waited before the case came in, but for clocks that differ: so the walk begins there.
            found.append(f"cases.awaiting_since < {since} AND {self._walked}.submitted_at < {since} + {_CLOCKS_DIFFER}")
        if after is not None:
            instant, case = self._argument(after[0]), self._argument(after[1])
            found.append(f"({self._walked}.submitted_at, {self._walked}.case_id) < ({instant}, {case})")
        return found
