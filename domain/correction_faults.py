"""What is wrong with a correction of an invoice, told all at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from domain.faults import Fault
from domain.invoice import Invoice, InvoiceLine, normalised_number
from domain.tasks import InvoiceCorrection, LineCoding

MAX_ORDERS = 200
_WHOLE_EXCLUDES = ("number", "issued_on", "due_on", "order_numbers", "credited")


def faults_of(invoice: Invoice, correction: InvoiceCorrection) -> list[Fault]:
    """Every fault, with pointers into the decision that carries the correction. Empty when it can be applied."""
    if correction == InvoiceCorrection():
        return [_fault("", "nothing-to-correct", "say what is to be changed")]
    found = [*_header(invoice, correction), *_lines(invoice, correction)]
    if correction.invoice is not None:
        found += _whole(correction, correction.invoice)
    return found


def _header(invoice: Invoice, correction: InvoiceCorrection) -> Iterator[Fault]:
    if correction.number is not None and not normalised_number(correction.number):
        yield _fault("/number", "no-number", "an invoice number has a letter or a digit")
    if correction.credited and invoice.kind != "credit-note":
        yield _fault("/credited", "no-credit-note", "only a credit note takes back other invoices")
    orders = correction.order_numbers if correction.order_numbers is not None else invoice.order_numbers
    linked = {coding.order_number for coding in correction.lines if coding.order_number}
    if len({*orders, *linked}) > MAX_ORDERS:
        yield _fault("/order_numbers", "too-many-orders", f"an invoice names {MAX_ORDERS} orders at most")


def _lines(invoice: Invoice, correction: InvoiceCorrection) -> Iterator[Fault]:
    known = {line.line: line for line in invoice.lines}
    times = Counter(coding.line for coding in correction.lines)
    orders = correction.order_numbers if correction.order_numbers is not None else invoice.order_numbers
    for at, coding in enumerate(correction.lines):
        place, line = f"/lines/{at}", known.get(coding.line)
        if line is None:
            message = f"the invoice has no line {coding.line}; its lines are {min(known)} to {max(known)}"
            yield _fault(f"{place}/line", "unknown-line", message)
            continue
        if times[coding.line] > 1:
            yield _fault(f"{place}/line", "line-twice", f"line {coding.line} is corrected more than once")
        yield from _link(place, line, coding, len(set(orders)) == 1)
        yield from _costs(place, coding)
        yield from _amounts(place, coding, invoice.currency)


def _link(place: str, line: InvoiceLine, coding: LineCoding, one_order: bool) -> Iterator[Fault]:
    """A line of an order needs the order: its own, one that it had, or the only one that the invoice names."""
    of_order = coding.order_number if coding.order_number is not None else (line.order_number or one_order)
    if coding.order_line is not None and not of_order:
        yield _fault(f"{place}/order_line", "order-missing", "name the order that the order line belongs to")
    if coding.costs is not None and (coding.order_number or coding.order_line is not None):
        yield _fault(f"{place}/costs", "ordered-and-coded", "a line of an order takes its coding from the order")


def _costs(place: str, coding: LineCoding) -> Iterator[Fault]:
    if coding.costs is None:
        return
    total = sum((share.percent for share in coding.costs), Decimal(0))
    if total != 100:
        yield _fault(f"{place}/costs", "shares-not-whole", f"the shares sum to {total:f} percent instead of 100")
    for number, share in enumerate(coding.costs):
        if share.percent <= 0:
            yield _fault(f"{place}/costs/{number}/percent", "share-not-positive", "a share is more than 0 percent")


def _amounts(place: str, coding: LineCoding, currency: str) -> Iterator[Fault]:
    for name, money in (("unit_price", coding.unit_price), ("amount", coding.amount)):
        if money is not None and money.currency != currency:
            yield _fault(f"{place}/{name}", "other-currency", f"the invoice is in {currency}, not in {money.currency}")
    if coding.unit_price is not None and coding.unit_price.amount < 0:
        yield _fault(f"{place}/unit_price", "negative-price", "a unit price is not negative")


def _whole(correction: InvoiceCorrection, keyed: Invoice) -> Iterator[Fault]:
    for name in _WHOLE_EXCLUDES:
        if getattr(correction, name) is not None:
            yield _fault(f"/{name}", "said-twice", "a whole invoice was keyed: say it there")
    if correction.lines:
        yield _fault("/lines", "said-twice", "a whole invoice was keyed: say it there")
    if not normalised_number(keyed.number):
        yield _fault("/invoice/number", "no-number", "an invoice number has a letter or a digit")
    if keyed.credited and keyed.kind != "credit-note":
        yield _fault("/invoice/credited", "no-credit-note", "only a credit note takes back other invoices")
    times = Counter(line.line for line in keyed.lines)
    for at, line in enumerate(keyed.lines):
        if times[line.line] > 1:
            yield _fault(f"/invoice/lines/{at}/line", "line-twice", f"line number {line.line} stands more than once")
        yield from _whole_costs(at, line)


def _whole_costs(at: int, line: InvoiceLine) -> Iterator[Fault]:
    total = sum((share.percent for share in line.costs), Decimal(0))
    if line.costs and (total != 100 or min(share.percent for share in line.costs) <= 0):
        message = f"the shares must each be above 0 percent and sum to 100, not to {total:f}"
        yield _fault(f"/invoice/lines/{at}/costs", "shares-not-whole", message)
    if line.order_line is not None and not line.order_number:
        message = "name the order that the order line belongs to"
        yield _fault(f"/invoice/lines/{at}/order_line", "order-missing", message)


def _fault(pointer: str, code: str, message: str) -> Fault:
    return Fault(pointer=f"/invoice{pointer}", code=code, message=message)
