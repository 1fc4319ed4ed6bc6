"""From bills to money: all bills are sent and dealt with, then paid, and counted in every system that knows of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict

from cli.demo.api import DemoApi, ProblemAnswerError
from cli.demo.bills.counting import BillRow, Outside, PaymentRow, bill_rows, book_faults, payment_rows
from cli.demo.bills.desk import NobodyAnswersError
from cli.demo.bills.paying import Bank, RunPlay, Treasury
from cli.demo.bills.play import BillPlay, BillPlayer, House
from cli.demo.bills.story import Bill
from cli.demo.patience import Patience
from cli.demo.play import CasePlay
from cli.stack.errors import StackError

Books = Callable[[], Awaitable[Outside]]
"""Reads what the ERP and the bank hold, from them and not from Corridor."""
REPORT_READER = "t.moran"
_SETTLED, _WAITING = frozenset({"settlement", "closed"}), frozenset({"payment"})
_CODES = {"closed-account": "payment-rejected", "return-later": "payment-returned"}
_FAULTS = (ProblemAnswerError, NobodyAnswersError, httpx.HTTPError, StackError, TimeoutError, ValueError)


class RunRow(BaseModel):
    """One payment run, and who decided on it."""

    model_config = ConfigDict(frozen=True)

    case_id: str
    payments: int
    total: Decimal
    status: str
    people: tuple[str, ...]
    files: tuple[str, ...]
    overlaps: bool


class Rate(BaseModel):
    model_config = ConfigDict(frozen=True)

    part: Decimal
    whole: Decimal

    def __str__(self) -> str:
        value = f"{100 * self.part / self.whole:.1f} %" if self.whole else "none"
        return f"{value} ({self.part:f} of {self.whole:f})"


class BillsVerdict(BaseModel):
    """How all bills ended. `reasons` are those of the whole, beside those of single rows."""

    model_config = ConfigDict(frozen=True)

    bills: tuple[BillRow, ...]
    payments: tuple[PaymentRow, ...]
    runs: tuple[RunRow, ...]
    touchless: Rate
    first_pass: Rate
    faults: tuple[str, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        told = [f"{row.number}: {reason}" for row in self.bills for reason in row.reasons]
        paid = [f"{row.payment_id}: {reason}" for row in self.payments for reason in row.reasons]
        return (*told, *paid, *self.faults)

    @property
    def matched(self) -> bool:
        return bool(self.bills) and not self.reasons


@dataclass(frozen=True)
class BillsShow:
    """The bills of the demonstration, the bank that pays them, and where they are counted. Nobody waits for payments
    any longer once nothing was new for `still_seconds`, or after `longest_seconds`.
    """

    bills: Sequence[Bill]
    house: House
    treasury: Treasury
    bank: Bank
    books: Books
    still_seconds: float = 60.0
    longest_seconds: float = 200.0

    async def run(self, api: DemoApi, purchases: Mapping[str, CasePlay], deadline_seconds: float) -> BillsVerdict:
        """Play and pay all bills beside the purchases. Whatever goes wrong is a reason in the verdict."""
        player = BillPlayer(self.house, self.bills, purchases)
        plays = list(player.plays.values())
        await player.play_all(deadline_seconds)
        faults: list[str] = []
        try:
            await self._pay(player, plays)
        except _FAULTS as error:
            faults.append(f"paying: {str(error) or type(error).__name__}")
        return await self._verdict(api, plays, faults)

    # Money

    async def _pay(self, player: BillPlayer, plays: Sequence[BillPlay]) -> None:
        payable = [each for each in plays if each.stage == "payment" and not each.failure]
        troubled = {each.case_id: each for each in payable if each.bill.bank is not None}
        for each in troubled.values():
            await self._trouble(each)
        count = Counter(each.facility for each in payable if each.case_id not in troubled)
        if not count:
            raise ValueError("no bill can be paid")
        busiest = count.most_common(1)[0][0]
        await self._round([busiest, *sorted({each.facility for each in payable})])
        smooth = [each for each in payable if each.case_id not in troubled]
        await self._until(player, smooth, _SETTLED)
        if not troubled:
            return
        await self.treasury.let_the_bank_work()
        await self._until(player, list(troubled.values()), _WAITING)
        for each in troubled.values():
            await self._untrouble(each)
        await self._round(sorted({each.facility for each in troubled.values()}))
        await self._until(player, list(troubled.values()), _SETTLED, again=False)

    async def _trouble(self, play: BillPlay) -> None:
        if play.bill.bank == "return-later":
            await self.bank.set_behaviour(_account(play), "return-later", days=1, reason="R03")
        else:
            await self.bank.set_closed(_account(play), closed=True)

    async def _untrouble(self, play: BillPlay) -> None:
        if play.bill.bank == "return-later":
            await self.bank.set_behaviour(_account(play), "accept")
        else:
            await self.bank.set_closed(_account(play), closed=False)

    async def _round(self, facilities: Sequence[str]) -> list[RunPlay]:
        runs = await self.treasury.pay(facilities, self._patience())
        await self.treasury.bank_has([name for run in runs for name in run.files], self._patience())
        await self.treasury.let_the_bank_work()
        return runs

    async def _until(
        self, player: BillPlayer, plays: Sequence[BillPlay], stages: frozenset[str], again: bool = True
    ) -> None:
        patience = self._patience()

        async def follow(play: BillPlay) -> None:
            after = _CODES.get(play.bill.bank or "", "") if again else ""
            try:
                async with patience.wait():
                    await player.follow(play, stages, after, patience)
            except _FAULTS as error:
                play.fail(str(error) or f"still in stage {play.stage} after the bank has worked")

        await asyncio.gather(*(follow(each) for each in plays))

    def _patience(self) -> Patience:
        return Patience(self.still_seconds, self.longest_seconds)

    # The count

    async def _verdict(self, api: DemoApi, plays: Sequence[BillPlay], faults: list[str]) -> BillsVerdict:
        timelines = {each.case_id: await _timeline(api, each) for each in plays}
        runs = self.treasury.runs
        for run in runs:
            run.payments = list((await api.payment_run(run.case_id))["payments"])
        outside = await self.books()
        touchless, first_pass = await _rates(api)
        return BillsVerdict(
            bills=tuple(bill_rows(plays, timelines, outside)),
            payments=tuple(payment_rows(runs, outside)),
            runs=tuple(_run_row(each, runs) for each in runs),
            touchless=touchless,
            first_pass=first_pass,
            faults=(*faults, *book_faults(outside, runs)),
        )


def _account(play: BillPlay) -> str:
    """Of the facility, at the bank: suppliers are paid by ACH."""
    return f"{play.facility}-ach"


def _run_row(run: RunPlay, runs: Sequence[RunPlay]) -> RunRow:
    return RunRow(
        case_id=run.case_id,
        payments=len(run.payments),
        total=run.total,
        status=run.status,
        people=tuple(dict.fromkeys(run.people)),
        files=tuple(run.names),
        overlaps=run.number > 1 or any(each.facility == run.facility and each.number > 1 for each in runs),
    )


async def _timeline(api: DemoApi, play: BillPlay) -> list[dict[str, Any]]:
    if not play.case_id:
        return []
    try:
        return await api.timeline(play.case_id)
    except (ProblemAnswerError, httpx.HTTPError) as error:
        play.fail(f"no timeline: {error}")
        return []


async def _rates(api: DemoApi) -> tuple[Rate, Rate]:
    """Over all facilities, as the API's own report counts them."""
    facilities = (await api.invoice_report(REPORT_READER))["facilities"]
    return _summed(facilities, "touchless"), _summed(facilities, "first_pass_match")


def _summed(facilities: Sequence[Mapping[str, Any]], name: str) -> Rate:
    parts = [each[name] for each in facilities]
    return Rate(
        part=sum((Decimal(str(each["part"])) for each in parts), Decimal(0)),
        whole=sum((Decimal(str(each["whole"])) for each in parts), Decimal(0)),
    )
