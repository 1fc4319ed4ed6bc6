"""What a bill takes of its orders and how it is written down in Tryton. Pure: refusals are RefusedError with the code
that the port promises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from adapters.erp.tryton import accruals
from adapters.erp.tryton.bill_documents import BillLine, Taken, with_taken
from adapters.erp.tryton.calls import refuse
from adapters.erp.tryton.documents import ZERO, HeldPurchase, OrderDocument, received, standing_lines, status
from adapters.erp.tryton.ledger import order_note
from domain import voucher_rules
from domain.money import minor_units
from domain.payables import InvoicePosting, PostingLine
from domain.reference_system import PostingAccounts

_CENT = Decimal("0.01")


@dataclass(frozen=True)
class BilledOrder:
    """An order that a bill names, as both sides hold it."""

    document: OrderDocument
    held: HeldPurchase


def taken(posting: InvoicePosting, orders: Mapping[str, BilledOrder]) -> tuple[Taken, ...]:
    """What the bill takes of `orders`, which are by number; refuses what does not fit them."""
    for line in posting.lines:
        if line.order_line is not None:
            _check_line(posting, line, line.order_line, orders[line.order_number])
    return tuple(each for number in sorted(orders) for each in _taken_of(posting, orders[number]))


def _check_line(posting: InvoicePosting, line: PostingLine, number: int, order: BilledOrder) -> None:
    document = order.document
    if document.draft.supplier != posting.supplier:
        refuse("supplier-differs", f"Order {document.number} went to supplier {document.draft.supplier}.")
    if document.draft.currency != posting.currency:
        refuse("currency-differs", f"Order {document.number} is in {document.draft.currency}.")
    if status(document, order.held) == "cancelled":
        refuse("order-closed", f"Order {document.number} is cancelled.")
    lines = standing_lines(document, order.held)
    if number not in lines:
        refuse("line-unknown", f"Order {document.number} has no line {number}.")
    quantity = voucher_rules.billed_quantity(line)
    expected = lines[number].unit_price.times(quantity).rounded().amount
    if abs(expected - line.accrual.amount) > _CENT:
        told = f"{quantity} cost {expected} by order {document.number}, not {line.accrual.amount}."
        refuse("accrual-differs", f"Line {line.line}: {told}")


def _taken_of(posting: InvoicePosting, order: BilledOrder) -> Iterable[Taken]:
    """By line of the order. The accrual is cleared to what is left unbilled, so that no cent stays when an order is
    billed in parts."""
    document, name = order.document, order.document.draft.external_id
    quantities = voucher_rules.billed_by_line(posting, document.number)
    found = {
        number: Taken(order=name, line=number, quantity=count, amount=_billed_amount(posting, document.number, number))
        for number, count in quantities.items()
    }
    _check_quantities(order, quantities)
    after = with_taken(document, found.values())
    for number, change in accruals.changes(after, order.held).items():
        before = found.get(number, Taken(order=name, line=number))
        found[number] = before.model_copy(update={"cleared": -change})
    return (found[number] for number in sorted(found))


def _billed_amount(posting: InvoicePosting, order_number: str, order_line: int) -> Decimal:
    where = (order_number, order_line)
    mine = (line.amount.amount for line in posting.lines if (line.order_number, line.order_line) == where)
    return sum(mine, ZERO)


def _check_quantities(order: BilledOrder, adds: Mapping[int, Decimal]) -> None:
    document, came = order.document, received(order.document, order.held)
    lines = standing_lines(document, order.held)
    for number, added in adds.items():
        most = max(lines[number].quantity.value, came.get(number, ZERO))
        billed = document.billed.get(number, ZERO) + added
        where = f"Order {document.number}, line {number}"
        if added > 0 and billed > most:
            refuse("quantity-over-ordered", f"{where}: {billed} would be billed of {most}.")
        if added < 0 and billed < 0:
            refuse("credit-over-billed", f"{where}: {-added} are credited, fewer were billed.")


def bill_lines(
    posting: InvoicePosting, takes: Sequence[Taken], orders: Mapping[str, BilledOrder], accounts: PostingAccounts
) -> tuple[BillLine, ...]:
    """The lines of Tryton's invoice, whose amounts sum to what is owed without the tax."""
    by_name = {order.document.draft.external_id: order for order in orders.values()}
    lines = [line for each in takes for line in _order_lines(each, by_name[each.order], accounts)]
    for line in posting.lines:
        if line.order_line is None:
            lines += (
                BillLine(account=share.account or "", unit_price=part, cost_centre=share.cost_centre)
                for share, part in voucher_rules.charged(line.amount.amount, line.costs, posting.currency)
            )
    if posting.withheld.amount:
        lines.append(BillLine(account=accounts.disputed, unit_price=-posting.withheld.amount, note="withheld"))
    return tuple(lines)


def _order_lines(each: Taken, order: BilledOrder, accounts: PostingAccounts) -> Iterable[BillLine]:
    """The quantity at the order's price clears the accrual; what is left of either goes on lines of its own."""
    document = order.document
    note, rest = order_note(document.number, each.line), each.cleared
    if each.quantity:
        held = order.held.lines[each.line]
        price = standing_lines(document, order.held)[each.line].unit_price.amount
        rest -= _as_tryton_rounds(each.quantity * price, document.draft.currency)
        yield BillLine(
            account=accounts.accrual,
            unit_price=price,
            quantity=each.quantity,
            note=note,
            purchase_line=held.id,
            product=held.product,
            unit=held.unit,
        )
    if rest:
        yield BillLine(account=accounts.accrual, unit_price=rest, note=note)
    if variance := each.amount - each.cleared:
        yield BillLine(account=accounts.variance, unit_price=variance, note=note)


def _as_tryton_rounds(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-minor_units(currency)), rounding=ROUND_HALF_EVEN)
