"""Namespaces of UBL 2.1, and where in it each term of an invoice stands."""

_SCHEMA = "urn:oasis:names:specification:ubl:schema:xsd:"
NAMESPACES = {
    "cac": f"{_SCHEMA}CommonAggregateComponents-2",
    "cbc": f"{_SCHEMA}CommonBasicComponents-2",
}
INVOICE, CREDIT_NOTE = f"{{{_SCHEMA}Invoice-2}}Invoice", f"{{{_SCHEMA}CreditNote-2}}CreditNote"

INVOICE_LINE, CREDIT_NOTE_LINE = f"{{{NAMESPACES['cac']}}}InvoiceLine", f"{{{NAMESPACES['cac']}}}CreditNoteLine"

_TOTALS = "cac:LegalMonetaryTotal"
_EXTRA = "cac:AllowanceCharge[*]"
_ROW = "cac:TaxTotal/cac:TaxSubtotal[*]"
_SUPPLIER, _CUSTOMER = "cac:AccountingSupplierParty/cac:Party", "cac:AccountingCustomerParty/cac:Party"


def places(line: str, quantity: str) -> dict[str, str]:
    """JSON pointers into an invoice and their XPaths below the root; `line` and `quantity` differ in credit notes."""
    item, price = f"{line}/cac:Item", f"{line}/cac:Price"
    return {
        "/specification": "cbc:CustomizationID",
        "/number": "cbc:ID",
        "/issued_on": "cbc:IssueDate",
        "/kind": "cbc:InvoiceTypeCode" if line.startswith("cac:InvoiceLine") else "cbc:CreditNoteTypeCode",
        "/currency": "cbc:DocumentCurrencyCode",
        "/credited": "cac:BillingReference",
        "/seller": _SUPPLIER,
        "/seller/name": f"{_SUPPLIER}/cac:PartyLegalEntity/cbc:RegistrationName",
        "/seller/address": f"{_SUPPLIER}/cac:PostalAddress",
        "/seller/country": f"{_SUPPLIER}/cac:PostalAddress/cac:Country/cbc:IdentificationCode",
        "/buyer": _CUSTOMER,
        "/buyer/name": f"{_CUSTOMER}/cac:PartyLegalEntity/cbc:RegistrationName",
        "/buyer/address": f"{_CUSTOMER}/cac:PostalAddress",
        "/buyer/country": f"{_CUSTOMER}/cac:PostalAddress/cac:Country/cbc:IdentificationCode",
        "/payee": "cac:PayeeParty",
        "/payee/name": "cac:PayeeParty/cac:PartyName/cbc:Name",
        "/payment_means": "cac:PaymentMeans/cbc:PaymentMeansCode",
        "/accounts": "cac:PaymentMeans/cac:PayeeFinancialAccount/cbc:ID",
        "/totals": _TOTALS,
        "/totals/lines": f"{_TOTALS}/cbc:LineExtensionAmount",
        "/totals/allowances": f"{_TOTALS}/cbc:AllowanceTotalAmount",
        "/totals/charges": f"{_TOTALS}/cbc:ChargeTotalAmount",
        "/totals/before_tax": f"{_TOTALS}/cbc:TaxExclusiveAmount",
        "/totals/tax": "cac:TaxTotal/cbc:TaxAmount",
        "/totals/total": f"{_TOTALS}/cbc:TaxInclusiveAmount",
        "/totals/prepaid": f"{_TOTALS}/cbc:PrepaidAmount",
        "/totals/rounding": f"{_TOTALS}/cbc:PayableRoundingAmount",
        "/totals/payable": f"{_TOTALS}/cbc:PayableAmount",
        "/allowances/*": _EXTRA,
        "/allowances/*/amount": f"{_EXTRA}/cbc:Amount",
        "/allowances/*/tax_category": f"{_EXTRA}/cac:TaxCategory/cbc:ID",
        "/allowances/*/tax_rate": f"{_EXTRA}/cac:TaxCategory/cbc:Percent",
        "/allowances/*/reason": f"{_EXTRA}/cbc:AllowanceChargeReason",
        "/taxes": "cac:TaxTotal",
        "/taxes/*": _ROW,
        "/taxes/*/taxable": f"{_ROW}/cbc:TaxableAmount",
        "/taxes/*/tax": f"{_ROW}/cbc:TaxAmount",
        "/taxes/*/category": f"{_ROW}/cac:TaxCategory/cbc:ID",
        "/taxes/*/rate": f"{_ROW}/cac:TaxCategory/cbc:Percent",
        "/taxes/*/exemption_reason": f"{_ROW}/cac:TaxCategory/cbc:TaxExemptionReason",
        "/lines/*": line,
        "/lines/*/reference": f"{line}/cbc:ID",
        "/lines/*/quantity": f"{line}/cbc:{quantity}",
        "/lines/*/quantity/unit": f"{line}/cbc:{quantity}/@unitCode",
        "/lines/*/amount": f"{line}/cbc:LineExtensionAmount",
        "/lines/*/description": f"{item}/cbc:Name",
        "/lines/*/tax_category": f"{item}/cac:ClassifiedTaxCategory/cbc:ID",
        "/lines/*/tax_rate": f"{item}/cac:ClassifiedTaxCategory/cbc:Percent",
        "/lines/*/unit_price": f"{price}/cbc:PriceAmount",
        "/lines/*/allowances/*": f"{line}/cac:AllowanceCharge[*]",
        "/lines/*/allowances/*/amount": f"{line}/cac:AllowanceCharge[*]/cbc:Amount",
        "/lines/*/allowances/*/reason": f"{line}/cac:AllowanceCharge[*]/cbc:AllowanceChargeReason",
    }
