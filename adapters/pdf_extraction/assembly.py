"""An invoice from what was found, whole even where much is missing, with a confidence for each of its fields."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from adapters.pdf_extraction.found import (
    ADDS_UP,
    BY_POSITION,
    CONTRADICTED,
    NOT_READ,
    Found,
    FoundInvoice,
    FoundLine,
)
from adapters.pdf_extraction.values import iban_of, unit_of
from domain.capture import DocumentFinding, FieldReading, Reading
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
from domain.quantity import Quantity

UNREAD_DAY = date(1970, 1, 1)
DEFAULT_CURRENCY = "USD"
_POINTERS = {
    "kind": "/kind",
    "number": "/number",
    "issued_on": "/issued_on",
    "due_on": "/due_on",
    "currency": "/currency",
    "seller_name": "/seller/name",
    "seller_tax_id": "/seller/tax_id",
    "seller_gln": "/seller/gln",
    "buyer_name": "/buyer/name",
    "order_number": "/order_numbers/0",
    "credited": "/credited/0",
    "contract": "/contract",
    "delivery_note": "/delivery_note",
    "payment_reference": "/payment_reference",
    "iban": "/accounts/0/iban",
    "bic": "/accounts/0/bic",
    "routing_number": "/accounts/0/routing_number",
    "account_number": "/accounts/0/account_number",
    "before_tax": "/totals/before_tax",
    "tax": "/totals/tax",
    "tax_rate": "/taxes/0/rate",
    "prepaid": "/totals/prepaid",
    "payable": "/totals/payable",
}
_LINE_POINTERS = {
    "description": "description",
    "item": "seller_item",
    "gtin": "gtin",
    "quantity": "quantity/value",
    "unit": "quantity/unit",
    "price": "unit_price/amount",
    "amount": "amount/amount",
    "tax_rate": "tax_rate",
}
# What every invoice has: where it was not found, a person must key it.
_REQUIRED = ("number", "issued_on", "currency", "seller_name", "payable")
_MONEY = frozenset({"before_tax", "tax", "prepaid", "payable", "freight", "allowance"})
_NOTHING = Decimal(0)
_CENT = Decimal("0.01")


def reading_of(found: FoundInvoice, content: bytes, findings: tuple[DocumentFinding, ...] = ()) -> Reading:
    """What is missing is zero, empty, or made up so that nobody takes it for read, with confidence 0."""
    sums = _Sums(found)
    fields = (*_header_fields(found, sums), *_line_fields(found, sums))
    return Reading(format="pdf", invoice=_invoice(found, sums, content), findings=findings, fields=fields)


class _Sums:
    """The totals as stated, what is not stated from the others; and whether all of them fit to the cent."""

    def __init__(self, found: FoundInvoice) -> None:
        def stated(name: str) -> Decimal | None:
            value = found.fields[name].value if name in found.fields else None
            return abs(value) if isinstance(value, Decimal) else None

        self.lines = sum((abs(_amount(line, "amount")) for line in found.lines), _NOTHING)
        self.freight = stated("freight") or _NOTHING
        self.allowance = stated("allowance") or _NOTHING
        self.prepaid = stated("prepaid") or _NOTHING
        before, tax, payable = stated("before_tax"), stated("tax"), stated("payable")
        total = None if payable is None else payable + self.prepaid
        self.figures = sum(each is not None for each in (before, total)) + bool(found.lines)
        net = self.lines - self.allowance + self.freight
        if not found.lines:
            # A subtotal stands before freight: nothing says otherwise.
            net = before if before is not None else (total or _NOTHING) - (tax or _NOTHING)
            self.lines = max(_NOTHING, net - self.freight + self.allowance)
        # Some state the subtotal of the lines, others what stands before tax: either fits.
        stated_net = net if before in (None, self.lines) else (before or _NOTHING)
        self.before_tax = stated_net
        self.tax = tax if tax is not None else max(_NOTHING, total - stated_net) if total is not None else _NOTHING
        self.total = total if total is not None else stated_net + self.tax
        fits = net == self.before_tax and self.before_tax + self.tax == self.total
        self.agree = fits and all(_line_fits(line) for line in found.lines)
        self.contradict = not fits

    def trust(self, name: str, found: Found) -> Decimal:
        """Three figures that fit each other are surer than how each was read; one that does not fit is doubtful."""
        if name not in _MONEY and name != "amount":
            return found.confidence
        if self.contradict:
            return min(found.confidence, CONTRADICTED)
        return max(found.confidence, ADDS_UP) if self.agree and self.figures >= 3 else found.confidence


def _amount(line: FoundLine, name: str) -> Decimal:
    value = line[name].value if name in line else _NOTHING
    return value if isinstance(value, Decimal) else _NOTHING


def _line_fits(line: FoundLine) -> bool:
    """Quantity by price is the amount, to the cent; a line that states only two of them fits."""
    if "quantity" not in line or "price" not in line:
        return True
    return _cents(abs(_amount(line, "quantity")) * _net_price(line)) == abs(_amount(line, "amount"))


def _net_price(line: FoundLine) -> Decimal:
    """The price with the line's discount in percent deducted."""
    price, discount = abs(_amount(line, "price")), _amount(line, "discount")
    if not _NOTHING < discount <= 100:
        return price
    return (price * (100 - discount) / 100).quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP)


