"""Lines, and the allowances and charges of lines and documents, in UBL."""

from __future__ import annotations

from lxml import etree

from adapters.invoice_documents.terms import LONG_TEXT, Terms, joined
from adapters.invoice_documents.words import charge_kind, line_kind
from domain.invoice import AllowanceOrCharge, InvoiceLine


def line_of(terms: Terms, line: etree._Element, index: int, quantity: str) -> InvoiceLine:
    pointer = f"/lines/{index}"
    item = terms.find(line, "cac:Item")
    name = terms.text(item, "cbc:Name", f"{pointer}/description", LONG_TEXT)
    description = joined([name, terms.text(item, "cbc:Description", limit=LONG_TEXT)], "\n")
    pack_size = terms.number(item, "cbc:PackSizeNumeric")
    return InvoiceLine(
        line=index + 1,
        reference=terms.text(line, "cbc:ID", f"{pointer}/reference"),
        description=terms.cut(description, line, LONG_TEXT),
        seller_item=terms.text(item, "cac:SellersItemIdentification/cbc:ID"),
        buyer_item=terms.text(item, "cac:BuyersItemIdentification/cbc:ID"),
        gtin=terms.text(item, "cac:StandardItemIdentification/cbc:ID"),
        quantity=terms.quantity(line, f"cbc:{quantity}", f"{pointer}/quantity", pack_size),
        unit_price=terms.unit_price(
            line, "cac:Price/cbc:PriceAmount", "cac:Price/cbc:BaseQuantity", f"{pointer}/unit_price"
        ),
        amount=terms.money(line, "cbc:LineExtensionAmount", f"{pointer}/amount"),
        kind=line_kind(name),
        allowances=tuple(
            extra_of(terms, each, f"{pointer}/allowances/{place}", taxed=False)
            for place, each in enumerate(terms.extras_of_line(line, "cac:AllowanceCharge"))
        ),
        tax_category=terms.code(item, "cac:ClassifiedTaxCategory/cbc:ID", f"{pointer}/tax_category"),
        tax_rate=terms.number(item, "cac:ClassifiedTaxCategory/cbc:Percent"),
        order_number=terms.text(line, "cac:OrderLineReference/cac:OrderReference/cbc:ID"),
        order_line=terms.order_line(line, "cac:OrderLineReference/cbc:LineID"),
    )


def extra_of(terms: Terms, extra: etree._Element, pointer: str, *, taxed: bool) -> AllowanceOrCharge:
    """Only those of the document have a tax category of their own (`taxed`)."""
    code = terms.text(extra, "cbc:AllowanceChargeReasonCode")
    words = terms.text(extra, "cbc:AllowanceChargeReason", limit=LONG_TEXT)
    if not (code or words):
        terms.absent.add(f"{pointer}/reason")
    return AllowanceOrCharge(
        amount=terms.money(extra, "cbc:Amount", f"{pointer}/amount"),
        is_charge=terms.text(extra, "cbc:ChargeIndicator") in ("true", "1"),
        kind=charge_kind(code, words),
        reason=words or code,
        tax_category=terms.code(extra, "cac:TaxCategory/cbc:ID", f"{pointer}/tax_category" if taxed else ""),
        tax_rate=terms.number(extra, "cac:TaxCategory/cbc:Percent"),
    )
