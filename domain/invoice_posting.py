"""What a matched invoice books, line by line.

Ordered goods clear their accrual at the order's price, and the difference is variance. A disputed quantity is not
billed on the order, which may not be billed beyond what was ordered; its amount is owed and withheld. What no order
backs is charged to its coding. Freight and other charges go to the cost centres of the goods that they came with, in
proportion to the amounts; those of the document as a whole are one posting line, number 0. What concerns the document
in any other way (its discounts, a prepayment, its rounding) is divided over the lines by `Money.split`.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from domain.invoice import Invoice
from domain.match_result import LineMatch, MatchResult, UnmatchedInvoiceError
from domain.money import Money, minor_units
from domain.payables import PostingLine
from domain.requisition import CostShare

DOCUMENT_CHARGES = 0
"""The number of the posting line that carries the charges of the document as a whole."""
_NOTHING = Decimal(0)
_HUNDRED = Decimal(100)
_SIX_PLACES = Decimal("0.000001")


def posting_lines(invoice: Invoice, result: MatchResult) -> tuple[PostingLine, ...]:
    """What each line books; with the tax they sum to the payable amount plus what is withheld, to the cent.

    Raises UnmatchedInvoiceError while the gate is shut: what does not match is not booked, whoever asks.
    """
    if not result.gate:
        raise UnmatchedInvoiceError(f"invoice {invoice.number} is not matched")
    amounts = [_in_cents(each.amount) for each in result.lines]
    costs = shared_costs(result.lines)
    charges = _document_charges(invoice) if costs else Money.zero(invoice.currency)
    target = (result.payable + result.withheld).rounded() - invoice.totals.tax.rounded()
    booked_amount = sum((each.amount for each in amounts), _NOTHING)
    rest = target - charges - Money(amount=booked_amount, currency=invoice.currency)
    amounts = _with_share(amounts, rest, _bearers(result.lines))
    booked = zip(result.lines, amounts, strict=True)
    posted = [_posted(each, amount, costs) for each, amount in booked if amount or each.order_line is not None]
    if charges:
        zero = Money.zero(invoice.currency)
        posted.append(PostingLine(line=DOCUMENT_CHARGES, amount=charges, accrual=zero, variance=zero, costs=costs))
    return tuple(map(_negative, posted)) if invoice.kind == "credit-note" else tuple(posted)


def shared_costs(lines: Sequence[LineMatch]) -> tuple[CostShare, ...]:
    """The cost centres and accounts of all goods, by their part of the amount; the percentages sum to 100."""
    parts: dict[tuple[str, str | None], Decimal] = {}
    for each in lines:
        if each.state == "charge":
            continue
        for share in each.costs:
            key = (share.cost_centre, share.account)
            parts[key] = parts.get(key, _NOTHING) + abs(each.amount.amount) * share.percent
    whole = sum(parts.values(), _NOTHING)
    if not whole:
        return ()
    shares, given, seen = [], _NOTHING, _NOTHING
    for (cost_centre, account), part in parts.items():
        seen += part
        upto = (seen * _HUNDRED / whole).quantize(_SIX_PLACES, rounding=ROUND_HALF_UP)
        if upto > given:
            shares.append(CostShare(cost_centre=cost_centre, account=account, percent=upto - given))
        given = max(given, upto)
    return tuple(shares)


def _document_charges(invoice: Invoice) -> Money:
    charges = (each.amount for each in invoice.allowances if each.is_charge)
    return Money.total(charges, invoice.currency).rounded()


def _bearers(lines: Sequence[LineMatch]) -> list[Decimal]:
    """By how much each line bears what concerns the document: goods by their amounts, or else one line all."""
    weights = [max(_NOTHING, each.amount.amount) if each.state != "charge" else _NOTHING for each in lines]
    if not any(weights):
        weights = [abs(each.amount.amount) for each in lines]
    if not any(weights):
        weights[next((at for at, each in enumerate(lines) if each.order_line or each.costs), 0)] = Decimal(1)
    return weights


def _with_share(amounts: Sequence[Money], rest: Money, weights: Sequence[Decimal]) -> list[Money]:
    if not rest:
        return list(amounts)
    return [amount + share for amount, share in zip(amounts, rest.split(weights), strict=True)]


def _posted(line: LineMatch, amount: Money, costs: tuple[CostShare, ...]) -> PostingLine:
    if line.order_line is None:
        zero = Money.zero(amount.currency)
        return PostingLine(line=line.line, amount=amount, accrual=zero, variance=zero, costs=line.costs or costs)
    accrual = _accrual(line, amount.currency)
    return PostingLine(
        line=line.line,
        order_number=line.order_number,
        order_line=line.order_line,
        quantity=line.quantity - line.disputed,
        amount=amount,
        accrual=accrual,
        variance=amount - accrual,
    )


def _accrual(line: LineMatch, currency: str) -> Money:
    """What the quantity costs at the order's price, as matching counted it; a disputed part is not billed."""
    if line.expected_price is None:
        return Money.zero(currency)
    if line.disputed:
        return line.expected_price.times(line.quantity - line.disputed).rounded()
    return line.amount if not line.variance else line.amount - line.variance


def _in_cents(amount: Money) -> Money:
    """Rounded where there is something to round."""
    return amount if not amount.amount % Decimal(1).scaleb(-minor_units(amount.currency)) else amount.rounded()


def _negative(line: PostingLine) -> PostingLine:
    return line.model_copy(
        update={
            "quantity": -line.quantity,
            "amount": -line.amount,
            "accrual": -line.accrual,
            "variance": -line.variance,
        }
    )
