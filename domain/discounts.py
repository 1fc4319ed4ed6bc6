"""Early-payment discounts: what one is worth, until when it holds, and why one was missed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from domain.invoice import PaymentTerms
from domain.model import Value
from domain.money import Money

MissedBecause = Literal[
    "not-worth-taking", "received-late", "cleared-late", "held", "credit-exceeds-invoices", "paid-late", "not-taken"
]


def last_discount_day(issued_on: date, terms: PaymentTerms) -> date | None:
    """The last day on which money may arrive for the discount to hold; None when none is offered.

    A discount of everything is a mistake in the terms, and offers nothing.
    """
    if not 0 < terms.discount_percent < 100:
        return None
    return issued_on + timedelta(days=terms.discount_days)


def discount_of(amount: Money, terms: PaymentTerms) -> Money:
    """What may be kept of a payable amount, half up to the minor unit; never all of it."""
    discount = amount.times(terms.discount_percent / 100).rounded()
    return discount if Money.zero(amount.currency) < discount < amount else Money.zero(amount.currency)


def yearly_yield(terms: PaymentTerms) -> Decimal | None:
    """What early payment earns in a year, in percent to two places; None where nothing is offered, or where the net
    term gives no time to earn anything with.

    The usual formula of the cost of trade credit, without compounding: percent / (100 - percent) x 365 / (net days -
    discount days). Terms of 2/10 net 30 yield 37.24 %.
    """
    days = terms.net_days - terms.discount_days
    if not 0 < terms.discount_percent < 100 or days <= 0:
        return None
    exact = terms.discount_percent * 36500 / ((100 - terms.discount_percent) * days)
    return exact.quantize(Decimal("0.01"))


def is_worth_taking(terms: PaymentTerms, yield_at_least: Decimal) -> bool:
    """Whether the unrounded yearly yield in percent is at least so high.

    A discount that holds as long as the net term costs nothing to take.
    """
    if not 0 < terms.discount_percent < 100:
        return False
    days = max(terms.net_days - terms.discount_days, 0)
    return terms.discount_percent * 36500 >= yield_at_least * (100 - terms.discount_percent) * days


class DiscountHistory(Value):
    """What an invoice was offered and what came of it. Days are local to the facility.

    `amount` is what was payable, discount included. `received_on` is the day on which the document came in,
    `payable_on` that on which it was posted and free to be paid, `held_until` the last day of a hold (None: never
    held), `paid_on` the bank's booking day (None: not yet paid). `left_out` is why a run did not pay it in time.
    """

    case_id: str
    supplier: str
    amount: Money
    terms: PaymentTerms
    issued_on: date
    received_on: date
    payable_on: date | None = None
    held_until: date | None = None
    left_out: str = ""
    paid_on: date | None = None
    taken: Money


def missed_discount(history: DiscountHistory, today: date, yield_at_least: Decimal) -> MissedBecause | None:
    """Why an offered discount was missed: the first of these that holds. None when none was offered, when it was taken,
    and while it can still be.

    `not-worth-taking`: its yearly yield is below the policy's. `received-late`, `cleared-late`: the document came, or
    was matched and posted, after the last day. `held`: it was on hold on that day. `credit-exceeds-invoices`: the
    supplier owed more than it was owed. `paid-late`: money left after the day. `not-taken`: it left in time, in full.
    """
    last = last_discount_day(history.issued_on, history.terms)
    if last is None or history.taken or not discount_of(history.amount, history.terms):
        return None
    if not is_worth_taking(history.terms, yield_at_least):
        return "not-worth-taking"
    if history.paid_on is not None and history.paid_on <= last:
        return "not-taken"
    if today <= last:
        return None
    return _late(history, last)


def _late(history: DiscountHistory, last: date) -> MissedBecause:
    if history.received_on > last:
        return "received-late"
    if history.payable_on is None or history.payable_on > last:
        return "cleared-late"
    if history.held_until is not None and history.held_until >= last:
        return "held"
    if history.left_out == "credit-exceeds-invoices":
        return "credit-exceeds-invoices"
    return "paid-late"


class MissedDiscounts(Value):
    because: MissedBecause
    count: int
    amount: Money


class DiscountCapture(Value):
    """Discounts in money: offered = captured + missed + still open. `rate` is captured / (captured + missed) in
    percent to one place, None before any was decided. `missed` is by cause, the largest amount first.
    """

    offered: Money
    captured: Money
    still_open: Money
    missed: tuple[MissedDiscounts, ...]
    rate: Decimal | None


def discount_capture(
    histories: Iterable[DiscountHistory], currency: str, today: date, yield_at_least: Decimal
) -> DiscountCapture:
    """The discounts that these invoices were offered, in one currency. Raises CurrencyMismatchError for another."""
    offered = captured = still_open = Money.zero(currency)
    missed: dict[MissedBecause, list[Money]] = {}
    for history in histories:
        if last_discount_day(history.issued_on, history.terms) is None:
            continue
        offer = history.taken or discount_of(history.amount, history.terms)
        offered = offered + offer
        because = missed_discount(history, today, yield_at_least)
        if history.taken:
            captured = captured + offer
        elif because is None:
            still_open = still_open + offer
        else:
            missed.setdefault(because, []).append(offer)
    rows = [
        MissedDiscounts(because=because, count=len(amounts), amount=Money.total(amounts, currency))
        for because, amounts in missed.items()
    ]
    rows.sort(key=lambda row: (-row.amount.amount, row.because))
    lost = Money.total((row.amount for row in rows), currency)
    return DiscountCapture(
        offered=offered, captured=captured, still_open=still_open, missed=tuple(rows), rate=_rate(captured, lost)
    )


def _rate(captured: Money, lost: Money) -> Decimal | None:
    decided = captured + lost
    return (captured.amount * 100 / decided.amount).quantize(Decimal("0.1")) if decided else None
