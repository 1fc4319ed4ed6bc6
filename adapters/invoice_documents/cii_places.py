"""Namespaces of UN/CEFACT's Cross Industry Invoice, and where in it each term of an invoice stands."""

_DATA = "urn:un:unece:uncefact:data:standard:"
NAMESPACES = {
    "rsm": f"{_DATA}CrossIndustryInvoice:100",
    "ram": f"{_DATA}ReusableAggregateBusinessInformationEntity:100",
    "udt": f"{_DATA}UnqualifiedDataType:100",
    "qdt": f"{_DATA}QualifiedDataType:100",
}
INVOICE = f"{{{NAMESPACES['rsm']}}}CrossIndustryInvoice"
LINE = f"{{{NAMESPACES['rsm']}}}SupplyChainTradeTransaction/{{{NAMESPACES['ram']}}}IncludedSupplyChainTradeLineItem"

_DOCUMENT, _DEAL = "rsm:ExchangedDocument", "rsm:SupplyChainTradeTransaction"
_AGREEMENT, _SETTLEMENT = f"{_DEAL}/ram:ApplicableHeaderTradeAgreement", f"{_DEAL}/ram:ApplicableHeaderTradeSettlement"
_SELLER, _BUYER = f"{_AGREEMENT}/ram:SellerTradeParty", f"{_AGREEMENT}/ram:BuyerTradeParty"
_TOTALS = f"{_SETTLEMENT}/ram:SpecifiedTradeSettlementHeaderMonetarySummation"
_EXTRA = f"{_SETTLEMENT}/ram:SpecifiedTradeAllowanceCharge[*]"
_ROW = f"{_SETTLEMENT}/ram:ApplicableTradeTax[*]"
_LINE = f"{_DEAL}/ram:IncludedSupplyChainTradeLineItem[*]"
_LINE_MONEY = f"{_LINE}/ram:SpecifiedLineTradeSettlement"
_QUANTITY = f"{_LINE}/ram:SpecifiedLineTradeDelivery/ram:BilledQuantity"
_PRICE = f"{_LINE}/ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice/ram:ChargeAmount"
_LINE_EXTRA = f"{_LINE_MONEY}/ram:SpecifiedTradeAllowanceCharge[*]"

# JSON pointers into an invoice and their XPaths below the root.
PLACES = {
    "/specification": "rsm:ExchangedDocumentContext/ram:GuidelineSpecifiedDocumentContextParameter/ram:ID",
    "/number": f"{_DOCUMENT}/ram:ID",
    "/issued_on": f"{_DOCUMENT}/ram:IssueDateTime/udt:DateTimeString",
    "/kind": f"{_DOCUMENT}/ram:TypeCode",
    "/currency": f"{_SETTLEMENT}/ram:InvoiceCurrencyCode",
    "/credited": f"{_SETTLEMENT}/ram:InvoiceReferencedDocument/ram:IssuerAssignedID",
    "/seller": _SELLER,
    "/seller/name": f"{_SELLER}/ram:Name",
    "/seller/address": f"{_SELLER}/ram:PostalTradeAddress",
    "/seller/country": f"{_SELLER}/ram:PostalTradeAddress/ram:CountryID",
    "/buyer": _BUYER,
    "/buyer/name": f"{_BUYER}/ram:Name",
    "/buyer/address": f"{_BUYER}/ram:PostalTradeAddress",
    "/buyer/country": f"{_BUYER}/ram:PostalTradeAddress/ram:CountryID",
    "/payee": f"{_SETTLEMENT}/ram:PayeeTradeParty",
    "/payee/name": f"{_SETTLEMENT}/ram:PayeeTradeParty/ram:Name",
    "/payment_means": f"{_SETTLEMENT}/ram:SpecifiedTradeSettlementPaymentMeans/ram:TypeCode",
    "/accounts": f"{_SETTLEMENT}/ram:SpecifiedTradeSettlementPaymentMeans/ram:PayeePartyCreditorFinancialAccount",
    "/totals": _TOTALS,
    "/totals/lines": f"{_TOTALS}/ram:LineTotalAmount",
    "/totals/allowances": f"{_TOTALS}/ram:AllowanceTotalAmount",
    "/totals/charges": f"{_TOTALS}/ram:ChargeTotalAmount",
    "/totals/before_tax": f"{_TOTALS}/ram:TaxBasisTotalAmount",
    "/totals/tax": f"{_TOTALS}/ram:TaxTotalAmount",
    "/totals/total": f"{_TOTALS}/ram:GrandTotalAmount",
    "/totals/prepaid": f"{_TOTALS}/ram:TotalPrepaidAmount",
    "/totals/rounding": f"{_TOTALS}/ram:RoundingAmount",
    "/totals/payable": f"{_TOTALS}/ram:DuePayableAmount",
    "/allowances/*": _EXTRA,
    "/allowances/*/amount": f"{_EXTRA}/ram:ActualAmount",
    "/allowances/*/tax_category": f"{_EXTRA}/ram:CategoryTradeTax/ram:CategoryCode",
    "/allowances/*/tax_rate": f"{_EXTRA}/ram:CategoryTradeTax/ram:RateApplicablePercent",
    "/allowances/*/reason": f"{_EXTRA}/ram:Reason",
    "/taxes": _SETTLEMENT,
    "/taxes/*": _ROW,
    "/taxes/*/taxable": f"{_ROW}/ram:BasisAmount",
    "/taxes/*/tax": f"{_ROW}/ram:CalculatedAmount",
    "/taxes/*/category": f"{_ROW}/ram:CategoryCode",
    "/taxes/*/rate": f"{_ROW}/ram:RateApplicablePercent",
    "/taxes/*/exemption_reason": f"{_ROW}/ram:ExemptionReason",
    "/lines": _DEAL,
    "/lines/*": _LINE,
    "/lines/*/reference": f"{_LINE}/ram:AssociatedDocumentLineDocument/ram:LineID",
    "/lines/*/quantity": _QUANTITY,
    "/lines/*/quantity/unit": f"{_QUANTITY}/@unitCode",
    "/lines/*/amount": f"{_LINE_MONEY}/ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount",
    "/lines/*/description": f"{_LINE}/ram:SpecifiedTradeProduct/ram:Name",
    "/lines/*/tax_category": f"{_LINE_MONEY}/ram:ApplicableTradeTax/ram:CategoryCode",
    "/lines/*/tax_rate": f"{_LINE_MONEY}/ram:ApplicableTradeTax/ram:RateApplicablePercent",
    "/lines/*/unit_price": _PRICE,
    "/lines/*/allowances/*": _LINE_EXTRA,
    "/lines/*/allowances/*/amount": f"{_LINE_EXTRA}/ram:ActualAmount",
    "/lines/*/allowances/*/reason": f"{_LINE_EXTRA}/ram:Reason",
}