def _cents(value: Decimal) -> Decimal:
    return value.quantize(_CENT, rounding=ROUND_HALF_UP)


def _header_fields(found: FoundInvoice, sums: _Sums) -> Iterator[FieldReading]:
    for name, pointer in _POINTERS.items():
        field = found.fields.get(name)
        if field is not None:
            yield FieldReading(pointer=pointer, text=field.text, confidence=sums.trust(name, field), place=field.place)
        elif name in _REQUIRED:
            yield FieldReading(pointer=pointer, text="", confidence=NOT_READ)


def _line_fields(found: FoundInvoice, sums: _Sums) -> Iterator[FieldReading]:
    """Figures of a line that fit each other, in a sum that fits, are as sure as the sum."""
    if not found.lines:
        yield FieldReading(pointer="/lines", text="", confidence=NOT_READ)
    for at, line in enumerate(found.lines):
        fits = _line_fits(line)
        for name, pointer in _LINE_POINTERS.items():
            field = line.get(name)
            if field is None:
                continue
            confidence = sums.trust("amount" if name in ("quantity", "price") else name, field)
            if name in ("quantity", "price", "amount") and not fits:
                confidence = min(confidence, CONTRADICTED)
            if name == "unit" and unit_of(str(field.value)) is None:
                confidence = min(confidence, BY_POSITION)
            yield FieldReading(
                pointer=f"/lines/{at}/{pointer}", text=field.text, confidence=confidence, place=field.place
            )


def _invoice(found: FoundInvoice, sums: _Sums, content: bytes) -> Invoice:
    def text(name: str, most: int = 200) -> str:
        return str(found.fields[name].value)[:most] if name in found.fields else ""

    def day(name: str) -> date | None:
        value = found.fields[name].value if name in found.fields else None
        return value if isinstance(value, date) else None

    currency = text("currency") if len(text("currency")) == 3 else DEFAULT_CURRENCY
    return Invoice(
        kind="credit-note" if "kind" in found.fields else "invoice",
        number=text("number", 80) or f"UNREAD-{hashlib.sha256(content).hexdigest()[:12].upper()}",
        issued_on=day("issued_on") or UNREAD_DAY,
        due_on=day("due_on"),
        currency=currency,
        seller=Party(name=text("seller_name"), tax_id=text("seller_tax_id"), gln=text("seller_gln")),
        buyer=Party(name=text("buyer_name")),
        order_numbers=(text("order_number"),) if "order_number" in found.fields else (),
        credited=(text("credited"),) if "credited" in found.fields else (),
        contract=text("contract"),
        delivery_note=text("delivery_note"),
        payment_reference=text("payment_reference"),
        lines=_lines(found, sums, currency),
        allowances=tuple(_extras(sums, currency)),
        taxes=_taxes(found, sums, currency),
        totals=_totals(sums, currency),
        accounts=_accounts(text("iban", 42), text("bic", 11), text("routing_number", 9), text("account_number", 34)),
    )


