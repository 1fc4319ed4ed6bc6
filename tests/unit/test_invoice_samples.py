"""Public example invoices are read without loss: what the document says is compared with what was read of it."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from typing import cast

import pytest
from lxml import etree
from pypdf import PdfReader

from adapters.invoice_documents import DocumentReader, media_type_of
from domain.capture import Reading
from domain.invoice import Invoice, PayeeAccount
from tests.fixtures.invoice_samples import needs_samples, sample

pytestmark = needs_samples
PEPPOL = (
    "peppol-allowance-example.xml",
    "peppol-base-creditnote-correction.xml",
    "peppol-base-example.xml",
    "peppol-vat-category-e.xml",
)
CII = ("cii-business-example-01.xml", "cii-example1.xml")
FACTURX = ("facturx-einfach.pdf", "facturx-gutschrift.pdf")


def read(name: str) -> Reading:
    content = sample(name)
    media_type = media_type_of(content)
    assert media_type is not None
    return DocumentReader().read(content, media_type)


def xml_of(name: str) -> etree._Element:
    """The document itself; of a PDF its attachment."""
    content = sample(name)
    if name.endswith(".pdf"):
        files = PdfReader(BytesIO(content)).attachments
        content = next(data[0] for file, data in files.items() if file.lower() == "factur-x.xml")
    return etree.fromstring(content)


def texts(root: etree._Element, path: str) -> list[str]:
    """By local names, independently of how the reader finds things: 'TaxTotal/TaxAmount' anywhere in the document."""
    steps = "/".join(f"*[local-name()='{step}']" for step in path.split("/"))
    found = cast("list[etree._Element]", root.xpath(f"//{steps}"))
    return [(each.text or "").strip() for each in found]


def numbers(root: etree._Element, path: str) -> list[Decimal]:
    return [Decimal(text) for text in texts(root, path)]


def _first(values: list[Decimal]) -> Decimal:
    return values[0] if values else Decimal(0)


@pytest.mark.parametrize("name", [*PEPPOL, *CII, *FACTURX])
def test_every_example_is_read_and_breaks_no_rule(name: str) -> None:
    reading = read(name)
    assert [each for each in reading.findings if each.severity == "fatal"] == []
    assert {each.rule for each in reading.findings} <= {"unknown-unit", "PEPPOL-EN16931-R120"}


@pytest.mark.parametrize("name", PEPPOL)
def test_totals_taxes_and_lines_of_ubl_are_those_of_the_document(name: str) -> None:
    invoice, root = read(name).invoice, xml_of(name)
    kind = "CreditNote" if invoice.kind == "credit-note" else "Invoice"
    totals = "LegalMonetaryTotal"
    assert invoice.totals.lines.amount == _first(numbers(root, f"{totals}/LineExtensionAmount"))
    assert invoice.totals.allowances.amount == _first(numbers(root, f"{totals}/AllowanceTotalAmount"))
    assert invoice.totals.charges.amount == _first(numbers(root, f"{totals}/ChargeTotalAmount"))
    assert invoice.totals.before_tax.amount == _first(numbers(root, f"{totals}/TaxExclusiveAmount"))
    assert invoice.totals.tax.amount == _first(numbers(root, "TaxTotal/TaxAmount"))
    assert invoice.totals.total.amount == _first(numbers(root, f"{totals}/TaxInclusiveAmount"))
    assert invoice.totals.prepaid.amount == _first(numbers(root, f"{totals}/PrepaidAmount"))
    assert invoice.totals.payable.amount == _first(numbers(root, f"{totals}/PayableAmount"))
    assert [row.taxable.amount for row in invoice.taxes] == numbers(root, "TaxSubtotal/TaxableAmount")
    assert [row.tax.amount for row in invoice.taxes] == numbers(root, "TaxSubtotal/TaxAmount")
    assert [row.category for row in invoice.taxes] == texts(root, "TaxSubtotal/TaxCategory/ID")
    line = f"{kind}Line"
    assert [each.reference for each in invoice.lines] == texts(root, f"{line}/ID")
    assert [each.amount.amount for each in invoice.lines] == numbers(root, f"{line}/LineExtensionAmount")
    counted = numbers(root, f"{line}/{'CreditedQuantity' if kind == 'CreditNote' else 'InvoicedQuantity'}")
    assert [each.quantity.value for each in invoice.lines] == counted
    assert [each.tax_category for each in invoice.lines] == texts(root, f"{line}/Item/ClassifiedTaxCategory/ID")
    assert [str(each.order_line) for each in invoice.lines if each.order_line] == texts(
        root, f"{line}/OrderLineReference/LineID"
    )
    in_lines = [extra.amount.amount for each in invoice.lines for extra in each.allowances]
    assert in_lines == numbers(root, f"{line}/AllowanceCharge/Amount")
    assert [extra.amount.amount for extra in invoice.allowances] == numbers(root, f"{kind}/AllowanceCharge/Amount")
    _names_of_ubl(invoice, root, kind)


def _names_of_ubl(invoice: Invoice, root: etree._Element, kind: str) -> None:
    assert [invoice.number] == texts(root, f"{kind}/ID")
    assert [invoice.issued_on.isoformat()] == texts(root, f"{kind}/IssueDate")
    assert [invoice.currency] == texts(root, "DocumentCurrencyCode")
    assert invoice.seller.name in texts(root, "AccountingSupplierParty/Party/PartyLegalEntity/RegistrationName")
    assert invoice.seller.tax_id in texts(root, "AccountingSupplierParty/Party/PartyTaxScheme/CompanyID")
    assert invoice.buyer.name in texts(root, "AccountingCustomerParty/Party/PartyLegalEntity/RegistrationName")
    assert [each.identity.strip("/") for each in invoice.accounts] == texts(root, "PayeeFinancialAccount/ID")
    assert list(invoice.credited) == texts(root, "BillingReference/InvoiceDocumentReference/ID")
    assert [invoice.contract] == (texts(root, "ContractDocumentReference/ID") or [""])
    assert [invoice.buyer_reference] == texts(root, "BuyerReference")
    assert list(invoice.order_numbers) == texts(root, f"{kind}/OrderReference/ID")


@pytest.mark.parametrize("name", [*CII, *FACTURX])
def test_totals_taxes_and_lines_of_cii_are_those_of_the_document(name: str) -> None:
    invoice, root = read(name).invoice, xml_of(name)
    totals = "SpecifiedTradeSettlementHeaderMonetarySummation"
    for ours, theirs in (
        (invoice.totals.lines, "LineTotalAmount"),
        (invoice.totals.allowances, "AllowanceTotalAmount"),
        (invoice.totals.charges, "ChargeTotalAmount"),
        (invoice.totals.before_tax, "TaxBasisTotalAmount"),
        (invoice.totals.tax, "TaxTotalAmount"),
        (invoice.totals.total, "GrandTotalAmount"),
        (invoice.totals.prepaid, "TotalPrepaidAmount"),
        (invoice.totals.payable, "DuePayableAmount"),
    ):
        assert ours.amount == _first(numbers(root, f"{totals}/{theirs}")), theirs
    settlement = "ApplicableHeaderTradeSettlement"
    assert [row.tax.amount for row in invoice.taxes] == numbers(
        root, f"{settlement}/ApplicableTradeTax/CalculatedAmount"
    )
    assert [row.taxable.amount for row in invoice.taxes] == numbers(
        root, f"{settlement}/ApplicableTradeTax/BasisAmount"
    )
    line = "IncludedSupplyChainTradeLineItem"
    assert [each.reference for each in invoice.lines] == texts(root, "AssociatedDocumentLineDocument/LineID")
    assert [each.seller_item for each in invoice.lines] == texts(root, f"{line}/SpecifiedTradeProduct/SellerAssignedID")
    assert [each.quantity.value for each in invoice.lines] == numbers(root, "BilledQuantity")
    stated = numbers(root, "SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount")
    assert [each.amount.amount for each in invoice.lines] == stated
    extras = numbers(root, f"{settlement}/SpecifiedTradeAllowanceCharge/ActualAmount")
    assert [each.amount.amount for each in invoice.allowances] == extras
    assert [invoice.number] == texts(root, "ExchangedDocument/ID")
    assert [invoice.issued_on.strftime("%Y%m%d")] == texts(root, "IssueDateTime/DateTimeString")
    assert [invoice.seller.name] == texts(root, "SellerTradeParty/Name")
    assert [invoice.buyer.name] == texts(root, "BuyerTradeParty/Name")
    accounts = {text.replace(" ", "") for text in texts(root, "PayeePartyCreditorFinancialAccount/IBANID")}
    assert {each.identity for each in invoice.accounts} == accounts


def test_the_allowance_example_in_full() -> None:
    invoice = read("peppol-allowance-example.xml").invoice
    first, second, _ = invoice.lines
    assert (first.unit_price.amount, second.unit_price.amount) == (Decimal(410), Decimal(100))
    assert [(each.is_charge, each.reason, each.amount.amount) for each in first.allowances] == [
        (True, "Cleaning", Decimal(1)),
        (False, "Discount", Decimal(101)),
    ]
    assert [(each.is_charge, each.tax_category, each.tax_rate) for each in invoice.allowances] == [
        (True, "S", Decimal(25)),
        (False, "S", Decimal(25)),
    ]
    assert invoice.taxes[1].exemption_reason == "Reason for tax exempt"
    assert invoice.seller.gln == "7300010000001"
    assert invoice.note.splitlines()[-1] == "Payment within 10 days, 2% discount"
    assert (str(invoice.due_on), str(invoice.delivered_on)) == ("2017-12-01", "2017-11-01")
    (account,) = invoice.accounts
    assert account == PayeeAccount(account_number="IBAN32423940", bic="BIC324098", name="AccountName")


def test_the_business_example_in_full() -> None:
    invoice = read("cii-business-example-01.xml").invoice
    assert invoice.payee is not None
    assert (invoice.payee.name, invoice.contract, invoice.order_numbers) == (
        "Ebeneser Scrooge AS",
        "Contract321",
        ("123",),
    )
    assert [each.kind for each in invoice.allowances] == ["other", "freight"]
    assert [each.order_line for each in invoice.lines] == [1, 5, 3, 2, 4]
    assert invoice.payment_reference == "0003434323213231"
    assert [each.bic for each in invoice.accounts] == ["DNBANOKK"]
    assert str(invoice.delivered_on) == "2013-06-15"
