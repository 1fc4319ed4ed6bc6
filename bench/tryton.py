"""`python -m bench.tryton`: what a purchase asks of a real Tryton, and how long it takes against the same calls alone.

A whole purchase and the calls that it made, one after the other with nothing around them, take turns on one Tryton, so
that whatever else the machine does hits both. Corridor's own stores are in memory; Tryton has its PostgreSQL.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Annotated, Any, cast

import httpx
import typer
from pydantic import BaseModel, TypeAdapter
from rich.console import Console
from rich.table import Table
from temporalio.client import Client

from adapters.erp.tryton.adapter import TrytonErp
from adapters.erp.tryton.client import TrytonClient
from adapters.memory.erp_claims import MemoryErpClaims
from adapters.telemetry.logs import configure_logs
from bench.driving import Handle, Steps, see_through
from bench.purchases import Hospital
from bench.servers import server
from cli.case_runners import plain
from cli.settle import exit_settled
from domain.ports.erp import ErpPort
from domain.purchase import PlacedOrder
from domain.reference_system import ReferenceSystem
from tests.fixtures.erp_contract import answering
from tests.fixtures.postgres import running_postgres
from tests.fixtures.small_hospital import reference_system
from tests.fixtures.tryton import TrytonTestServer, serving_tryton
from worker import build_worker

GOAL = 1.2
_WARM_UP = 2


class Metered(httpx.AsyncBaseTransport):
    """Counts what is asked, by method."""

    def __init__(self) -> None:
        self._through = httpx.AsyncHTTPTransport()
        self.asked: Counter[str] = Counter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked[json.loads(request.content)["method"]] += 1
        return await self._through.handle_async_request(request)

    async def aclose(self) -> None:
        await self._through.aclose()


@dataclass(frozen=True)
class Call:
    """One call of the port: what it was given, what it took (seconds, requests), and the order it led to, if any."""

    method: str
    arguments: tuple[Any, ...]
    seconds: float
    requests: int
    order: str


@dataclass
class Recorder:
    """An ERP that notes what it is asked."""

    erp: ErpPort
    meter: Metered
    calls: list[Call] = field(default_factory=list)
    placed: list[PlacedOrder] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.erp, name)

        async def call(*arguments: Any) -> Any:
            began, before = time.perf_counter(), self.meter.asked.total()
            result = await method(*arguments)
            order = result.number if isinstance(result, PlacedOrder) else ""
            if name == "place_order":
                self.placed.append(result)
            took, requests = time.perf_counter() - began, self.meter.asked.total() - before
            self.calls.append(Call(name, arguments, took, requests, order))
            return result

        return call

    def forget(self) -> None:
        self.calls, self.placed = [], []


class TrytonHospital(Hospital):
    """Whose orders are in Tryton. Its people know the order's number without asking there."""

    def __init__(self, client: Client, recorder: Recorder) -> None:
        super().__init__(client)
        self._recorder = recorder
        self.ports = replace(self.ports, erp=cast(ErpPort, recorder))

    async def _order(self, handle: Handle) -> PlacedOrder:
        return next(each for each in self._recorder.placed if each.external_id.startswith(f"{handle.id}:"))


@dataclass(frozen=True)
class Round:
    """One purchase, and the same calls alone (seconds)."""

    case: float
    alone: float


@dataclass(frozen=True)
class Measured:
    rounds: tuple[Round, ...]
    calls: tuple[Call, ...]
    alone: tuple[Call, ...]
    asked: dict[str, float]
    load: float

    @property
    def ratio(self) -> float:
        return sum(each.case for each in self.rounds) / sum(each.alone for each in self.rounds)


async def measure(cases: int) -> Measured:
    os.environ.setdefault("CORRIDOR_TEST_TRYTON", "yes")
    today = datetime.now(UTC).date()
    system = reference_system(today)
    with running_postgres() as postgres:
        async with serving_tryton(postgres, system, "bench", today) as tryton, _recorder(tryton, system) as recorder:
            return await _rounds(recorder, cases)


@asynccontextmanager
async def _recorder(tryton: TrytonTestServer, system: ReferenceSystem) -> AsyncIterator[Recorder]:
    meter, settings = Metered(), tryton.settings
    async with httpx.AsyncClient(base_url=settings.url, transport=meter, timeout=settings.answer) as http:
        erp = TrytonErp(TrytonClient(http, settings, settings.bot), MemoryErpClaims(), system)
        await answering(erp)
        yield Recorder(erp, meter)


