"""Moves of the general ledger that the adapter books itself, each under an external id of its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from adapters.erp.tryton import wire
from adapters.erp.tryton.calls import refuse
from adapters.erp.tryton.errors import drifted
from adapters.erp.tryton.ledger import LedgerEntry, LedgerMove
from adapters.erp.tryton.master import TrytonMaster

MOVE = "account.move"
_JOURNAL = "MISC"


class TrytonMoves(TrytonMaster):
    async def _book_move(self, move: LedgerMove) -> int:
        """The id of the posted move, booked now or before."""
        values = {
            "journal": await self._symbol("account.journal", "code", _JOURNAL),
            "period": await self._period_id(move.on),
            "date": move.on,
            "lines": [["create", await self._move_lines(move)]],
        }
        booked, new = await self._ensured(MOVE, "description", move.external_id, values)
        if new:
            await self._client.press(MOVE, "post", [booked])
        else:
            await self._post_moves([booked])
        return booked

    async def _post_moves(self, moves: list[int]) -> None:
        rows = await self._client.read(MOVE, moves, ["state"])
        drafts = [int(row["id"]) for row in rows if row["state"] == "draft"]
        if drafts:
            await self._client.press(MOVE, "post", drafts)

    async def _move_lines(self, move: LedgerMove) -> list[dict[str, Any]]:
        ids = await self._account_ids(each.account for each in move.entries)
        centres = await self._analytic(each.cost_centre for each in move.entries if each.cost_centre)
        return [_line(each, ids[each.account], centres, move.on) for each in move.entries]

    async def _account_ids(self, codes: Iterable[str]) -> dict[str, int]:
        """Of accounts that keep their ids for ever. Raises ContractDriftError for one that is not there."""
        wanted = sorted(set(codes) - self._accounts.keys())
        if wanted:
            rows = await self._rows(wire.Account, [["code", "in", wanted]])
            self._accounts |= {row.code: row.id for row in rows if row.code}
            if missing := [code for code in wanted if code not in self._accounts]:
                raise drifted(f"account {', '.join(missing)}, which is not there")
        return self._accounts

    async def _period_id(self, on: date) -> int:
        period = await self._period(on)
        if period is None:
            refuse("period-closed", f"The books have no period for {on}.")
        return period.id

    async def _first_open_day(self, facility: str, day: date) -> date:
        """`day`, or the first day after it on which the facility's books are open."""
        while not self._is_open(facility, day, period := await self._period(day)):
            ends = [
                each.ends
                for each in self._supplement.closed_periods
                if each.facility == facility and each.starts <= day <= each.ends
            ]
            if period is not None and period.state != "open":
                ends.append(period.end_date)
            day = max(ends) + timedelta(days=1)
        return day


def sides(amount: Decimal) -> dict[str, Decimal]:
    return {"debit": max(amount, Decimal(0)), "credit": max(-amount, Decimal(0))}


def _line(entry: LedgerEntry, account: int, centres: dict[str, wire.AnalyticAccount], on: date) -> dict[str, Any]:
    values: dict[str, Any] = {"account": account, "description": entry.note or None, **sides(entry.amount)}
    if entry.party is not None:
        values["party"] = entry.party
    if entry.cost_centre:
        analytic = {"account": centres[entry.cost_centre].id, "date": on, **sides(entry.amount)}
        values["analytic_lines"] = [["create", [analytic]]]
    return values
