"""The questions of screens and reports, asked of stores of different sizes: a page must cost what a page costs."""

from __future__ import annotations

import asyncio
import math
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from adapters.paging import Cursor
from adapters.postgres.documents import PostgresDocuments
from adapters.postgres.hire_standings import PostgresHireStandings
from adapters.postgres.invoice_register import PostgresInvoiceRegister
from adapters.postgres.overrides import PostgresOverrides
from adapters.postgres.payment_ledger import PostgresPaymentLedger
from adapters.postgres.pool import Pool, open_pool
from adapters.postgres.reader import PostgresReader
from bench.filled import Filled, filled, postgres
from bench.gateway import Gateway, OnePolicy, services_of
from bench.rows import CODE, FACILITIES, ROLE, Numbered
from domain.facility import Facility
from domain.people import Actor
from domain.ports.evidence import CaseFilter, SpendFilter
from domain.ports.hire_standings import HireFilter
from tests.fixtures.small_hospital import FACILITY, policy

PAGE = 20
MOST_TIMES_SLOWER = 2
EVERYBODY = ("*",)
INVOICES, HIRES = 25, 100
"""In the periods of the reports: about as many at each size, so that their answers are as long."""
_NEAR: Mapping[str, object] = {"facilities": FACILITIES[:4]}
Question = Callable[[Numbered], Awaitable[object]]


@dataclass(frozen=True)
class Answered:
    """Of one size: the milliseconds that each question took, by its name."""

    cases: int
    milliseconds: Mapping[str, Sequence[float]]

    def p50(self, name: str) -> float:
        return statistics.median(self.milliseconds[name])


async def measure(sizes: Sequence[int], times: int) -> list[Answered]:
    """Each question is asked `times` times of each size, about cases from all over the year. All sizes stand beside one
    another and are asked in turns, so that whatever else the machine does hits all.
    """
    with postgres() as server:
        stores = [await filled(server, cases) for cases in sizes]
        pools = [await open_pool(store.dsn, max_size=10, statement_timeout_ms=60_000) for store in stores]
        try:
            asked = [_questions(store, pool) for store, pool in zip(stores, pools, strict=True)]
            taken: list[dict[str, list[float]]] = [{name: [] for name in questions} for questions in asked]
            for name in asked[0]:
                for place in range(-2, times):  # the first two warm up
                    for store, questions, found in zip(stores, asked, taken, strict=True):
                        milliseconds = await _timed(questions[name], _case(store, place, times))
                        if place >= 0:
                            found[name].append(milliseconds)
        finally:
            await asyncio.gather(*(pool.close() for pool in pools))
    return [Answered(cases, found) for cases, found in zip(sizes, taken, strict=True)]


async def _timed(question: Question, about: Numbered) -> float:
    begun = time.perf_counter()
    await question(about)
    return (time.perf_counter() - begun) * 1000


