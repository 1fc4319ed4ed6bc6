"""The remittance advice: what one payment settles, as UBL 2.1 and as a table for spreadsheets.

Amounts are as the supplier sees them: what it billed is credited to it, what it took back is debited. The account is
shown by its last four characters only, whoever reads the mail.
"""

from __future__ import annotations

import csv
import io

from lxml import etree

from adapters.supplier_answer_documents.ubl import buyer, document, group, octets, put, put_amount, seller
from domain.money import Money
from domain.payment import Payment, PaymentItem
from domain.supplier_answers import Remittance

_MEANS = {"ach": "30", "credit-transfer": "30"}  # UNCL4461: credit transfer
_REFERENCES = {"invoice": "InvoiceDocumentReference", "credit-note": "CreditNoteDocumentReference"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = ("document", "kind", "due", "amount", "discount", "paid", "currency")


def net(item: PaymentItem) -> Money:
    """What the payment carries for the item; negative for a credit note."""
    return item.amount - item.discount


def remittance_xml(remittance: Remittance) -> bytes:
    """The same bytes for the same remittance."""
    payment = remittance.payment
    nets = [net(item) for item in payment.items]
    currency = payment.amount.currency
    root = document("RemittanceAdvice")
    put(root, "ID", payment.payment_id)
    put(root, "IssueDate", payment.pay_on.isoformat())
    put(root, "DocumentCurrencyCode", currency)
    put_amount(root, "TotalDebitAmount", Money.total((-each for each in nets if each.amount < 0), currency))
    put_amount(root, "TotalCreditAmount", Money.total((each for each in nets if each.amount >= 0), currency))
    put_amount(root, "TotalPaymentAmount", payment.amount)
    put(root, "PaymentOrderReference", payment.run_id)
    put(root, "LineCountNumeric", str(len(payment.items)))
    buyer(group(root, "AccountingCustomerParty", "Party"), remittance.facility)
    seller(group(root, "AccountingSupplierParty", "Party"), remittance.supplier)
    _means(root, payment)
    for number, item in enumerate(payment.items, 1):
        line = group(root, "RemittanceAdviceLine")
        put(line, "ID", str(number))
        if item.discount:
            put(line, "Note", f"{item.amount} less discount {item.discount}")
        settled = net(item)
        if settled.amount < 0:
            put_amount(line, "DebitLineAmount", -settled)
        else:
            put_amount(line, "CreditLineAmount", settled)
        put(group(line, "BillingReference", _REFERENCES[item.kind]), "ID", item.number)
    return octets(root)


def remittance_csv(remittance: Remittance) -> bytes:
    """UTF-8, with a header row and a last row of totals. What a spreadsheet would take for a formula is text."""
    payment = remittance.payment
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    currency = payment.amount.currency
    for item in payment.items:
        amounts = (_plain(item.amount), _plain(item.discount), _plain(net(item)))
        writer.writerow((_text(item.number), item.kind, item.due_on.isoformat(), *amounts, currency))
    gross = Money.total((item.amount for item in payment.items), currency)
    discounts = Money.total((item.discount for item in payment.items), currency)
    writer.writerow(("total", "", "", _plain(gross), _plain(discounts), _plain(payment.amount), currency))
    return target.getvalue().encode()


def _means(root: etree._Element, payment: Payment) -> None:
    means = group(root, "PaymentMeans")
    put(means, "PaymentMeansCode", _MEANS[payment.method])
    put(means, "PaymentDueDate", payment.pay_on.isoformat())
    put(means, "PaymentID", payment.payment_id)
    put(group(means, "PayeeFinancialAccount"), "ID", payment.account.masked)


def _plain(money: Money) -> str:
    return f"{money.rounded().amount:f}"


def _text(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA) else value
