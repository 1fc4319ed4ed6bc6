"""What a supplier is told about its bill, in the codes of the Peppol BIS Invoice Response 3.

`reason` codes are those of OPStatusReason: REF references, LEG legal information, REC receiver unknown, DEL delivery,
PRI prices, QTY quantity, ITM items, PAY payment terms, UNR not recognised, FIN finance, PPD partially paid, OTH other.
`action` codes are those of OPStatusAction: NOA none, PIN provide information, NIN issue a new invoice, CNF credit
fully, CNP credit partially, OTH other.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from domain.exceptions import CATALOGUE
from domain.supplier_answers import Clarification, ResponseStatus

Stage = Literal["received", "in-process", "rejected", "approved", "paid"]

_ANSWERS: dict[str, tuple[str, str, str]] = {
    "supplier-unknown": ("UNR", "PIN", "We do not know the supplier that the document names."),
    "sender-unverified": ("UNR", "PIN", "The document came from an address that we do not know as yours."),
    "document-invalid": ("LEG", "NIN", "The document breaks the rules of its format."),
    "missing-required": ("LEG", "NIN", "Information is missing that an invoice must carry."),
    "date-implausible": ("LEG", "NIN", "The date of the invoice cannot be right."),
    "not-balanced": ("FIN", "NIN", "The totals are not the sum of the lines."),
    "currency-mismatch": ("FIN", "NIN", "The currency is not that of the order."),
    "tax-over": ("FIN", "NIN", "More tax is charged than the rate gives."),
    "tax-under": ("FIN", "NIN", "Less tax is charged than the rate gives."),
    "tax-code-missing": ("LEG", "NIN", "A tax category or rate is missing or unknown."),
    "tax-validation-failed": ("LEG", "PIN", "Your tax number could not be confirmed."),
    "duplicate-suspected": ("OTH", "NOA", "We have received this invoice before; the first one stands."),
    "bank-account-mismatch": ("FIN", "PIN", "The bank account is not the one that we hold for you."),
    "owner-missing": ("REC", "PIN", "The document names nobody here who ordered."),
    "order-not-found": ("REF", "PIN", "We have no such order with you."),
    "order-closed": ("REF", "PIN", "The order is closed."),
    "item-not-ordered": ("ITM", "CNP", "An item was billed that is not on the order."),
    "unit-mismatch": ("ITM", "NIN", "The unit does not convert into the unit of the order."),
    "price-variance": ("PRI", "CNP", "The price is higher than the price of the order."),
    "quantity-over-ordered": ("QTY", "CNP", "More was billed than was ordered."),
    "amount-over-ordered": ("PRI", "CNP", "The amount is beyond the amount of the order."),
    "charge-over": ("PRI", "CNP", "Freight or surcharges are higher than we agreed to."),
    "receipt-missing": ("DEL", "PIN", "The goods have not arrived."),
    "receipt-short": ("DEL", "CNP", "Fewer goods have arrived than were billed."),
    "credit-incomplete": ("REF", "PIN", "The credit note names no invoice that we know."),
    "credit-exceeds": ("FIN", "NIN", "More is credited than was billed."),
}
TOLD = frozenset(_ANSWERS)
"""Exceptions that are the supplier's business; all others are settled within the house."""


def clarifications_for(code: str) -> Clarification:
    """What a supplier is told about an exception; for what is the house's own business: other reason, no action.

    Raises KeyError for a code that the catalogue of exceptions does not have.
    """
    title = CATALOGUE[code].title
    reason, action, text = _ANSWERS.get(code, ("OTH", "NOA", f"{title}."))
    return Clarification(reason=reason, action=action, text=text)


def response_status(stage: Stage, open_codes: Collection[str] = (), withheld: bool = False) -> ResponseStatus:
    """AB received, IP in process, UQ under query, CA accepted on condition, RE rejected, AP accepted, PD paid.

    Under query is what waits for the supplier, not what waits for the house: `open_codes` that nobody tells suppliers
    leave a bill in process. What is paid short is accepted on condition, and stays so until the rest is settled.
    """
    if stage == "rejected":
        return "RE"
    if stage in ("approved", "paid") and withheld:
        return "CA"
    if stage == "paid":
        return "PD"
    if stage == "approved":
        return "AP"
    if TOLD.intersection(open_codes):
        return "UQ"
    return "AB" if stage == "received" else "IP"
