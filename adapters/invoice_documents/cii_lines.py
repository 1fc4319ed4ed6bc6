"""Lines, and the allowances and charges of lines and documents, in a Cross Industry Invoice."""

from __future__ import annotations

from lxml import etree

from adapters.invoice_documents.terms import LONG_TEXT, Terms, joined
from adapters.invoice_documents.words import charge_kind, line_kind
from domain.invoice import AllowanceOrCharge, InvoiceLine

_ORDER = "ram:BuyerOrderReferencedDocument"
_PRICE = "ram:NetPriceProductTradePrice"


def line_of(terms: Terms, line: etree._Element, index: int) -> InvoiceLine:
    pointer = f"/lines/{index}"
    product = terms.find(line, "ram:SpecifiedTradeProduct")
    agreement = terms.find(line, "ram:SpecifiedLineTradeAgreement")
    delivery = terms.find(line, "ram:SpecifiedLineTradeDelivery")
    money = terms.find(line, "ram:SpecifiedLineTradeSettlement")
    name = terms.text(product, "ram:Name", f"{pointer}/description", LONG_TEXT)
    description = joined([name, terms.text(product, "ram:Description", limit=LONG_TEXT)], "\n")
    pack_size = terms.number(delivery, "ram:PerPackageUnitQuantity")
    total = "ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount"
    return InvoiceLine(
        line=index + 1,
        reference=terms.text(line, "ram:AssociatedDocumentLineDocument/ram:LineID", f"{pointer}/reference"),
        description=terms.cut(description, line, LONG_TEXT),
        seller_item=terms.text(product, "ram:SellerAssignedID"),
        buyer_item=terms.text(product, "ram:BuyerAssignedID"),
        gtin=terms.text(product, "ram:GlobalID"),
        quantity=terms.quantity(delivery, "ram:BilledQuantity", f"{pointer}/quantity", pack_size),
        unit_price=terms.unit_price(
            agreement, f"{_PRICE}/ram:ChargeAmount", f"{_PRICE}/ram:BasisQuantity", f"{pointer}/unit_price"
        ),
        amount=terms.money(money, total, f"{pointer}/amount"),
        kind=line_kind(name),
        allowances=tuple(
            extra_of(terms, each, f"{pointer}/allowances/{place}", taxed=False)
            for place, each in enumerate(terms.extras_of_line(money, "ram:SpecifiedTradeAllowanceCharge"))
        ),
        tax_category=terms.code(money, "ram:ApplicableTradeTax/ram:CategoryCode", f"{pointer}/tax_category"),
        tax_rate=terms.number(money, "ram:ApplicableTradeTax/ram:RateApplicablePercent"),
        order_number=terms.text(agreement, f"{_ORDER}/ram:IssuerAssignedID"),
        order_line=terms.order_line(agreement, f"{_ORDER}/ram:LineID"),
    )


def extra_of(terms: Terms, extra: etree._Element, pointer: str, *, taxed: bool) -> AllowanceOrCharge:
    """Only those of the document have a tax category of their own (`taxed`)."""
    code = terms.text(extra, "ram:ReasonCode")
    words = terms.text(extra, "ram:Reason", limit=LONG_TEXT)
    if not (code or words):
        terms.absent.add(f"{pointer}/reason")
    tax = "ram:CategoryTradeTax"
    return AllowanceOrCharge(
        amount=terms.money(extra, "ram:ActualAmount", f"{pointer}/amount"),
        is_charge=terms.text(extra, "ram:ChargeIndicator/udt:Indicator") in ("true", "1"),
        kind=charge_kind(code, words),
        reason=words or code,
        tax_category=terms.code(extra, f"{tax}/ram:CategoryCode", f"{pointer}/tax_category" if taxed else ""),
        tax_rate=terms.number(extra, f"{tax}/ram:RateApplicablePercent"),
    )


def logistics_of(terms: Terms, charge: etree._Element) -> AllowanceOrCharge:
    """A logistics service charge of Factur-X Extended: freight by its nature."""
    return AllowanceOrCharge(
        amount=terms.money(charge, "ram:AppliedAmount"),
        kind="freight",
        reason=terms.text(charge, "ram:Description", limit=LONG_TEXT),
        tax_category=terms.code(charge, "ram:AppliedTradeTax/ram:CategoryCode"),
        tax_rate=terms.number(charge, "ram:AppliedTradeTax/ram:RateApplicablePercent"),
    )
