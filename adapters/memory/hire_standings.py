"""How far hires are, in memory."""

from __future__ import annotations

from datetime import date

from adapters.hire_pages import next_cursor, page_size, read_cursor
from domain.hire_plan import HireStanding
from domain.ports.hire_standings import HireFilter, HirePage


class MemoryHireStandings:
    """`domain.ports.hire_standings.HireStandings`."""

    def __init__(self) -> None:
        self._standings: dict[str, HireStanding] = {}

    async def record(self, standing: HireStanding) -> None:
        known = self._standings.get(standing.case_id)
        if known is None or known.version <= standing.version:
            self._standings[standing.case_id] = standing

    async def standing(self, case_id: str) -> HireStanding | None:
        return self._standings.get(case_id)

    async def hires(self, wanted: HireFilter, cursor: str | None, limit: int) -> HirePage:
        after = read_cursor(cursor) if cursor is not None else None
        found = sorted((each for each in self._standings.values() if _is_wanted(each, wanted)), key=_place)
        rest = [each for each in found if after is None or _place(each) > after]
        page = tuple(rest[: page_size(limit)])
        more = len(rest) > len(page)
        return HirePage(hires=page, next_cursor=next_cursor(page[-1]) if more else None)

    def forget(self, case_id: str) -> None:
        self._standings.pop(case_id, None)

    def replace_text(self, case_id: str, text: str, by: str) -> None:
        known = self._standings.get(case_id)
        if known is not None:
            notes = (each.model_copy(update={"note": each.note.replace(text, by)}) for each in known.standings)
            whys = (each.model_copy(update={"why": each.why.replace(text, by)}) for each in known.readiness.blockers)
            readiness = known.readiness.model_copy(update={"blockers": tuple(whys)})
            update = {"standings": tuple(notes), "readiness": readiness}
            self._standings[case_id] = known.model_copy(update=update)


def _place(standing: HireStanding) -> tuple[date, str]:
    return standing.start_on, standing.case_id


def _is_wanted(standing: HireStanding, wanted: HireFilter) -> bool:
    return (
        (wanted.facilities is None or standing.facility in wanted.facilities)
        and wanted.manager in (None, standing.manager)
        and wanted.department in (None, standing.department)
        and (wanted.starts_from is None or standing.start_on >= wanted.starts_from)
        and (wanted.starts_until is None or standing.start_on <= wanted.starts_until)
        and wanted.state in (None, standing.readiness.state)
        and not (wanted.open_only and standing.closed)
    )