def _money(amount: Decimal, currency: str) -> Money:
    return Money(amount=amount, currency=currency)


def _extras(sums: _Sums, currency: str) -> Iterator[AllowanceOrCharge]:
    if sums.freight:
        yield AllowanceOrCharge(amount=_money(sums.freight, currency), kind="freight", reason="Freight")
    if sums.allowance:
        yield AllowanceOrCharge(amount=_money(sums.allowance, currency), is_charge=False, reason="Discount")


def _taxes(found: FoundInvoice, sums: _Sums, currency: str) -> tuple[TaxTotal, ...]:
    if not sums.tax:
        return ()
    rate = found.fields["tax_rate"].value if "tax_rate" in found.fields else None
    return (
        TaxTotal(
            category="S",
            rate=rate if isinstance(rate, Decimal) else None,
            taxable=_money(_taxable(found, sums, rate), currency),
            tax=_money(sums.tax, currency),
        ),
    )


def _taxable(found: FoundInvoice, sums: _Sums, rate: object) -> Decimal:
    """Only the lines that state the rate, where their sum explains the tax; else all that stands before it."""
    taxed = sum((abs(_amount(line, "amount")) for line in found.lines if _amount(line, "tax_rate") == rate), _NOTHING)
    if isinstance(rate, Decimal) and taxed and _cents(taxed * rate / 100) == sums.tax:
        return taxed
    return sums.before_tax


def _totals(sums: _Sums, currency: str) -> InvoiceTotals:
    return InvoiceTotals(
        lines=_money(sums.lines, currency),
        allowances=_money(sums.allowance, currency),
        charges=_money(sums.freight, currency),
        before_tax=_money(sums.before_tax, currency),
        tax=_money(sums.tax, currency),
        total=_money(sums.total, currency),
        prepaid=_money(sums.prepaid, currency),
        rounding=_money(_NOTHING, currency),
        payable=_money(sums.total - sums.prepaid, currency),
    )


def _accounts(iban: str, bic: str, routing_number: str, account_number: str) -> tuple[PayeeAccount, ...]:
    if not (iban or account_number):
        return ()
    plain = iban_of(iban) or iban
    return (PayeeAccount(iban=plain, bic=bic, routing_number=routing_number, account_number=account_number),)


def _lines(found: FoundInvoice, sums: _Sums, currency: str) -> tuple[InvoiceLine, ...]:
    if not found.lines:
        amount = _money(sums.lines, currency)
        whole = Quantity(value=Decimal(1))
        return (InvoiceLine(line=1, description="Not read", quantity=whole, unit_price=amount, amount=amount),)
    return tuple(_line(number, line, currency) for number, line in enumerate(found.lines, start=1))


def _line(number: int, line: FoundLine, currency: str) -> InvoiceLine:
    def text(name: str) -> str:
        return str(line[name].value)[:200] if name in line else ""

    amount = abs(_amount(line, "amount"))
    unit, pack = unit_of(text("unit")) or ("EA" if "unit" not in line else "ZZ", 1)
    value = abs(_amount(line, "quantity")) or Decimal(1)
    price = _net_price(line) if "price" in line else (amount / value).quantize(Decimal("0.000001"))
    rate = line["tax_rate"].value if "tax_rate" in line else None
    taxed = isinstance(rate, Decimal)
    return InvoiceLine(
        line=number,
        description=text("description"),
        seller_item=text("item"),
        gtin=text("gtin"),
        quantity=Quantity(value=value, unit=unit, pack_size=pack),
        unit_price=_money(price, currency),
        amount=_money(amount, currency),
        kind="freight" if text("description").lower().startswith(("freight", "shipping")) else "goods",
        tax_category="S" if taxed and rate else "",
        tax_rate=rate if isinstance(rate, Decimal) else None,
    )
