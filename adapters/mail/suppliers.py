"""Orders to suppliers by e-mail, with the documents attached and proof kept."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from adapters.mail.client import MailClient, compose, message_id
from adapters.mail.settings import MailSettings
from adapters.order_documents.pdf import order_pdf
from adapters.order_documents.ubl import order_xml
from domain.ports.suppliers import OrderDispatch
from domain.purchase import DispatchProof

_SUBJECTS = {
    "order": "Purchase order {number} from {buyer}",
    "reminder": "Reminder: please confirm purchase order {number} from {buyer}",
    "change": "Change {version} of purchase order {number} from {buyer}",
    "cancellation": "Cancellation of purchase order {number} from {buyer}",
}
_TEXTS = {
    "order": "please find our order {number} attached, for people and for your system.",
    "reminder": "we have not heard from you about our order {number}, which is attached again. Did it arrive?",
    "change": "our order {number} has changed. Version {version} is attached and replaces what we sent before.",
    "cancellation": "we cancel what is still open of our order {number}. Please do not deliver it.",
}
_NOT_IN_A_FILE_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class MailSupplierChannel:
    """Implements SupplierChannel; raises RefusedError and TemporarilyUnavailableError of system 'mail'."""

    def __init__(self, settings: MailSettings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._settings, self._clock = settings, clock
        self._client = MailClient(settings)

    async def health(self) -> None:
        await self._client.probe()

    async def send_order(self, dispatch: OrderDispatch) -> DispatchProof:
        """Sent again under the same key it is the same message id: a repetition is visible as such to the supplier."""
        now = self._clock()
        message = self._compose(dispatch, now)
        message["Message-ID"] = message_id(self._settings, "order", dispatch.key)
        documents = _documents(dispatch, now.astimezone(ZoneInfo(dispatch.facility.calendar.time_zone)).date())
        for name, content in documents.items():
            kind = ("application", "pdf") if name.endswith(".pdf") else ("application", "xml")
            message.add_attachment(content, maintype=kind[0], subtype=kind[1], filename=name)
        receipt = await self._client.send(message, [dispatch.supplier.email])
        return DispatchProof(
            channel="email",
            recipient=dispatch.supplier.email,
            message_id=str(message["Message-ID"]),
            answer=receipt.answer,
            dispatched_at=now,
            document_sha256={name: hashlib.sha256(content).hexdigest() for name, content in documents.items()},
        )

    def _compose(self, dispatch: OrderDispatch, now: datetime) -> EmailMessage:
        named = {"number": dispatch.order.number, "version": dispatch.version, "buyer": dispatch.facility.name}
        text = f"Good day,\n\n{_TEXTS[dispatch.occasion].format(**named)}\n\n{dispatch.facility.name}\n"
        subject = _SUBJECTS[dispatch.occasion].format(**named)
        message = compose(self._settings, [dispatch.supplier.email], subject, text, now)
        if self._settings.reply_to:
            message["Reply-To"] = self._settings.reply_to
        return message


def _documents(dispatch: OrderDispatch, today: date) -> dict[str, bytes]:
    stem = _NOT_IN_A_FILE_NAME.sub("-", dispatch.order.number).strip(".-") or "order"
    if dispatch.occasion in ("change", "cancellation"):
        stem = f"{stem}-{dispatch.occasion}-{dispatch.version}"
    return {f"{stem}.pdf": order_pdf(dispatch, today), f"{stem}.xml": order_xml(dispatch, today)}
