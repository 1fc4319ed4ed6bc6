"""UBL 2.1 Invoice and CreditNote, as Peppol BIS Billing 3 and other users of EN 16931 write them."""

from __future__ import annotations

from typing import Any

from lxml import etree

from adapters.invoice_documents import ubl_places
from adapters.invoice_documents.accounts import account_of, each_once
from adapters.invoice_documents.lines import MOST_MEANS, MOST_REFERENCES, MOST_TAX_ROWS, order_numbers
from adapters.invoice_documents.terms import LONG_TEXT, MOST_EXTRAS, TEXT, Terms, joined
from adapters.invoice_documents.ubl_lines import extra_of, line_of
from adapters.invoice_documents.ubl_parties import party_of
from adapters.invoice_documents.words import Discount, payment_terms, skonto, without_skonto
from adapters.invoice_documents.xml_documents import CREDIT_NOTE_TYPES, XmlReading, essentials
from domain.invoice import InvoiceTotals, PayeeAccount, TaxTotal

_CREDIT_TRANSFERS = ("30", "58")


def read_ubl(root: etree._Element) -> XmlReading:
    """Raises UnreadableDocumentError when there is no number, date, currency or line."""
    is_credit = root.tag == ubl_places.CREDIT_NOTE
    line_name, quantity = ("CreditNoteLine", "CreditedQuantity") if is_credit else ("InvoiceLine", "InvoicedQuantity")
    terms = Terms(ubl_places.NAMESPACES)
    specification = terms.text(root, "cbc:CustomizationID", "/specification")
    type_code = terms.text(root, "cbc:CreditNoteTypeCode" if is_credit else "cbc:InvoiceTypeCode", "/kind")
    number = terms.text(root, "cbc:ID", "/number", limit=80)
    issued_on = terms.day(root, "cbc:IssueDate", "/issued_on")
    currency = terms.text(root, "cbc:DocumentCurrencyCode", "/currency")
    lines = terms.all(root, f"cac:{line_name}")
    places = ubl_places.places(f"cac:{line_name}[*]", quantity)
    dated = essentials(terms, number, issued_on, currency, len(lines), places, "/" + etree.QName(root).localname)
    read_lines = tuple(line_of(terms, line, index, quantity) for index, line in enumerate(lines))
    fields: dict[str, Any] = {
        "kind": "credit-note" if is_credit or type_code in CREDIT_NOTE_TYPES else "invoice",
        "number": number,
        "issued_on": dated,
        "currency": currency,
        "lines": read_lines,
        "order_numbers": order_numbers(terms, root, terms.texts(root, "cac:OrderReference/cbc:ID"), read_lines),
        "taxes": _taxes(terms, root),
        "totals": _totals(terms, root),
        **_parties(terms, root),
        **_references(terms, root),
        **_payment(terms, root, dated),
    }
    return XmlReading(
        "ubl-credit-note" if is_credit else "ubl-invoice",
        specification,
        terms,
        terms.invoice(fields),
        places,
        tax_totals=sum(each.get("currencyID") == currency for each in terms.all(root, "cac:TaxTotal/cbc:TaxAmount")),
        tax_point_twice=bool(
            terms.text(root, "cbc:TaxPointDate") and terms.text(root, "cac:InvoicePeriod/cbc:DescriptionCode")
        ),
    )


def _parties(terms: Terms, root: etree._Element) -> dict[str, Any]:
    seller = terms.find(root, "cac:AccountingSupplierParty/cac:Party")
    if terms.texts(root, "cac:TaxRepresentativeParty/cac:PartyTaxScheme/cbc:CompanyID"):
        terms.identified.add("representative-vat")
    payee = terms.find(root, "cac:PayeeParty")
    return {
        "seller": party_of(terms, seller, "/seller"),
        "buyer": party_of(terms, terms.find(root, "cac:AccountingCustomerParty/cac:Party"), "/buyer"),
        "payee": None if payee is None else party_of(terms, payee, "/payee"),
    }


def _references(terms: Terms, root: etree._Element) -> dict[str, Any]:
    credited = terms.texts(root, "cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID")
    if terms.find(root, "cac:BillingReference") is not None and not credited:
        terms.absent.add("/credited")
    notes = [*terms.texts(root, "cbc:Note", LONG_TEXT), without_skonto(_terms_text(terms, root))]
    return {
        "contract": terms.text(root, "cac:ContractDocumentReference/cbc:ID"),
        "buyer_reference": terms.text(root, "cbc:BuyerReference"),
        "delivery_note": terms.text(root, "cac:DespatchDocumentReference/cbc:ID"),
        "delivered_on": terms.day(root, "cac:Delivery/cbc:ActualDeliveryDate"),
        "credited": terms.limited(credited, MOST_REFERENCES, "credited invoices", root),
        "note": terms.cut(joined(notes, "\n"), root, LONG_TEXT),
        "allowances": tuple(
            extra_of(terms, each, f"/allowances/{index}", taxed=True)
            for index, each in enumerate(terms.few(root, "cac:AllowanceCharge", MOST_EXTRAS, "allowances and charges"))
        ),
    }


