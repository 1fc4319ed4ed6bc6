"""What is wrong with a requisition before anything outside is asked: every fault at once, each with its field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from domain.categories import CATEGORIES, is_known
from domain.facility import Facility
from domain.faults import Fault
from domain.quantity import UNITS
from domain.requisition import CostShare, Requisition, RequisitionLine

JUSTIFICATION_CHARACTERS = 20
YEARS_AHEAD = 2
# Bounds that keep every sum of 200 lines within what a Money holds; above them it is a typing error, not a purchase.
MAX_QUANTITY = Decimal(1_000_000)
MAX_UNIT_PRICE = Decimal(100_000_000)
MAX_LINE_AMOUNT = Decimal(1_000_000_000)


def faults_of(requisition: Requisition, facility: Facility | None, today: date) -> tuple[Fault, ...]:
    """Every reason why the requisition cannot be taken in; empty when it can.

    `today` is the day at the facility. What only the system of record knows (items, suppliers, cost centres) is not
    looked at here.
    """
    return (
        *_header_faults(requisition, facility, today),
        *_repeated_line_numbers(requisition.lines),
        *(
            fault
            for index, line in enumerate(requisition.lines)
            for fault in line_faults(line, f"/lines/{index}", requisition.currency, today)
        ),
    )


def line_faults(line: RequisitionLine, pointer: str, currency: str, today: date | None = None) -> Iterator[Fault]:
    """Faults of one line. Dates are left out when `today` is None: a correction does not change them."""
    yield from _number_faults(line, pointer, currency)
    yield from _content_faults(line, pointer)
    yield from cost_faults(line.costs, f"{pointer}/costs")
    if today is not None and line.need_by is not None:
        yield from _date_faults(line.need_by, f"{pointer}/need_by", today)


def _header_faults(requisition: Requisition, facility: Facility | None, today: date) -> Iterator[Fault]:
    if facility is None:
        yield Fault(
            pointer="/facility",
            code="unknown-facility",
            message=f"There is no facility '{requisition.facility}'; send the code of one that buys here.",
        )
    elif requisition.currency != facility.currency:
        yield Fault(
            pointer="/currency",
            code="currency-mismatch",
            message=f"{facility.name} buys in {facility.currency}; send all amounts in {facility.currency}.",
        )
    yield from _date_faults(requisition.need_by, "/need_by", today)
    if requisition.on_behalf_of == requisition.requester:
        yield Fault(
            pointer="/on_behalf_of",
            code="on-behalf-of-self",
            message="Leave on_behalf_of out when the requester needs the goods.",
        )
    if requisition.urgency == "emergency" and len(requisition.justification.strip()) < JUSTIFICATION_CHARACTERS:
        yield Fault(
            pointer="/justification",
            code="justification-required",
            message=f"Say in at least {JUSTIFICATION_CHARACTERS} characters why this is an emergency.",
        )


def _date_faults(need_by: date, pointer: str, today: date) -> Iterator[Fault]:
    latest = years_after(today, YEARS_AHEAD)
    if need_by < today:
        message = f"{need_by} has passed; send {today} or a later day."
        yield Fault(pointer=pointer, code="date-in-the-past", message=message)
    elif need_by > latest:
        message = f"{need_by} is too far ahead; send a day up to {latest}."
        yield Fault(pointer=pointer, code="date-too-far-ahead", message=message)


def years_after(day: date, years: int) -> date:
    """The same day of a later year, or an earlier one when `years` is negative; the last of February stands for its
    29th, the last and the first day there are for any beyond them."""
    if day.year + years > date.max.year:
        return date.max
    if day.year + years < date.min.year:
        return date.min
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _repeated_line_numbers(lines: Sequence[RequisitionLine]) -> Iterator[Fault]:
    seen: dict[int, int] = {}
    for index, line in enumerate(lines):
        first = seen.setdefault(line.line, index)
        if first != index:
            yield Fault(
                pointer=f"/lines/{index}/line",
                code="duplicate-line",
                message=f"Line number {line.line} is used by /lines/{first} already; give each line its own.",
            )


def _number_faults(line: RequisitionLine, pointer: str, currency: str) -> Iterator[Fault]:
    quantity, price = line.quantity, line.unit_price
    if quantity.value <= 0:
        yield Fault(
            pointer=f"{pointer}/quantity/value", code="not-positive", message="Send a quantity greater than zero."
        )
    if quantity.value > MAX_QUANTITY:
        yield Fault(
            pointer=f"{pointer}/quantity/value",
            code="too-large",
            message=f"Send a quantity of at most {MAX_QUANTITY:f}; split larger needs over lines.",
        )
    if quantity.unit not in UNITS:
        yield Fault(
            pointer=f"{pointer}/quantity/unit",
            code="unknown-unit",
            message=f"'{quantity.unit}' is no unit in use here; send one of {', '.join(UNITS)}.",
        )
    if price is None:
        return
    if price.amount > MAX_UNIT_PRICE:
        yield Fault(
            pointer=f"{pointer}/unit_price/amount",
            code="too-large",
            message=f"Send a price of at most {MAX_UNIT_PRICE:f} {currency}.",
        )
    if price.amount <= 0:
        yield Fault(
            pointer=f"{pointer}/unit_price/amount", code="not-positive", message="Send a price greater than zero."
        )
    if price.currency != currency:
        yield Fault(
            pointer=f"{pointer}/unit_price/currency",
            code="currency-mismatch",
            message=f"The requisition is in {currency}; send the price in {currency} as well.",
        )
    # Only a quantity within its own bound is multiplied: the product then always fits the decimal context.
    if 0 < quantity.value <= MAX_QUANTITY and quantity.value * price.amount > MAX_LINE_AMOUNT:
        yield Fault(
            pointer=pointer,
            code="too-large",
            message=f"Quantity times price exceeds {MAX_LINE_AMOUNT:f} {currency}; check both.",
        )


def _content_faults(line: RequisitionLine, pointer: str) -> Iterator[Fault]:
    if line.category is not None and not is_known(line.category):
        yield Fault(
            pointer=f"{pointer}/category",
            code="unknown-category",
            message=f"'{line.category}' is no category; send one of {', '.join(CATEGORIES)}.",
        )
    if line.item is not None:
        if not line.item:
            yield Fault(
                pointer=f"{pointer}/item",
                code="required",
                message="Send a catalogue code, or leave item out and describe what is needed.",
            )
        return
    for field in ("description", "category", "unit_price"):
        if getattr(line, field) is None:
            yield Fault(
                pointer=f"{pointer}/{field}",
                code="required",
                message=f"A line without a catalogue item needs {field}; send it, or name an item.",
            )


def cost_faults(costs: Sequence[CostShare], pointer: str) -> Iterator[Fault]:
    """Faults of the cost split of one line; `pointer` leads to the list of shares."""
    for index, share in enumerate(costs):
        if share.percent <= 0:
            yield Fault(
                pointer=f"{pointer}/{index}/percent",
                code="not-positive",
                message="Send a percentage greater than zero, or leave the share out.",
            )
    total = sum((share.percent for share in costs), Decimal(0))
    if total != 100:
        yield Fault(
            pointer=pointer,
            code="shares-not-100",
            message=f"The shares sum to {total.normalize():f} percent; make them sum to 100.",
        )
    for centre, count in Counter(share.cost_centre for share in costs).items():
        if count > 1:
            yield Fault(
                pointer=pointer,
                code="duplicate-cost-centre",
                message=f"Cost centre {centre} has {count} shares; send one share for it.",
            )
