"""A bill as its supplier writes it: the order's lines with what the story changes, in one of the formats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from adapters.reference_files import resolve_day
from cli.demo.bills.story import Bill, BillFormat, Changes
from cli.demo.documents import cii_invoice, facturx_pdf, invoice_page, ubl_invoice
from domain.capture import MediaType
from domain.en16931_stated import cents
from domain.invoice import (
    AllowanceOrCharge,
    Invoice,
    InvoiceLine,
    InvoiceTotals,
    Party,
    PayeeAccount,
    TaxTotal,
)
from domain.money import Money
from domain.payables import PayableSupplier
from domain.purchase import OrderLine, PlacedOrder
from domain.quantity import Quantity

MEDIA_TYPES: dict[BillFormat, MediaType] = {
    "json": "application/json",
    "ubl": "application/xml",
    "cii": "application/xml",
    "factur-x": "application/pdf",
    "pdf": "application/pdf",
}
ENDINGS: dict[MediaType, str] = {"application/json": "json", "application/xml": "xml", "application/pdf": "pdf"}


@dataclass(frozen=True)
class Billed:
    """What a bill is written from: its order, if any, with what was received by line, and who sells to whom."""

    bill: Bill
    supplier: PayableSupplier
    facility: str
    buyer_gln: str
    order: PlacedOrder | None = None
    received: Mapping[int, Decimal] | None = None


def invoice_of(billed: Billed, today: date, credited: Sequence[str] = ()) -> Invoice:
    """The bill in the terms of the domain; amounts to the cent."""
    bill, change = billed.bill, billed.bill.changes
    lines = _lines(billed)
    charges = _charges(change)
    before_tax = sum([*(each.amount.amount for each in lines), *(each.amount.amount for each in charges)], Decimal(0))
    tax = cents(before_tax * change.tax_rate / 100) + change.tax_plus
    order = billed.order.number if billed.order is not None else None
    named = change.order if change.order is not None else order
    issued_on = resolve_day(change.issued, today)
    return Invoice(
        kind="credit-note" if bill.credits is not None else "invoice",
        number=change.number or bill.number,
        issued_on=issued_on,
        due_on=resolve_day(change.due, today) if change.due else None,
        currency=change.currency,
        seller=_seller(billed),
        buyer=Party(
            name=f"Meridian Valley Health {billed.facility}",
            gln=billed.buyer_gln,
            address="1 Hospital Way",
            country="US",
        ),
        order_numbers=(named,) if named else (),
        credited=tuple(credited),
        lines=lines,
        allowances=charges,
        taxes=(_tax_row(change, before_tax, tax),),
        totals=_totals(change, lines, charges, tax),
        accounts=_accounts(billed),
        terms=billed.supplier.terms,
        payment_reference=bill.number,
    )


def document_of(bill: Bill, invoice: Invoice) -> bytes:
    """The bytes that the supplier sends. Raises ValueError for a format that is not written here."""
    match bill.format:
        case "json":
            return invoice.model_dump_json(exclude_none=True).encode()
        case "ubl":
            return ubl_invoice(invoice)
        case "cii":
            return cii_invoice(invoice)
        case "factur-x":
            return facturx_pdf(invoice)
        case "pdf":
            return invoice_page(invoice)


def _lines(billed: Billed) -> tuple[InvoiceLine, ...]:
    change = billed.bill.changes
    found: list[InvoiceLine] = []
    for line in billed.order.lines if billed.order is not None else ():
        count = _count(billed, line)
        if count:
            price = line.unit_price.amount * (1 + change.price_percent / 100)
            found.append(_order_line(billed, line, count, price, len(found) + 1))
    for extra in change.lines:
        found.append(
            InvoiceLine(
                line=len(found) + 1,
                reference=str(len(found) + 1),
                description=extra.description,
                quantity=Quantity(value=Decimal(1)),
                unit_price=_money(extra.amount, change),
                amount=_money(extra.amount, change),
                kind=extra.kind,
                tax_category=_category(change),
                tax_rate=change.tax_rate,
            )
        )
    return tuple(found)


def _count(billed: Billed, line: OrderLine) -> Decimal:
    """What the story bills of the line; else what was received of it, or all of it while nothing is known to be."""
    said = billed.bill.changes.quantity.get(str(line.line))
    if said is not None:
        return Decimal(said)
    return line.quantity.value if not billed.received else billed.received.get(line.line, Decimal(0))


def _order_line(billed: Billed, line: OrderLine, count: Decimal, price: Decimal, place: int) -> InvoiceLine:
    change = billed.bill.changes
    order = billed.order.number if billed.order is not None and change.order is None else ""
    return InvoiceLine(
        line=place,
        reference=str(place),
        description=change.description if change.description is not None else line.description,
        buyer_item=(line.item or "") if change.description is None else "",
        quantity=line.quantity.of(count),
        unit_price=_money(price, change),
        amount=_money(cents(price * count), change),
        order_number=order,
        order_line=line.line if order else None,
        tax_category=_category(change),
        tax_rate=change.tax_rate,
    )


def _charges(change: Changes) -> tuple[AllowanceOrCharge, ...]:
    if change.charge is None:
        return ()
    return (
        AllowanceOrCharge(
            amount=_money(change.charge.amount, change),
            kind=change.charge.kind,
            reason="Freight and handling",
            tax_category=_category(change),
            tax_rate=change.tax_rate,
        ),
    )


def _category(change: Changes) -> str:
    return "S" if change.tax_rate else "E"


def _tax_row(change: Changes, taxable: Decimal, tax: Decimal) -> TaxTotal:
    return TaxTotal(
        category=_category(change),
        rate=change.tax_rate,
        taxable=_money(taxable, change),
        tax=_money(tax, change),
        exemption_reason="" if change.tax_rate else "Sold to an exempt hospital",
    )


def _totals(
    change: Changes, lines: Sequence[InvoiceLine], charges: Sequence[AllowanceOrCharge], tax: Decimal
) -> InvoiceTotals:
    net = sum((each.amount.amount for each in lines), Decimal(0))
    extra = sum((each.amount.amount for each in charges), Decimal(0))
    total = net + extra + tax
    amounts = {
        "lines": net,
        "allowances": Decimal(0),
        "charges": extra,
        "before_tax": net + extra,
        "tax": tax,
        "total": total,
        "prepaid": Decimal(0),
        "rounding": Decimal(0),
        "payable": total + change.payable_plus,
    }
    return InvoiceTotals(**{name: _money(amount, change) for name, amount in amounts.items()})


def _accounts(billed: Billed) -> tuple[PayeeAccount, ...]:
    if billed.bill.changes.account is not None:
        return (billed.bill.changes.account,)
    return tuple(each.account for each in billed.supplier.accounts[:1])


def _seller(billed: Billed) -> Party:
    supplier, change = billed.supplier, billed.bill.changes
    prefix = supplier.country if supplier.country == "US" else ""
    tax_id = change.tax_id if change.tax_id is not None else f"{prefix}{supplier.tax_id}"
    return Party(
        name=change.seller or supplier.name,
        tax_id=tax_id,
        gln=supplier.gln if change.tax_id is None else "",
        address="1 Commerce Street",
        country=supplier.country,
    )


def _money(amount: Decimal, change: Changes) -> Money:
    return Money(amount=amount, currency=change.currency)