def _terms_text(terms: Terms, root: etree._Element) -> str:
    return joined(terms.texts(root, "cac:PaymentTerms/cbc:Note", LONG_TEXT), "\n")


def _payment(terms: Terms, root: etree._Element, issued_on: Any) -> dict[str, Any]:
    means = terms.few(root, "cac:PaymentMeans", MOST_MEANS, "means of payment")
    due_on = terms.day(root, "cbc:DueDate") or terms.day(root, "cac:PaymentMeans/cbc:PaymentDueDate")
    discounts = skonto(_terms_text(terms, root))
    for each in terms.few(root, "cac:PaymentTerms", MOST_MEANS, "payment terms"):
        percent = terms.number(each, "cbc:SettlementDiscountPercent")
        ends = terms.day(each, "cac:SettlementPeriod/cbc:EndDate")
        if percent is not None and ends is not None and ends >= issued_on:
            discounts.append(Discount(percent, (ends - issued_on).days))
    if len(discounts) > 1:
        terms.note("discounts", f"of {len(discounts)} discounts for early payment the best is kept", root, "warning")
    return {
        "due_on": due_on,
        "terms": payment_terms(discounts, issued_on, due_on),
        "payment_reference": next(iter(terms.texts(root, "cac:PaymentMeans/cbc:PaymentID")), ""),
        "accounts": terms.limited(each_once(_accounts(terms, means)), 20, "accounts", root),
    }


def _accounts(terms: Terms, means: list[etree._Element]) -> list[PayeeAccount]:
    accounts = []
    for each in means:
        code = terms.text(each, "cbc:PaymentMeansCode", "/payment_means")
        account = terms.find(each, "cac:PayeeFinancialAccount")
        number = terms.text(account, "cbc:ID")
        if number:
            branch = terms.text(account, "cac:FinancialInstitutionBranch/cbc:ID", limit=TEXT)
            accounts.append(account_of(terms, account, number, branch, terms.text(account, "cbc:Name")))
        elif code in _CREDIT_TRANSFERS:
            terms.absent.add("/accounts")
    return accounts


def _taxes(terms: Terms, root: etree._Element) -> tuple[TaxTotal, ...]:
    rows = terms.few(root, "cac:TaxTotal/cac:TaxSubtotal", MOST_TAX_ROWS, "tax rows")
    if not rows:
        terms.absent.add("/taxes")
    return tuple(
        TaxTotal(
            category=terms.code(row, "cac:TaxCategory/cbc:ID", f"/taxes/{index}/category"),
            rate=terms.number(row, "cac:TaxCategory/cbc:Percent", f"/taxes/{index}/rate"),
            taxable=terms.money(row, "cbc:TaxableAmount", f"/taxes/{index}/taxable"),
            tax=terms.money(row, "cbc:TaxAmount", f"/taxes/{index}/tax"),
            exemption_reason=terms.text(row, "cac:TaxCategory/cbc:TaxExemptionReason", limit=LONG_TEXT)
            or terms.text(row, "cac:TaxCategory/cbc:TaxExemptionReasonCode"),
        )
        for index, row in enumerate(rows)
    )


def _totals(terms: Terms, root: etree._Element) -> InvoiceTotals:
    totals = terms.find(root, "cac:LegalMonetaryTotal")
    # The total in the tax accounting currency (BT-111) stands in a TaxTotal of its own.
    other = terms.text(root, "cbc:TaxCurrencyCode")
    amounts = terms.all(root, "cac:TaxTotal/cbc:TaxAmount")
    amounts.sort(key=lambda each: each.get("currencyID") != terms.currency)
    if amounts and amounts[0].get("currencyID") == other != terms.currency:
        amounts = []
    tax = amounts[0].getparent() if amounts else None
    return InvoiceTotals(
        lines=terms.money(totals, "cbc:LineExtensionAmount", "/totals/lines"),
        allowances=terms.money(totals, "cbc:AllowanceTotalAmount", "/totals/allowances"),
        charges=terms.money(totals, "cbc:ChargeTotalAmount", "/totals/charges"),
        before_tax=terms.money(totals, "cbc:TaxExclusiveAmount", "/totals/before_tax"),
        tax=terms.money(tax, "cbc:TaxAmount", "/totals/tax"),
        total=terms.money(totals, "cbc:TaxInclusiveAmount", "/totals/total"),
        prepaid=terms.money(totals, "cbc:PrepaidAmount", "/totals/prepaid"),
        rounding=terms.money(totals, "cbc:PayableRoundingAmount", "/totals/rounding"),
        payable=terms.money(totals, "cbc:PayableAmount", "/totals/payable"),
    )
