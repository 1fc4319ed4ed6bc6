"""How a supplier's answer compares with the order, and what the order becomes when the answer is taken."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from domain.model import Value
from domain.policy.model import Tolerances
from domain.purchase import AcknowledgedLine, Acknowledgement, OrderLine, PlacedOrder
from domain.tolerance import LineTolerances, least_complete, most_receivable, price_tolerated


class Difference(Value):
    """One point in which the answer is not the order. What is `tolerated` needs no person.

    `what` is 'unknown' when the supplier answers a line that is not on the order.
    """

    line: int
    what: Literal["price", "quantity", "date", "backordered", "rejected", "unknown"]
    expected: str
    answered: str
    tolerated: bool


def differences(order: PlacedOrder, answer: Acknowledgement, tolerances: LineTolerances) -> tuple[Difference, ...]:
    """Every difference, line by line; lines that the answer leaves out are accepted as they stand.

    What the answer says counts, also under the status 'accepted': suppliers' systems are not careful with it.
    """
    lines = {line.line: line for line in order.lines}
    found: list[Difference] = []
    for said in answer.lines:
        line = lines.get(said.line)
        if line is None:
            found.append(
                Difference(
                    line=said.line, what="unknown", expected="no such line", answered=said.status, tolerated=False
                )
            )
        elif _refused(said):
            found.append(
                Difference(
                    line=said.line, what="rejected", expected=str(line.quantity), answered="nothing", tolerated=False
                )
            )
        else:
            found.extend(_of_line(line, said, tolerances.of(line.line)))
    return tuple(found)


def _refused(said: AcknowledgedLine) -> bool:
    return said.status == "rejected" or (said.quantity is not None and said.quantity <= 0)


def _of_line(line: OrderLine, said: AcknowledgedLine, tolerances: Tolerances) -> Iterator[Difference]:
    yield from _price(line, said, tolerances)
    yield from _quantity(line, said, tolerances)
    yield from _date(line, said, tolerances)


def _price(line: OrderLine, said: AcknowledgedLine, tolerances: Tolerances) -> Iterator[Difference]:
    if said.unit_price is None or said.unit_price == line.unit_price:
        return
    quantity = line.quantity.value if said.quantity is None else said.quantity
    yield Difference(
        line=line.line,
        what="price",
        expected=f"{line.unit_price.amount:f} {line.unit_price.currency}",
        answered=f"{said.unit_price.amount:f} {said.unit_price.currency}",
        tolerated=said.unit_price.amount > 0
        and price_tolerated(line.unit_price, said.unit_price, quantity, tolerances),
    )


def _quantity(line: OrderLine, said: AcknowledgedLine, tolerances: Tolerances) -> Iterator[Difference]:
    ordered = line.quantity.value
    if said.quantity is None or said.quantity == ordered:
        return
    yield Difference(
        line=line.line,
        what="quantity",
        expected=str(line.quantity),
        answered=str(line.quantity.of(said.quantity)),
        tolerated=least_complete(ordered, tolerances) <= said.quantity <= most_receivable(ordered, tolerances),
    )


def _date(line: OrderLine, said: AcknowledgedLine, tolerances: Tolerances) -> Iterator[Difference]:
    """A delivery before the day on which it is needed disturbs nobody; later than the tolerated days does."""
    day = said.delivery_date
    if said.status == "backordered":
        tolerated = day is not None and day <= _latest(line.need_by, tolerances)
        answered = day.isoformat() if day else "no date"
        yield Difference(
            line=line.line,
            what="backordered",
            expected=line.need_by.isoformat(),
            answered=answered,
            tolerated=tolerated,
        )
    elif day is not None and day != line.need_by:
        yield Difference(
            line=line.line,
            what="date",
            expected=line.need_by.isoformat(),
            answered=day.isoformat(),
            tolerated=day <= _latest(line.need_by, tolerances),
        )


def _latest(need_by: date, tolerances: Tolerances) -> date:
    return need_by + timedelta(days=min(tolerances.delivery_days, (date.max - need_by).days))


def agreed_lines(order: PlacedOrder, answer: Acknowledgement) -> tuple[OrderLine, ...]:
    """All lines of the order as the answer would make them; a refused line comes out with a quantity of zero.

    Where a line is answered more than once, the last answer counts. A price of zero or less, and one in another
    currency, is no answer that an order can take over: the ordered price stays.
    """
    answers = {said.line: said for said in answer.lines}
    return tuple(_agreed(line, answers.get(line.line)) for line in order.lines)


def _agreed(line: OrderLine, said: AcknowledgedLine | None) -> OrderLine:
    if said is None:
        return line
    if _refused(said):
        return line.model_copy(update={"quantity": line.quantity.of(Decimal(0))})
    price, quantity = said.unit_price, said.quantity
    usable = price is not None and price.amount > 0 and price.currency == line.unit_price.currency
    return line.model_copy(
        update={
            "unit_price": price if usable else line.unit_price,
            "quantity": line.quantity if quantity is None else line.quantity.of(quantity),
            "need_by": said.delivery_date or line.need_by,
        }
    )


def promised_by(order: PlacedOrder, answer: Acknowledgement | None) -> date:
    """The day by which everything that is still ordered should be there: the latest promise, or the need-by date of
    lines without one. Raises ValueError for an order without lines.
    """
    lines = agreed_lines(order, answer) if answer else order.lines
    return max(line.need_by for line in ([line for line in lines if line.quantity.value > 0] or lines))
