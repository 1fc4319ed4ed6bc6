"""Putting the invoices of one supplier together into payments, its credit notes deducted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from domain.model import Value
from domain.money import Money
from domain.payment import PayableInvoice

Lane = tuple[str, str]
"""Method and account: one payment goes one way to one account."""


class Due(NamedTuple):
    """An invoice that is to be paid now, and the discount that is kept of it."""

    invoice: PayableInvoice
    discount: Money

    @property
    def net(self) -> Money:
        return self.invoice.amount - self.discount


class Group(Value):
    """What one payment settles: invoices with their discounts, then the credit notes that are deducted from them."""

    lane: Lane
    dues: tuple[Due, ...]
    credits: tuple[PayableInvoice, ...] = ()
    net: Money

    def less(self, credit: PayableInvoice) -> Group:
        return self.model_copy(update={"credits": (*self.credits, credit), "net": self.net + credit.amount})

    def has_room_for(self, credit: PayableInvoice) -> bool:
        """Whether something is left to pay when the credit note is deducted."""
        return (self.net + credit.amount).amount > 0


class Netted(NamedTuple):
    """`left` are what the supplier's credit notes leave nothing of, and credit notes that no payment is large enough
    for."""

    groups: tuple[Group, ...]
    left: tuple[PayableInvoice, ...]


def net_supplier(
    dues: Sequence[Due], credits_: Sequence[PayableInvoice], grouping: Literal["supplier", "invoice"]
) -> Netted:
    """Payments to one supplier; the result does not depend on the order of what is given.

    A supplier that owes as much as it is owed gets nothing: everything waits until its invoices exceed its credit
    notes. Otherwise each credit note, the earliest first, is deducted from the first payment that it leaves something
    of; where no single one is large enough, the earliest payments to the same account become one that is.
    """
    dues = sorted(dues, key=lambda due: _order(due.invoice))
    notes = sorted(credits_, key=_order)
    owed = sum((due.net.amount for due in dues), start=0)
    if owed + sum((note.amount.amount for note in notes), start=0) <= 0:
        return Netted((), (*(due.invoice for due in dues), *notes))
    groups, left = _grouped(dues, grouping), []
    for note in notes:
        placed = _placed(note, groups)
        if placed is None:
            left.append(note)
        else:
            groups = placed
    return Netted(tuple(groups), tuple(left))


def _order(invoice: PayableInvoice) -> tuple[object, ...]:
    return invoice.due_on, invoice.issued_on, invoice.number, invoice.case_id


def lane_of(invoice: PayableInvoice) -> Lane:
    return invoice.method, invoice.account.identity


def _grouped(dues: Sequence[Due], grouping: Literal["supplier", "invoice"]) -> list[Group]:
    if grouping == "invoice":
        return [_group([due]) for due in dues]
    lanes: dict[Lane, list[Due]] = {}
    for due in dues:
        lanes.setdefault(lane_of(due.invoice), []).append(due)
    return [_group(lane) for lane in lanes.values()]


def _group(dues: Sequence[Due]) -> Group:
    net = Money.total((due.net for due in dues), dues[0].net.currency)
    return Group(lane=lane_of(dues[0].invoice), dues=tuple(dues), net=net)


def _placed(note: PayableInvoice, groups: Sequence[Group]) -> list[Group] | None:
    """The groups with the credit note in one of them; None when none can carry it."""
    for index, group in enumerate(groups):
        if group.has_room_for(note):
            return [*groups[:index], group.less(note), *groups[index + 1 :]]
    for lane in dict.fromkeys(group.lane for group in groups):
        merged = _merged(note, [group for group in groups if group.lane == lane])
        if merged is not None:
            return [*merged, *(group for group in groups if group.lane != lane)]
    return None


def _merged(note: PayableInvoice, lane: Sequence[Group]) -> list[Group] | None:
    """As many of the first groups put together as the credit note needs."""
    together = lane[0]
    for index, group in enumerate(lane[1:], start=2):
        together = Group(
            lane=together.lane,
            dues=together.dues + group.dues,
            credits=together.credits + group.credits,
            net=together.net + group.net,
        )
        if together.has_room_for(note):
            return [together.less(note), *lane[index:]]
    return None


def invoices_of(groups: Iterable[Group]) -> list[PayableInvoice]:
    return [each for group in groups for each in (*(due.invoice for due in group.dues), *group.credits)]
