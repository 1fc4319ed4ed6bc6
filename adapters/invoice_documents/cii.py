"""UN/CEFACT Cross Industry Invoice (D16B and later): alone, or inside a Factur-X or ZUGFeRD 2 PDF."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from lxml import etree

from adapters.invoice_documents import cii_places
from adapters.invoice_documents.accounts import account_of, each_once
from adapters.invoice_documents.cii_lines import extra_of, line_of, logistics_of
from adapters.invoice_documents.cii_parties import party_of
from adapters.invoice_documents.lines import MOST_MEANS, MOST_REFERENCES, MOST_TAX_ROWS, order_numbers
from adapters.invoice_documents.terms import LONG_TEXT, MOST_EXTRAS, Terms, joined
from adapters.invoice_documents.words import Discount, payment_terms, skonto, without_skonto
from adapters.invoice_documents.xml_documents import CREDIT_NOTE_TYPES, XmlReading, essentials
from domain.invoice import InvoiceTotals, PayeeAccount, TaxTotal

_CREDIT_TRANSFERS = ("30", "58")
_DATE = "udt:DateTimeString"
_DISCOUNT = "ram:SpecifiedTradePaymentTerms/ram:ApplicableTradePaymentDiscountTerms"


def read_cii(root: etree._Element) -> XmlReading:
    """Raises UnreadableDocumentError when there is no number, date, currency or line."""
    terms = Terms(cii_places.NAMESPACES)
    specification = terms.text(root, cii_places.PLACES["/specification"], "/specification")
    document = terms.find(root, "rsm:ExchangedDocument")
    deal = terms.find(root, "rsm:SupplyChainTradeTransaction")
    money = terms.find(deal, "ram:ApplicableHeaderTradeSettlement")
    agreement = terms.find(deal, "ram:ApplicableHeaderTradeAgreement")
    number = terms.text(document, "ram:ID", "/number", limit=80)
    issued_on = terms.day(document, f"ram:IssueDateTime/{_DATE}", "/issued_on")
    currency = terms.text(money, "ram:InvoiceCurrencyCode", "/currency")
    lines = terms.all(deal, "ram:IncludedSupplyChainTradeLineItem")
    dated = essentials(terms, number, issued_on, currency, len(lines), cii_places.PLACES, "/rsm:CrossIndustryInvoice")
    read_lines = tuple(line_of(terms, line, index) for index, line in enumerate(lines))
    orders = terms.texts(agreement, "ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID")
    type_code = terms.text(document, "ram:TypeCode", "/kind")
    payment = _payment(terms, money, dated)
    fields: dict[str, Any] = {
        "kind": "credit-note" if type_code in CREDIT_NOTE_TYPES else "invoice",
        "number": number,
        "issued_on": dated,
        "currency": currency,
        "lines": read_lines,
        "order_numbers": order_numbers(terms, root, orders, read_lines),
        "allowances": _extras(terms, money),
        "taxes": _taxes(terms, money),
        "totals": _totals(terms, money),
        "note": _note(terms, document, money),
        **_parties(terms, agreement, money),
        **_references(terms, deal, agreement, money),
        **payment,
    }
    tax_totals = terms.all(money, "ram:SpecifiedTradeSettlementHeaderMonetarySummation/ram:TaxTotalAmount")
    return XmlReading(
        "cii",
        specification,
        terms,
        terms.invoice(fields),
        cii_places.PLACES,
        tax_totals=sum(each.get("currencyID", currency) == currency for each in tax_totals),
        tax_point_twice=any(
            terms.find(row, "ram:TaxPointDate") is not None and terms.find(row, "ram:DueDateTypeCode") is not None
            for row in terms.all(money, "ram:ApplicableTradeTax")
        ),
    )


def _parties(terms: Terms, agreement: etree._Element | None, money: etree._Element | None) -> dict[str, Any]:
    payee = terms.find(money, "ram:PayeeTradeParty")
    if terms.texts(agreement, "ram:SellerTaxRepresentativeTradeParty/ram:SpecifiedTaxRegistration/ram:ID"):
        terms.identified.add("representative-vat")
    return {
        "seller": party_of(terms, terms.find(agreement, "ram:SellerTradeParty"), "/seller"),
        "buyer": party_of(terms, terms.find(agreement, "ram:BuyerTradeParty"), "/buyer"),
        "payee": None if payee is None else party_of(terms, payee, "/payee"),
    }


def _references(
    terms: Terms, deal: etree._Element | None, agreement: etree._Element | None, money: etree._Element | None
) -> dict[str, Any]:
    delivery = terms.find(deal, "ram:ApplicableHeaderTradeDelivery")
    credited = terms.texts(money, "ram:InvoiceReferencedDocument/ram:IssuerAssignedID")
    if terms.find(money, "ram:InvoiceReferencedDocument") is not None and not credited:
        terms.absent.add("/credited")
    return {
        "contract": terms.text(agreement, "ram:ContractReferencedDocument/ram:IssuerAssignedID"),
        "buyer_reference": terms.text(agreement, "ram:BuyerReference"),
        "delivery_note": terms.text(delivery, "ram:DespatchAdviceReferencedDocument/ram:IssuerAssignedID")
        or terms.text(delivery, "ram:DeliveryNoteReferencedDocument/ram:IssuerAssignedID"),
        "delivered_on": terms.day(delivery, f"ram:ActualDeliverySupplyChainEvent/ram:OccurrenceDateTime/{_DATE}"),
        "credited": terms.limited(credited, MOST_REFERENCES, "credited invoices", money),
    }


def _note(terms: Terms, document: etree._Element | None, money: etree._Element | None) -> str:
    notes = terms.texts(document, "ram:IncludedNote/ram:Content", LONG_TEXT)
    text = joined([*notes, without_skonto(_terms_text(terms, money))], "\n")
    return text if document is None else terms.cut(text, document, LONG_TEXT)


def _terms_text(terms: Terms, money: etree._Element | None) -> str:
    return joined(terms.texts(money, "ram:SpecifiedTradePaymentTerms/ram:Description", LONG_TEXT), "\n")


def _payment(terms: Terms, money: etree._Element | None, issued_on: date) -> dict[str, Any]:
    due_on = terms.day(money, f"ram:SpecifiedTradePaymentTerms/ram:DueDateDateTime/{_DATE}")
    discounts = skonto(_terms_text(terms, money)) + _discounts(terms, money, issued_on)
    if len(discounts) > 1:
        terms.note("discounts", f"of {len(discounts)} discounts for early payment the best is kept", money, "warning")
    return {
        "due_on": due_on,
        "terms": payment_terms(discounts, issued_on, due_on),
        "payment_reference": terms.text(money, "ram:PaymentReference"),
        "accounts": terms.limited(each_once(_accounts(terms, money)), 20, "accounts", money),
    }


def _discounts(terms: Terms, money: etree._Element | None, issued_on: date) -> list[Discount]:
    """Counted in days from a base date, which is the invoice date unless another is given."""
    found = []
    for each in terms.few(money, _DISCOUNT, MOST_MEANS, "discounts"):
        percent = terms.number(each, "ram:CalculationPercent")
        days = terms.number(each, "ram:BasisPeriodMeasure")
        base = terms.day(each, f"ram:BasisDateTime/{_DATE}") or issued_on
        measure = terms.find(each, "ram:BasisPeriodMeasure")
        if percent is None or (measure is not None and measure.get("unitCode", "DAY") != "DAY"):
            terms.note("discounts", "a discount that is not in percent and days is not kept", each, "warning")
            continue
        count = (base - issued_on).days + int(days or Decimal(0))
        if count >= 0:
            found.append(Discount(percent, count))
    return found


def _accounts(terms: Terms, money: etree._Element | None) -> list[PayeeAccount]:
    accounts = []
    for means in terms.few(money, "ram:SpecifiedTradeSettlementPaymentMeans", MOST_MEANS, "means of payment"):
        code = terms.text(means, "ram:TypeCode", "/payment_means")
        account = terms.find(means, "ram:PayeePartyCreditorFinancialAccount")
        bank = terms.text(means, "ram:PayeeSpecifiedCreditorFinancialInstitution/ram:BICID")
        name = terms.text(account, "ram:AccountName")
        iban, other = terms.text(account, "ram:IBANID"), terms.text(account, "ram:ProprietaryID")
        if iban:
            accounts.append(account_of(terms, account, iban, bank, name, iban=True))
        if other:
            accounts.append(account_of(terms, account, other, bank, name, iban=False))
        if not (iban or other) and code in _CREDIT_TRANSFERS:
            terms.absent.add("/accounts")
    return accounts


def _extras(terms: Terms, money: etree._Element | None) -> tuple[Any, ...]:
    found = terms.few(money, "ram:SpecifiedTradeAllowanceCharge", MOST_EXTRAS, "allowances and charges")
    extras = [extra_of(terms, each, f"/allowances/{index}", taxed=True) for index, each in enumerate(found)]
    services = terms.few(money, "ram:SpecifiedLogisticsServiceCharge", MOST_EXTRAS - len(found), "logistics charges")
    return (*extras, *(logistics_of(terms, each) for each in services))


def _taxes(terms: Terms, money: etree._Element | None) -> tuple[TaxTotal, ...]:
    rows = terms.few(money, "ram:ApplicableTradeTax", MOST_TAX_ROWS, "tax rows")
    if not rows:
        terms.absent.add("/taxes")
    return tuple(
        TaxTotal(
            category=terms.code(row, "ram:CategoryCode", f"/taxes/{index}/category"),
            rate=terms.number(row, "ram:RateApplicablePercent", f"/taxes/{index}/rate"),
            taxable=terms.money(row, "ram:BasisAmount", f"/taxes/{index}/taxable"),
            tax=terms.money(row, "ram:CalculatedAmount", f"/taxes/{index}/tax"),
            exemption_reason=terms.text(row, "ram:ExemptionReason", limit=LONG_TEXT)
            or terms.text(row, "ram:ExemptionReasonCode"),
        )
        for index, row in enumerate(rows)
    )


def _totals(terms: Terms, money: etree._Element | None) -> InvoiceTotals:
    totals = terms.find(money, "ram:SpecifiedTradeSettlementHeaderMonetarySummation")
    return InvoiceTotals(
        lines=terms.money(totals, "ram:LineTotalAmount", "/totals/lines"),
        allowances=terms.money(totals, "ram:AllowanceTotalAmount", "/totals/allowances"),
        charges=terms.money(totals, "ram:ChargeTotalAmount", "/totals/charges"),
        before_tax=terms.money(totals, "ram:TaxBasisTotalAmount", "/totals/before_tax"),
        tax=terms.money_in_currency(totals, "ram:TaxTotalAmount", "/totals/tax"),
        total=terms.money(totals, "ram:GrandTotalAmount", "/totals/total"),
        prepaid=terms.money(totals, "ram:TotalPrepaidAmount", "/totals/prepaid"),
        rounding=terms.money(totals, "ram:RoundingAmount", "/totals/rounding"),
        payable=terms.money(totals, "ram:DuePayableAmount", "/totals/payable"),
    )
