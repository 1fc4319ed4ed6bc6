"""Payment runs: started, approved and released by different people, and what the bank makes of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Protocol

import httpx

from cli.demo.api import DemoApi, ProblemAnswerError
from cli.demo.bills.desk import Answers, BillDesk, NobodyAnswersError
from cli.demo.bills.files import amounts_of
from cli.demo.patience import Patience

STARTS, READS_FILES = "y.tanaka", "y.tanaka"
_LOOK_SECONDS, _LOOK_AFTER_SECONDS = 0.7, 5.0
_NOT_FOUND = 404
# The bank settles on a business day; the statement of that day is out on the next one.
_DAYS_UNTIL_BOOKED = 5


class Bank(Protocol):
    """The bank as far as the demonstration moves it: its clock, and what it does with one account's payments."""

    async def today(self) -> date: ...

    async def advance_to(self, day: date) -> date: ...

    async def set_behaviour(self, account: str, behaviour: Any, **parameters: object) -> None: ...

    async def set_closed(self, account: str, *, closed: bool) -> None: ...

    async def payments(self) -> Sequence[Mapping[str, Any]]: ...


@dataclass
class RunPlay:
    """One payment run. `files` holds the amounts of its files by payment id, `payments` what it claimed,
    `people` who approved and released it."""

    case_id: str
    facility: str
    number: int
    status: str = ""
    payments: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, Decimal] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    people: list[str] = field(default_factory=list)

    @property
    def total(self) -> Decimal:
        return sum((Decimal(each["amount"]["amount"]) for each in self.payments), Decimal(0))


class Treasury:
    """Pays what is due. `runs` are all that were started, in this sequence; `answers` what people answer to exceptions
    of a run."""

    def __init__(self, api: DemoApi, desk: BillDesk, bank: Bank, answers: Answers | None = None) -> None:
        self._api, self._desk, self._bank, self._answers = api, desk, bank, answers or {}
        self.runs: list[RunPlay] = []

    async def pay(self, facilities: Iterable[str], patience: Patience) -> list[RunPlay]:
        """Start a run for each facility, all at once; a facility that is named twice gets two runs that overlap. Then
        see each through until the bank has its files, or it has nothing to pay. Raises TimeoutError.
        """
        wanted = list(facilities)
        async with patience.wait():
            cases = await asyncio.gather(*(self._api.start_run(STARTS, each) for each in wanted))
            begun = [
                RunPlay(case, place, wanted[:at].count(place) + 1) for at, (case, place) in _numbered(cases, wanted)
            ]
            self.runs += begun
            await asyncio.gather(*(self._see_through(each, patience) for each in begun))
        return begun

    async def _see_through(self, run: RunPlay, patience: Patience) -> None:
        while True:
            detail = await self._case(run)
            if detail is not None:
                patience.saw(run.case_id, detail["case"]["version"])
                await self._desk.answer(detail["tasks"], self._answers, {})
                if detail["case"]["stage"] == "closed" or await self._is_out(run, detail):
                    run.status = str(detail["case"]["status"])
                    await self.read(run)
                    return
            await asyncio.sleep(_LOOK_SECONDS)

    async def _case(self, run: RunPlay) -> dict[str, Any] | None:
        try:
            return await self._api.case(run.case_id)
        except ProblemAnswerError as error:
            if error.status != _NOT_FOUND:
                raise
            return None

    async def _is_out(self, run: RunPlay, detail: Mapping[str, Any]) -> bool:
        """Whether every payment is with the bank."""
        if detail["case"]["stage"] not in ("payment", "settlement") or detail["tasks"]:
            return False
        payments = (await self._api.payment_run(run.case_id))["payments"]
        return bool(payments) and all(each["state"] != "proposed" for each in payments)

    async def read(self, run: RunPlay) -> None:
        """How the run stands now: what it claimed, its files, and who approved and released it."""
        run.files, run.names, run.people = {}, [], []
        run.payments = list((await self._api.payment_run(run.case_id))["payments"])
        for entry in await self._api.timeline(run.case_id):
            if entry["kind"] == "payments.delivered":
                message = str(entry["detail"]["message_id"])
                content = await self._api.payment_file(READS_FILES, run.case_id, message)
                run.files |= amounts_of(content)
                run.names.append(message)
            elif entry["kind"] == "decision.applied" and entry["detail"].get("action") in ("approve", "release"):
                run.people.append(str(entry["actor"]))

    async def look_after(self) -> None:
        """Answer what the runs ask after their files are out, such as when the ERP was away; until cancelled."""
        while True:
            for run in self.runs:
                with contextlib.suppress(ProblemAnswerError, NobodyAnswersError, httpx.HTTPError):
                    await self._desk.answer((await self._api.case(run.case_id))["tasks"], self._answers, {})
            await asyncio.sleep(_LOOK_AFTER_SECONDS)

    async def let_the_bank_work(self) -> None:
        """Move the bank's clock past the day on which it settles, day by day, so that each has its statement."""
        for _ in range(_DAYS_UNTIL_BOOKED):
            await self._bank.advance_to(await self._bank.today() + timedelta(days=1))

    async def bank_has(self, payments: Iterable[str], patience: Patience) -> None:
        """Until the bank has decided on all of these. Raises TimeoutError."""
        wanted = set(payments)
        async with patience.wait():
            while missing := wanted - {str(each["end_to_end_id"]) for each in await self._bank.payments()}:
                patience.saw("missing", missing)
                await asyncio.sleep(_LOOK_SECONDS)


def _numbered(cases: Sequence[str], places: Sequence[str]) -> Iterable[tuple[int, tuple[str, str]]]:
    return enumerate(zip(cases, places, strict=True))
