"""The Peppol BIS Invoice Response 3: a UBL 2.1 ApplicationResponse about one invoice.

Code lists as the BIS names them: UNCL4343OpSubset for the status, OPStatusReason for what is wrong, OPStatusAction for
what the supplier is asked to do.
"""

from __future__ import annotations

import hashlib

from adapters.supplier_answer_documents.ubl import buyer, document, group, octets, put, seller
from domain.supplier_answers import Clarification, InvoiceAnswer

_CUSTOMIZATION = "urn:fdc:peppol.eu:poacc:trns:invoice_response:3"
_PROFILE = "urn:fdc:peppol.eu:poacc:bis:invoice_response:3"
_DOCUMENT_TYPES = {"invoice": "380", "credit-note": "381"}  # UNCL1001
# The BIS wants a reason with these: the supplier could not act on them otherwise.
_NEEDS_A_REASON = frozenset({"UQ", "CA", "RE"})
STATUSES = {
    "AB": "received",
    "IP": "in process",
    "UQ": "under query",
    "CA": "conditionally accepted",
    "RE": "rejected",
    "AP": "accepted",
    "PD": "paid",
}
REASONS = {
    "NON": "no issue",
    "REF": "references are missing or wrong",
    "LEG": "a legal requirement is not met",
    "REC": "the receiver is not the one that owes it",
    "QUA": "the quality of the goods is not as ordered",
    "DEL": "the delivery is not as ordered",
    "PRI": "prices are not as agreed",
    "QTY": "quantities are not as delivered",
    "ITM": "items are not as ordered",
    "PAY": "the payment terms are not as agreed",
    "UNR": "the transaction is not recognised",
    "FIN": "the financing terms are not as agreed",
    "PPD": "it is paid in part",
    "OTH": "another reason",
}
ACTIONS = {
    "NOA": "nothing is asked of you",
    "PIN": "please provide information",
    "NIN": "please issue a new invoice",
    "CNF": "please issue a credit note for the whole invoice",
    "CNP": "please issue a credit note for a part of it",
    "CNA": "please issue a credit note for the amount",
    "OTH": "please see the text",
}


def invoice_response(answer: InvoiceAnswer) -> bytes:
    """The same bytes for the same answer."""
    root = document("ApplicationResponse")
    put(root, "CustomizationID", _CUSTOMIZATION)
    put(root, "ProfileID", _PROFILE)
    put(root, "ID", hashlib.sha256(answer.key.encode()).hexdigest()[:32])
    put(root, "IssueDate", answer.answered_on.isoformat())
    if answer.text:
        put(root, "Note", answer.text)
    buyer(group(root, "SenderParty"), answer.facility)
    seller(group(root, "ReceiverParty"), answer.supplier)
    said = group(root, "DocumentResponse")
    response = group(said, "Response")
    put(response, "ResponseCode", answer.status, listID="UNCL4343OpSubset")
    put(response, "EffectiveDate", answer.answered_on.isoformat())
    for each in clarifications(answer):
        reason = group(response, "Status")
        put(reason, "StatusReasonCode", each.reason, listID="OPStatusReason")
        put(reason, "StatusReason", each.text or REASONS.get(each.reason, each.reason))
        action = group(response, "Status")
        put(action, "StatusReasonCode", each.action, listID="OPStatusAction")
        put(action, "StatusReason", ACTIONS.get(each.action, each.action))
    reference = group(said, "DocumentReference")
    put(reference, "ID", answer.number)
    put(reference, "IssueDate", answer.issued_on.isoformat())
    put(reference, "DocumentTypeCode", _DOCUMENT_TYPES[answer.kind], listID="UNCL1001")
    return octets(root)


def clarifications(answer: InvoiceAnswer) -> tuple[Clarification, ...]:
    """What is wrong, with the disputed amount where there is one; never nothing where the BIS wants a reason."""
    given = answer.clarifications
    if not given and answer.status in _NEEDS_A_REASON:
        given = (Clarification(reason="OTH", action="OTH", text=answer.text),)
    if answer.disputed is not None and given:
        text = "; ".join(part for part in (given[0].text, f"disputed: {answer.disputed}") if part)
        given = (given[0].model_copy(update={"text": text}), *given[1:])
    return given
