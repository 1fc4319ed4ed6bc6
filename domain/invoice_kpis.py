"""How well bills are handled: the measures that accounts payable are compared by, from facts of single invoices.

A number always comes with the cases behind it, and a duration as median and ninetieth percentile, never as an average
alone: one invoice that waited for a year hides behind many quick ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from pydantic import AwareDatetime

from domain.model import Value
from domain.money import Money

Missed = Literal["late-receipt", "late-match", "late-approval", "late-payment", "not-worth-it"]


class InvoiceFacts(Value):
    """What is to be known of one invoice; instants in UTC, None where it did not get there yet.

    `human_actions` counts what people did between its arrival and its approval for payment; `exceptions` are the codes
    that it raised. `first_pass_lines` matched on the first run, of `order_lines` that an order backs.
    """

    case_id: str
    received_at: AwareDatetime
    approved_at: AwareDatetime | None = None
    paid_at: AwareDatetime | None = None
    human_actions: int = 0
    exceptions: tuple[str, ...] = ()
    order_lines: int = 0
    first_pass_lines: int = 0
    discount_offered: Money | None = None
    discount_taken: Money | None = None
    discount_missed: Missed | None = None
    duplicate: Literal["none", "before-payment", "after-payment"] = "none"


class Rate(Value):
    """`part` of `whole`, and the cases that make the part. `value` is None where there is nothing to divide by."""

    part: Decimal
    whole: Decimal
    cases: tuple[str, ...] = ()

    @property
    def value(self) -> Decimal | None:
        return self.part / self.whole if self.whole else None


class Spread(Value):
    """Median and ninetieth percentile of `count` durations, by nearest rank; `slowest` are the cases beyond it."""

    p50: timedelta
    p90: timedelta
    count: int
    slowest: tuple[str, ...] = ()


def touchless(invoices: Iterable[InvoiceFacts]) -> Rate:
    """Invoices approved for payment with no human action after arrival, of all that were approved.

    As Ardent Partners count straight-through processing; invoices still under way are in neither number.
    """
    approved = [each for each in invoices if each.approved_at is not None]
    return _rate([each for each in approved if not each.human_actions], approved)


def first_pass_match(invoices: Iterable[InvoiceFacts]) -> Rate:
    """Invoice lines that matched with no exception on the first run, of those that an order backs.

    As Coupa's benchmark counts it: by lines, not by invoices. The cases are those of which every line did.
    """
    backed = [each for each in invoices if each.order_lines]
    return Rate(
        part=Decimal(sum(each.first_pass_lines for each in backed)),
        whole=Decimal(sum(each.order_lines for each in backed)),
        cases=tuple(each.case_id for each in backed if each.first_pass_lines == each.order_lines),
    )


def exception_rate(invoices: Iterable[InvoiceFacts], code: str | None = None) -> Rate:
    """Invoices with at least one exception, or with the one of `code`, of all invoices (Ardent Partners)."""
    everything = list(invoices)
    return _rate(
        [each for each in everything if (each.exceptions if code is None else code in each.exceptions)], everything
    )


def exceptions_by_code(invoices: Iterable[InvoiceFacts]) -> dict[str, Rate]:
    """The exception rate of each code that was raised, the most frequent first."""
    everything = list(invoices)
    counted = Counter(code for each in everything for code in set(each.exceptions))
    return {
        code: exception_rate(everything, code)
        for code, _ in sorted(counted.items(), key=lambda each: (-each[1], each[0]))
    }


def approval_time(invoices: Iterable[InvoiceFacts]) -> Spread | None:
    """From receipt to approval for payment, calendar time: the invoice cycle time of Ardent Partners."""
    return _spread(invoices, lambda each: each.approved_at)


def payment_time(invoices: Iterable[InvoiceFacts]) -> Spread | None:
    """From receipt to the booking of the payment, calendar time."""
    return _spread(invoices, lambda each: each.paid_at)


def discount_capture(invoices: Iterable[InvoiceFacts], currency: str) -> Rate:
    """Discounts taken of discounts offered, in money of one currency; the cases are those that missed some."""
    offered = [each for each in invoices if each.discount_offered and each.discount_offered.currency == currency]
    taken = [each.discount_taken or Money.zero(currency) for each in offered]
    return Rate(
        part=Money.total(taken, currency).amount,
        whole=Money.total((each.discount_offered for each in offered if each.discount_offered), currency).amount,
        cases=tuple(
            each.case_id
            for each, kept in zip(offered, taken, strict=True)
            if each.discount_offered and kept < each.discount_offered
        ),
    )


def discounts_missed(invoices: Iterable[InvoiceFacts], currency: str) -> dict[Missed, Money]:
    """What was offered and not taken, by its cause."""
    missed: dict[Missed, Money] = {}
    for each in invoices:
        offered = each.discount_offered
        if each.discount_missed is None or offered is None or offered.currency != currency:
            continue
        lost = offered - (each.discount_taken or Money.zero(currency))
        missed[each.discount_missed] = missed.get(each.discount_missed, Money.zero(currency)) + lost
    return missed


def duplicates_before_payment(invoices: Iterable[InvoiceFacts]) -> Rate:
    """Duplicates that were found before any money left, of all that were found at all."""
    found = [each for each in invoices if each.duplicate != "none"]
    return _rate([each for each in found if each.duplicate == "before-payment"], found)


def bank_rejects_per_thousand(rejected: Sequence[str], payments: int) -> Rate:
    """Payments that the bank refused or returned, per 1,000 payments; `rejected` are the ids of theirs."""
    return Rate(part=Decimal(len(rejected)) * 1000, whole=Decimal(payments), cases=tuple(rejected))


def _rate(part: Sequence[InvoiceFacts], whole: Sequence[InvoiceFacts]) -> Rate:
    return Rate(part=Decimal(len(part)), whole=Decimal(len(whole)), cases=tuple(each.case_id for each in part))


def _spread(invoices: Iterable[InvoiceFacts], reached: Callable[[InvoiceFacts], AwareDatetime | None]) -> Spread | None:
    """None where no invoice got there."""
    durations = sorted((at - each.received_at, each.case_id) for each in invoices if (at := reached(each)) is not None)
    if not durations:
        return None
    p90 = _nearest_rank(durations, 90)
    return Spread(
        p50=_nearest_rank(durations, 50),
        p90=p90,
        count=len(durations),
        slowest=tuple(case for duration, case in durations if duration > p90),
    )


def _nearest_rank(durations: Sequence[tuple[timedelta, str]], percent: int) -> timedelta:
    return durations[-(-len(durations) * percent // 100) - 1][0]
