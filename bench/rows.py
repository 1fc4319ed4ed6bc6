"""The rows of one made-up case, as COPY takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property

from domain.capture import InvoiceCopy
from domain.hire_plan import Readiness
from domain.invoice import Invoice, Party
from tests.fixtures.evidence import a_snapshot, a_task, an_entry
from tests.fixtures.hire_stores import a_standing
from tests.fixtures.invoice_copies import line, totals

FACILITIES = ("north", "south", "east", "west", "lakeside", "riverside", "highland", "harbor")
CATEGORIES = 20
EACH_SUPPLIER, EACH_PERSON, EACH_COST_CENTRE, EACH_MANAGER, EACH_DEPARTMENT = 200, 300, 1000, 200, 100
"""Of so many cases one is each one's: a larger store has more people, and not longer pages."""
YEAR = timedelta(days=365)
WITH_COPIES = 4000
"""Of so many of the latest cases the invoices can be read: more than the measured report looks at."""
CODE = "off-contract"
ROLE = "cost-centre-owner"
ENTRIES = ("submitted", "checked", "task.opened", "decision.made")
_AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Numbered:
    """Case `number` of `total`, which came in evenly over the year before `until`. Of ten three are hires and
    three invoices.
    """

    number: int
    total: int
    until: datetime

    @cached_property
    def process(self) -> str:
        digit = self.number % 10
        return "hire-to-provision" if digit < 3 else "invoice-to-payment" if digit < 6 else "procure-to-pay"

    @cached_property
    def facility(self) -> str:
        return FACILITIES[self.number // 10 % len(FACILITIES)]

    @cached_property
    def case_id(self) -> str:
        return f"{self.process}.{self.facility}.N-{self.number}"

    @cached_property
    def submitted_at(self) -> datetime:
        return self.until - YEAR * ((self.total - self.number) / self.total)

    @cached_property
    def running(self) -> bool:
        """One in ten: the latest, and a few that wait for long."""
        return self.number > self.total * 0.92 or self.number % 50 == 7

    @property
    def waits(self) -> bool:
        return self.running and self.number % 3 > 0

    @property
    def status(self) -> str:
        if self.running:
            return "running"
        return "rejected" if self.number % 31 == 0 else "completed"

    def _one_of(self, share: int) -> int:
        """Evenly, and so that neighbours differ."""
        return self.number * 7919 // 10 % max(1, self.total // share)

    @property
    def requester(self) -> str:
        return f"person-{self._one_of(EACH_PERSON)}"

    @property
    def supplier(self) -> str:
        return f"S-{self._one_of(EACH_SUPPLIER)}"

    @property
    def cost_centre(self) -> str:
        return f"CC-{self._one_of(EACH_COST_CENTRE)}"

    @property
    def manager(self) -> str:
        return f"M-{self._one_of(EACH_MANAGER)}"

    @property
    def department(self) -> str:
        return f"D-{self._one_of(EACH_DEPARTMENT)}"

    @property
    def category(self) -> str:
        return f"category-{self.number % CATEGORIES}"

    @property
    def orders(self) -> tuple[str, ...]:
        """An invoice names the order of a purchase before it."""
        if self.process == "hire-to-provision":
            return ()
        return (f"PO-{self.number if self.process == 'procure-to-pay' else self.number - 6}",)

    @property
    def exception(self) -> str | None:
        return CODE if self.running and self.number % 3 == 1 else None


@dataclass(frozen=True)
class Table:
    """`rows` gives the values of a case's rows, in the order of `columns`."""

    name: str
    columns: Sequence[str]
    rows: Callable[[Numbered], Iterable[Sequence[object]]]

    def lines(self, case: Numbered) -> Iterator[str]:
        for row in self.rows(case):
            yield "\t".join(map(_text, row)) + "\n"


def _text(value: object) -> str:
    match value:
        case None:
            return r"\N"
        case bool():
            return "t" if value else "f"
        case tuple():
            return "{" + ",".join(map(str, value)) + "}"
        case _:
            return str(value)


_SNAPSHOT = a_snapshot(
    case_id="CASE.of.x",
    process="procure-to-pay",
    facility="FACILITY",
    requester="REQUESTER",
    suppliers=("SUPPLIER",),
    cost_centres=("CENTRE",),
    categories=("CATEGORY",),
    next_step="The cost-centre owner decides",
    policy_version="2026-1",
    policy_sha256="0" * 64,
    request_sha256="1" * 64,
).model_dump_json()
_TASK = a_task("TASK", "CASE.of.x", role=ROLE, facility="FACILITY").model_dump_json()
_ENTRY = an_entry(1, kind="KIND", detail={"rule": "over-100", "amount": "120.50 USD"}).model_dump_json()


def _snapshot(case: Numbered) -> str:
    at = case.submitted_at.isoformat()
    return (
        _SNAPSHOT.replace("CASE.of.x", case.case_id)
        .replace('"process":"procure-to-pay"', f'"process":"{case.process}"')
        .replace('"stage":"approval"', f'"stage":"{_stage(case)}"')
        .replace('"status":"running"', f'"status":"{case.status}"')
        .replace("FACILITY", case.facility)
        .replace("REQUESTER", case.requester)
        .replace("SUPPLIER", case.supplier)
        .replace("CENTRE", case.cost_centre)
        .replace("CATEGORY", case.category)
        .replace("2026-03-02T14:30:00Z", at)
    )


def _stage(case: Numbered) -> str:
    return ("approval" if case.waits else "delivery") if case.running else "closed"


def _case(case: Numbered) -> Iterator[Sequence[object]]:
    waiting = case.submitted_at if case.waits else None
    yield (
        *(case.case_id, 1, case.process, case.facility, _stage(case), case.status, case.requester),
        *(ROLE if case.waits else None, waiting, case.exception, case.number % 25 == 4, case.submitted_at),
        *((case.supplier,), case.orders, _snapshot(case)),
    )


def _supplier(case: Numbered) -> Iterator[Sequence[object]]:
    yield case.case_id, case.supplier, case.facility, case.submitted_at


def _cost_centre(case: Numbered) -> Iterator[Sequence[object]]:
    yield case.facility, case.cost_centre, case.submitted_at, case.case_id


def _order(case: Numbered) -> Iterator[Sequence[object]]:
    if case.process == "procure-to-pay":
        yield case.orders[0], case.case_id


def _task(case: Numbered) -> Iterator[Sequence[object]]:
    status = "open" if case.waits else "done"
    body = _TASK.replace("TASK", f"T-{case.case_id}").replace("CASE.of.x", case.case_id)
    body = body.replace("FACILITY", case.facility).replace('"status":"open"', f'"status":"{status}"')
    yield f"T-{case.case_id}", case.case_id, 1, status, case.submitted_at, body


def _offer(case: Numbered) -> Iterator[Sequence[object]]:
    if case.waits:
        for place in (case.facility, "*"):
            due = case.submitted_at + timedelta(days=2)
            yield f"role/{ROLE}/{place}", due, case.submitted_at, f"T-{case.case_id}", (case.requester,)


def _timeline(case: Numbered) -> Iterator[Sequence[object]]:
    """Not a chain that would hold: nobody verifies it."""
    for place, kind in enumerate(ENTRIES, start=1):
        at = case.submitted_at + timedelta(minutes=place)
        yield case.case_id, place, place, _ENTRY.replace("KIND", kind), "0" * 64, "0" * 64, at, 2


def _copy(case: Numbered) -> Iterator[Sequence[object]]:
    if case.process == "invoice-to-payment" and case.total - case.number < WITH_COPIES:
        copy = _COPY.replace("CASE.of.x", case.case_id)
        yield case.case_id, 1, "a" * 64, "corridor", case.submitted_at, copy


def _invoice() -> Invoice:
    return Invoice(
        number="F-1",
        kind="invoice",
        issued_on=_AT.date(),
        currency="USD",
        seller=Party(name="Acme Medical Inc"),
        buyer=Party(name="North Hospital"),
        lines=(line(),),
        totals=totals("125.00"),
    )


_COPY = InvoiceCopy(
    case_id="CASE.of.x", version=1, document_sha256="a" * 64, format="ubl-invoice", invoice=_invoice(), at=_AT
).model_dump_json()


def _registered(case: Numbered) -> Iterator[Sequence[object]]:
    if case.process == "invoice-to-payment":
        number = f"F{case.number}"
        yield (
            *(case.case_id, case.facility, case.supplier, number, number, "invoice", Decimal(case.number % 3000)),
            *("USD", case.submitted_at.date(), case.orders, f"hash-{case.number}"),
            *("matched" if case.running else "paid", case.submitted_at),
        )


_STANDING = a_standing(
    "X", case_id="CASE.of.x", facility="FACILITY", manager="MANAGER", department="DEPARTMENT",
    readiness=Readiness(state="at-risk"),
).model_dump_json()  # fmt: skip


def start_of(case: Numbered) -> date:
    return (case.submitted_at + timedelta(days=30)).date()


def _standing(case: Numbered) -> Iterator[Sequence[object]]:
    if case.process == "hire-to-provision":
        state = "not-ready" if case.running and case.number % 3 == 0 else "at-risk" if case.running else "ready"
        body = (
            _STANDING.replace("CASE.of.x", case.case_id)
            .replace("FACILITY", case.facility)
            .replace("MANAGER", case.manager)
            .replace("DEPARTMENT", case.department)
            .replace('"start_on":"2026-04-01"', f'"start_on":"{start_of(case)}"')
        )
        place = (case.facility, case.manager, case.department)
        yield case.case_id, 1, *place, start_of(case), state, not case.running, body


_CASE_COLUMNS = [
    "case_id",
    "version",
    "process",
    "facility",
    "stage",
    "status",
    "requester",
    "awaiting_role",
    "awaiting_since",
    "exception_code",
    "emergency",
    "submitted_at",
    "suppliers",
    "order_numbers",
    "snapshot",
]
_REGISTER_COLUMNS = [
    "case_id",
    "facility",
    "supplier",
    "number",
    "number_key",
    "kind",
    "amount",
    "currency",
    "issued_on",
    "order_numbers",
    "document_sha256",
    "state",
    "registered_at",
]
ROWS: Sequence[Table] = (
    Table("cases", _CASE_COLUMNS, _case),
    Table("case_suppliers", ("case_id", "supplier", "facility", "submitted_at"), _supplier),
    Table("case_cost_centres", ("facility", "cost_centre", "submitted_at", "case_id"), _cost_centre),
    Table("case_orders", ("order_number", "case_id"), _order),
    Table("tasks", ("task_id", "case_id", "version", "status", "opened_at", "body"), _task),
    Table("worklist", ("audience", "due_at", "opened_at", "task_id", "excluded"), _offer),
    Table(
        "timeline",
        ("case_id", "position", "seq", "body", "previous_hash", "hash", "recorded_at", "scheme"),
        _timeline,
    ),
    Table("invoice_copies", ("case_id", "version", "document_sha256", "made_by", "made_at", "body"), _copy),
    Table("invoice_register", _REGISTER_COLUMNS, _registered),
    Table(
        "hire_standings",
        ("case_id", "version", "facility", "manager", "department", "start_on", "state", "closed", "standing"),
        _standing,
    ),
)