def _case(store: Filled, place: int, times: int) -> Numbered:
    """Purchases from all over the year: of ten numbers those that end in 7."""
    number = max(1, math.floor(store.cases * (place % times + 0.5) / times) // 10 * 10 + 4)
    return Numbered(number, store.cases, store.until)


def _questions(store: Filled, pool: Pool) -> dict[str, Question]:
    return {**_of_cases(pool), **_of_one_case(pool), **_of_hires(pool), **_of_reports(store, pool)}


def _of_cases(pool: Pool) -> dict[str, Question]:
    reader = PostgresReader(pool)

    def listed(name: str, conditions: Callable[[Numbered], Mapping[str, object]]) -> tuple[str, Question]:
        async def page(case: Numbered) -> object:
            where = CaseFilter.model_validate({"facilities": EVERYBODY, **conditions(case)})
            return await reader.cases(where, None, PAGE)

        return f"cases: {name}", page

    async def deep(case: Numbered) -> object:
        after = str(Cursor("cases", case.submitted_at, case.case_id))
        return await reader.cases(CaseFilter(facilities=EVERYBODY), after, PAGE)

    async def worklist(_: Numbered) -> object:
        actor = Actor(person="b.brown", roles=(ROLE, "buyer"), facilities=FACILITIES[:4])
        return await reader.worklist(actor, None, PAGE)

    async def everywhere(case: Numbered) -> object:
        after = str(Cursor("worklist", case.submitted_at, case.submitted_at, "T"))
        actor = Actor(person="b.brown", roles=(ROLE,), facilities=EVERYBODY)
        return await reader.worklist(actor, after, PAGE)

    return dict(
        [
            listed("all", lambda _: {}),
            ("cases: all, far down", deep),
            listed("of a facility", lambda case: {"facility": case.facility}),
            listed("of a process that run", lambda _: {"process": "invoice-to-payment", "status": "running"}),
            listed("in a stage", lambda _: {"stage": "approval", "facilities": FACILITIES[:4]}),
            listed("of a supplier", lambda case: {"supplier": case.supplier}),
            listed("of an order", lambda case: {"order_number": case.orders[0]}),
            listed("of a requester", lambda case: {"requester": case.requester}),
            listed("with an exception", lambda _: {"exception_code": CODE}),
            listed("that wait for long", lambda case: {"waiting_since_before": case.until - timedelta(days=60)}),
            ("worklist", worklist),
            ("worklist: everywhere, far down", everywhere),
        ]
    )


def _of_one_case(pool: Pool) -> dict[str, Question]:
    reader = PostgresReader(pool)

    async def spend(case: Numbered) -> object:
        day = case.submitted_at.date()
        near = SpendFilter(
            facility=case.facility,
            since=day - timedelta(days=8),
            until=day + timedelta(days=1),
            requester=case.requester,
            cost_centres=(case.cost_centre,),
            below=Decimal(5000),
        )
        return await reader.recent_spend(near)

    return {
        "case": lambda case: reader.case(case.case_id),
        "case: its tasks": lambda case: reader.tasks_of_case(case.case_id),
        "case: its timeline": lambda case: reader.timeline(case.case_id, None, PAGE),
        "case: the timeline of its family": lambda case: reader.family_timeline(case.case_id, None, PAGE),
        "case: requests like it": spend,
    }


def _of_hires(pool: Pool) -> dict[str, Question]:
    standings = PostgresHireStandings(pool)

    def listed(name: str, conditions: Callable[[Numbered], Mapping[str, object]]) -> tuple[str, Question]:
        async def page(case: Numbered) -> object:
            return await standings.hires(HireFilter.model_validate(conditions(case)), None, PAGE)

        return f"hires: {name}", page

    return dict(
        [
            listed("open", lambda _: {"open_only": True}),
            listed("open at facilities", lambda _: {"facilities": FACILITIES[:4], "open_only": True}),
            listed("of a manager", lambda case: {"manager": case.manager}),
            listed("of a department", lambda case: {"department": case.department}),
            listed("of a department at facilities", lambda case: {"department": case.department, **_NEAR}),
            listed("not ready", lambda _: {"state": "not-ready"}),
            listed("not ready at facilities", lambda _: {"state": "not-ready", **_NEAR}),
            listed("from a day on", lambda case: {"starts_from": case.submitted_at.date()}),
        ]
    )


class _Facilities(OnePolicy):
    """All of them, under one policy."""

    def facilities(self) -> tuple[Facility, ...]:
        return tuple(FACILITY.model_copy(update={"code": code}) for code in FACILITIES)


def _of_reports(store: Filled, pool: Pool) -> dict[str, Question]:
    reader = PostgresReader(pool)
    gateway = Gateway(
        lambda tokens: services_of(
            tokens,
            policies=_Facilities(policy()),
            reader=reader,
            claims=reader,
            documents=PostgresDocuments(pool),
            register=PostgresInvoiceRegister(pool),
            payments=PostgresPaymentLedger(pool),
            overrides=PostgresOverrides(pool),
            hires=PostgresHireStandings(pool),
        )
    )
    invoices = Numbered(max(1, store.cases - INVOICES * 10 // 3), store.cases, store.until).submitted_at
    last = (store.until + timedelta(days=30)).date()
    days = HIRES * 365 * 10 // 3 // store.cases
    first, where = last - timedelta(days=days), "" if days else f"&facility={FACILITIES[0]}"

    def report(path: str) -> Question:
        async def ask(_: Numbered) -> object:
            return await gateway.get(path, "owner", roles=("process-owner",), facilities=EVERYBODY)

        return ask

    def at(moment: object) -> str:
        return str(moment).replace(" ", "T").replace("+", "%2B")

    return {
        "report: emergency purchases": report(f"/v1/reports/emergency?until={at(store.until)}"),
        "report: leave to combine duties": report("/v1/reports/segregation-overrides"),
        f"report: {INVOICES} invoices": report(
            f"/v1/reports/invoices?from={at(invoices)}&until={at(store.until + timedelta(seconds=1))}"
        ),
        f"report: {HIRES} hires": report(f"/v1/reports/hires?from={first}&until={last}{where}"),
    }


def rows(answers: Sequence[Answered]) -> Iterator[list[str]]:
    """For a table: each question with its medians, and how many times the first size's the last one's is."""
    first, last = answers[0], answers[-1]
    for name in first.milliseconds:
        times = [f"{each.p50(name):.2f}" for each in answers]
        yield [name, *times, f"{last.p50(name) / first.p50(name):.2f}", f"<= {MOST_TIMES_SLOWER}"]
