"""Answers about invoices to suppliers by e-mail: a document for their system, and a text for people."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from adapters.mail.client import MailClient, compose, message_id
from adapters.mail.errors import SYSTEM
from adapters.mail.settings import MailSettings
from adapters.order_documents.text import clean
from adapters.supplier_answer_documents.invoice_response import ACTIONS, REASONS, STATUSES, clarifications
from adapters.supplier_answer_documents.invoice_response import invoice_response as response_xml
from adapters.supplier_answer_documents.remittance_advice import net, remittance_csv, remittance_xml
from domain.outside_errors import RefusedError
from domain.payables import PayableSupplier
from domain.supplier_answers import AnswerProof, InvoiceAnswer, Remittance

_KINDS = {"invoice": "invoice", "credit-note": "credit note"}
_NOT_IN_A_FILE_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class MailSupplierAnswers:
    """Implements SupplierAnswers. The same key is the same Message-ID, by which mail systems know a repetition.

    Raises RefusedError 'no-address' for a supplier without an address, and the errors of the mail adapter.
    """

    def __init__(self, settings: MailSettings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._settings, self._clock = settings, clock
        self._client = MailClient(settings)

    async def answer_invoice(self, answer: InvoiceAnswer) -> AnswerProof:
        kind = _KINDS[answer.kind]
        subject = f"Your {kind} {answer.number}: {_verdict(answer)}"
        name = f"invoice-response-{_stem(answer.number)}.xml"
        return await self._send(
            "answer",
            answer.key,
            _address(answer.supplier, answer.supplier.email),
            subject,
            _answer_text(answer, kind),
            {name: response_xml(answer)},
        )

    async def send_remittance(self, remittance: Remittance) -> AnswerProof:
        payment, supplier = remittance.payment, remittance.supplier
        stem = f"remittance-{_stem(payment.payment_id)}"
        return await self._send(
            "remit",
            remittance.key,
            _address(supplier, supplier.remittance_email or supplier.email),
            f"Remittance advice: {payment.amount} from {remittance.facility.name}",
            _remittance_text(remittance),
            {f"{stem}.xml": remittance_xml(remittance), f"{stem}.csv": remittance_csv(remittance)},
        )

    async def _send(
        self, kind: str, key: str, address: str, subject: str, text: str, documents: Mapping[str, bytes]
    ) -> AnswerProof:
        message = compose(self._settings, [address], subject, clean(text), self._clock())
        message["Message-ID"] = message_id(self._settings, kind, key)
        if self._settings.reply_to:
            message["Reply-To"] = self._settings.reply_to
        for name, content in documents.items():
            maintype, subtype = ("text", "csv") if name.endswith(".csv") else ("application", "xml")
            message.add_attachment(content, maintype=maintype, subtype=subtype, filename=name)
        await self._client.send(message, [address])
        return AnswerProof(
            recipient=address,
            message_id=str(message["Message-ID"]),
            document_sha256={name: hashlib.sha256(content).hexdigest() for name, content in documents.items()},
        )


def _verdict(answer: InvoiceAnswer) -> str:
    """In words for people; the attached document has the standard's code."""
    return "received before, the first one stands" if answer.duplicate else STATUSES[answer.status]


def _answer_text(answer: InvoiceAnswer, kind: str) -> str:
    lines = [
        "Good day,",
        "",
        f"your {kind} {answer.number} of {answer.issued_on} to {answer.facility.name} is {_verdict(answer)}.",
    ]
    for each in clarifications(answer):
        meaning = REASONS.get(each.reason, each.reason)
        lines += ["", f"- {meaning}{f': {each.text}' if each.text else ''}"]
        if each.action != "NOA":
            lines.append(f"  {ACTIONS.get(each.action, each.action)}")
    if answer.text:
        lines += ["", answer.text]
    lines += ["", "The same is attached as a Peppol Invoice Response for your system.", "", answer.facility.name, ""]
    return "\n".join(lines)


def _remittance_text(remittance: Remittance) -> str:
    payment = remittance.payment
    lines = [
        "Good day,",
        "",
        f"we pay {payment.amount} to your account {payment.account.masked} on {payment.pay_on}.",
        f"Our reference: {payment.payment_id}",
        "",
    ]
    for item in payment.items:
        discount = f" (of {item.amount}, discount {item.discount})" if item.discount else ""
        lines.append(f"- {_KINDS[item.kind]} {item.number}: {net(item)}{discount}")
    lines += ["", f"Total: {payment.amount}", "", remittance.facility.name, ""]
    return "\n".join(lines)


def _address(supplier: PayableSupplier, address: str) -> str:
    if not address:
        raise RefusedError(SYSTEM, "no-address", f"the supplier master has no mail address of {supplier.name}")
    return address


def _stem(number: str) -> str:
    return _NOT_IN_A_FILE_NAME.sub("-", number).strip(".-")[:80] or "document"
