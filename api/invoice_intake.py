"""A document comes in, whichever way: it is read, kept, and becomes the case of an invoice, once for ever."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from api.services import Services
from api.starting import CaseExistsError
from domain.business_time import local_day
from domain.capture import CapturedDocument, Channel, InvoiceCopy, MediaType, Reading
from domain.case import parse_case_id
from domain.facility import Facility
from domain.invoice import Invoice
from domain.people import Actor
from domain.policy.model import FrozenPolicy
from workflows.messages.invoice_to_payment import InvoiceInput, header_of, invoice_case_id

SHARED = "shared"
"""The shared-service centre takes what names no facility."""
MOST_LINKED = 20
"""Purchase cases that a new invoice is linked with at intake; the match finds the others."""


class NoFacilityError(Exception):
    """No facility can be found that takes the invoice; `facility` is the one that was named, if any."""

    def __init__(self, facility: str | None) -> None:
        self.facility = facility
        super().__init__(facility)


class DocumentKeyTakenError(Exception):
    """Another document has the case id of this one: their hashes begin alike."""


@dataclass(frozen=True)
class Delivered:
    """A document as it was delivered. `actor` is who answers for it, `facility` what was named beside it."""

    content: bytes
    media_type: MediaType
    channel: Channel
    sender: str
    actor: Actor
    name: str = ""
    facility: str | None = None


class InvoiceIntake:
    """Takes in documents at one moment, `now` (UTC). Besides the errors named below, everything here raises those of
    `domain.outside_errors`; whatever is raised, the same document may come again.
    """

    def __init__(self, services: Services, now: datetime) -> None:
        self._services, self._now = services, now

    async def accept(self, delivered: Delivered) -> str:
        """The case of the document: a new one, or the one that it has already.

        Raises UnreadableDocumentError, NoFacilityError and DocumentKeyTakenError.
        """
        if delivered.facility is not None:
            self._policy(delivered, delivered.facility)  # before anything is read: it costs nothing
        sha256 = hashlib.sha256(delivered.content).hexdigest()
        async with self._services.reading:
            reading = await asyncio.to_thread(
                self._services.invoice_reader.read, delivered.content, delivered.media_type
            )
        known = await self._known(sha256, reading.invoice, delivered.actor)
        if known is not None:
            return known
        orders = await self._cases_of(reading.invoice.order_numbers)
        policy = self._policy(delivered, delivered.facility or self._facility(reading.invoice, orders, delivered))
        return await self._begin(delivered, sha256, reading, policy, orders)

    async def _known(self, sha256: str, invoice: Invoice, actor: Actor) -> str | None:
        """The case of a document that came before, wherever among the caller's facilities that was: it stays there,
        also when the document would be found to belong elsewhere today.
        """
        if await self._services.documents.document(sha256) is None:
            return None
        for place in self._places(actor):
            case = invoice_case_id(place.code, invoice.number, sha256)
            recorded = await self._services.reader.case(case)
            if recorded is not None and await self._is_of(case, sha256):
                return case
        return None

    async def _is_of(self, case: str, sha256: str) -> bool:
        copy = await self._services.documents.copy(case, 1)
        return copy is None or copy.document_sha256 == sha256

    async def _begin(
        self, delivered: Delivered, sha256: str, reading: Reading, policy: FrozenPolicy, orders: Sequence[str]
    ) -> str:
        facility = policy.facility.code
        case = invoice_case_id(facility, reading.invoice.number, sha256)
        document = await self._services.documents.keep(self._document(delivered, sha256), delivered.content)
        copy = await self._services.documents.keep_copy(self._copy(case, sha256, reading))
        if copy.document_sha256 != sha256:
            raise DocumentKeyTakenError(case)
        request = InvoiceInput(
            case_id=case,
            facility=facility,
            document=document,
            format=reading.format,
            header=header_of(reading.invoice),
            policy=policy.of_process("invoice-to-payment"),
            submitted_at=self._now,
            submitted_by=delivered.actor,
            linked_cases=tuple(orders),
        )
        # It exists: the same document at the same moment, or a repeat that the read model has not seen yet.
        with suppress(CaseExistsError):
            await self._services.cases.start_invoice(request)
        return case

    def _document(self, delivered: Delivered, sha256: str) -> CapturedDocument:
        return CapturedDocument(
            sha256=sha256,
            media_type=delivered.media_type,
            name=delivered.name,
            size=len(delivered.content),
            channel=delivered.channel,
            sender=delivered.sender,
            received_at=self._now,
        )

    def _copy(self, case: str, sha256: str, reading: Reading) -> InvoiceCopy:
        return InvoiceCopy(
            case_id=case,
            version=1,
            document_sha256=sha256,
            format=reading.format,
            invoice=reading.invoice,
            findings=reading.findings,
            fields=reading.fields,
            at=self._now,
        )

    async def _cases_of(self, order_numbers: Sequence[str]) -> tuple[str, ...]:
        """The purchase cases of the first orders, each once."""
        found = [await self._services.reader.case_of_order(number) for number in order_numbers[:MOST_LINKED]]
        return tuple(dict.fromkeys(case for case in found if case is not None))

    def _facility(self, invoice: Invoice, orders: Sequence[str], delivered: Delivered) -> str:
        """Whose invoice it is, by what it says: the buyer's location number, else its orders, else the shared-service
        centre. Facilities that the caller does not serve are not found. Raises NoFacilityError.
        """
        places = {place.code: place for place in self._places(delivered.actor)}
        gln = invoice.buyer.gln.strip()
        by_location = [code for code, place in places.items() if gln and place.gln == gln]
        by_order = [key.facility for key in map(parse_case_id, orders) if key is not None and key.facility in places]
        for code in (*by_location, *by_order, SHARED):
            if code in places:
                return code
        raise NoFacilityError(None)

    def _places(self, actor: Actor) -> tuple[Facility, ...]:
        return tuple(place for place in self._services.policies.facilities() if actor.serves(place.code))

    def _policy(self, delivered: Delivered, facility: str) -> FrozenPolicy:
        place = next((each for each in self._places(delivered.actor) if each.code == facility), None)
        today = local_day(self._now, place.calendar) if place else None
        policy = self._services.policies.effective(facility, today) if today else None
        if policy is None:
            raise NoFacilityError(facility)
        return policy