async def _rounds(recorder: Recorder, cases: int) -> Measured:
    steps, numbers, meter = Steps(), itertools.count(1), recorder.meter
    rounds: list[Round] = []
    of_cases: list[Call] = []
    of_alone: list[Call] = []
    asked: Counter[str] = Counter()
    async with server("memory") as client:
        hospital = TrytonHospital(client, recorder)
        async with build_worker(client, hospital.ports, runner=plain, interceptors=[steps]):
            for number in range(_WARM_UP + cases):
                recorder.forget()
                before, began = meter.asked.copy(), time.perf_counter()
                handle = await see_through(hospital.subject(), steps, next(numbers))
                case, made = time.perf_counter() - began, tuple(recorder.calls)
                spent = meter.asked - before
                alone = await _alone(recorder, handle.id, made)
                if number >= _WARM_UP:
                    rounds.append(Round(case, alone))
                    of_cases += made
                    of_alone += recorder.calls
                    asked += spent
    average = {method: count / cases for method, count in asked.most_common()}
    return Measured(tuple(rounds), tuple(of_cases), tuple(of_alone), average, os.getloadavg()[0])


async def _alone(recorder: Recorder, case: str, calls: Sequence[Call]) -> float:
    """The same calls for a case and an order of their own; how long they took (seconds)."""
    recorder.forget()
    renamed = {case: f"{case}-alone"}
    began = time.perf_counter()
    for call in calls:
        result = await getattr(recorder, call.method)(*(_renamed(each, renamed) for each in call.arguments))
        if call.order and isinstance(result, PlacedOrder):
            renamed[call.order] = result.number
    return time.perf_counter() - began


def _renamed(argument: Any, names: dict[str, str]) -> Any:
    """The same value with other names of the case and of its order."""
    kind: TypeAdapter[Any] = TypeAdapter(type(argument) if isinstance(argument, BaseModel) else Any)
    text = kind.dump_json(argument).decode()
    for old, new in names.items():
        text = text.replace(old, new)
    return kind.validate_json(text) if isinstance(argument, BaseModel | str | bool) else argument


def tables(measured: Measured) -> Sequence[Table]:
    cases = len(measured.rounds)
    steps = _table("Each call of the ERP port", "call", "requests", "ms in a case", "ms alone")
    for method in dict.fromkeys(call.method for call in measured.calls):
        ours, bare = ([call for call in calls if call.method == method] for calls in (measured.calls, measured.alone))
        times = (f"{1000 * statistics.mean(call.seconds for call in each):,.0f}" for each in (ours, bare))
        steps.add_row(method, f"{sum(call.requests for call in ours) / cases:.1f}", *times)
    asked = _table("Requests to Tryton per purchase", "method", "requests")
    for method, count in measured.asked.items():
        asked.add_row(method, f"{count:.1f}")
    asked.add_row("all", f"{sum(measured.asked.values()):.1f}", style="bold")
    whole = _table("A whole purchase", "what", "mean s", "best s")
    for name, seconds in (
        ("the purchase", [each.case for each in measured.rounds]),
        ("its calls alone", [each.alone for each in measured.rounds]),
    ):
        whole.add_row(name, f"{statistics.mean(seconds):.2f}", f"{min(seconds):.2f}")
    whole.add_row("ratio of the means", f"{measured.ratio:.2f}", f"goal <= {GOAL}")
    return steps, asked, whole


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def bench(
    cases: Annotated[int, typer.Option(min=1, help="How many purchases, and as many times their calls alone.")] = 10,
) -> None:
    """Measure a purchase on a real Tryton against the same calls alone. Tryton is built first where it is not there.

    Example: python -m bench.tryton --cases 20
    """
    configure_logs("bench", "ERROR")
    console = Console()
    with console.status("Measuring purchases on Tryton"):
        measured = asyncio.run(measure(cases))
    for table in tables(measured):
        console.print(table, "")
    console.print(f"{cases} purchases, one after the other; load average at the end {measured.load:.1f}")
    exit_settled(0)


if __name__ == "__main__":
    typer.run(bench)
