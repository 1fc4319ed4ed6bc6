"""Takes invoices from where they are left: folders and mailboxes feed the same intake as the API."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge

from adapters.invoice_documents import media_type_of
from api.invoice_intake import Delivered, DocumentKeyTakenError, InvoiceIntake, NoFacilityError
from api.logs import log
from api.services import Services
from domain.capture import DocumentFinding, UnreadableDocumentError
from domain.outside_errors import OutsideError
from domain.people import Actor
from domain.ports.invoice_sources import InvoiceSource, LeftDocument, Taken

MAX_A_LOOK = 100
"""Files or mails of one source that one look takes: the others wait for the next."""
CORRIDOR = Actor(person="corridor", name="Corridor", facilities=("*",))
"""Who hands in what was left: nobody answers for it, so that its sender is verified in the case."""


class InvoiceWatch:
    """Several gateways may look at the same places: each file or mail is taken by one of them. `every` is the time
    between two looks.
    """

    def __init__(
        self, sources: Sequence[InvoiceSource], services: Services, metrics: CollectorRegistry, every: timedelta
    ) -> None:
        self._sources, self._services, self.every = sources, services, every
        self._ended = Counter(
            "corridor_invoice_deliveries",
            "Files and mails that were left for us, by how taking them in ended",
            ("channel", "outcome"),
            registry=metrics,
        )
        self._waiting = Gauge(
            "corridor_invoice_deliveries_waiting",
            "Files and mails that the last look found complete, at most those that one look takes",
            ("channel",),
            registry=metrics,
        )

    async def look(self) -> None:
        """One look at every source. One that cannot be read keeps no other from being looked at."""
        for source in self._sources:
            try:
                await self._look_at(source)
            except OSError as error:
                log.error("invoice_source.failed", channel=source.channel, reason=error.strerror)

    async def _look_at(self, source: InvoiceSource) -> None:
        keys = await asyncio.to_thread(source.waiting, MAX_A_LOOK)
        self._waiting.labels(source.channel).set(len(keys))
        for key in keys:
            taken = await asyncio.to_thread(source.take, key)
            if taken is not None:
                await self._process(source, taken)

    async def _process(self, source: InvoiceSource, taken: Taken) -> None:
        try:
            faults = taken.faults or await self._faults_of(source, taken)
        except OutsideError as error:
            await asyncio.to_thread(source.put_back, taken)
            log.warning("invoice_delivery.delayed", channel=source.channel, system=error.system, code=error.code)
            self._ended.labels(source.channel, "delayed").inc()
            return
        if faults:
            await asyncio.to_thread(source.refused, taken, faults)
            log.warning(
                "invoice_delivery.refused", channel=source.channel, rules=sorted({each.rule for each in faults})
            )
        else:
            await asyncio.to_thread(source.done, taken)
        self._ended.labels(source.channel, "refused" if faults else "done").inc()

    async def _faults_of(self, source: InvoiceSource, taken: Taken) -> tuple[DocumentFinding, ...]:
        """Hand in each document; what keeps some from becoming cases. Of several, the others become cases all the
        same, and handing in a document again changes nothing.
        """
        faults: list[DocumentFinding] = []
        for document in taken.documents:
            found = await self._hand_in(source, taken.sender, document)
            named = len(taken.documents) > 1
            faults += [_in(document.name, each) for each in found] if named else found
        return tuple(faults)

    async def _hand_in(self, source: InvoiceSource, sender: str, document: LeftDocument) -> Sequence[DocumentFinding]:
        media_type = media_type_of(document.content)
        if media_type is None:
            return (DocumentFinding(rule="unknown-type", message="This is neither XML nor JSON nor PDF."),)
        delivered = Delivered(
            content=document.content,
            media_type=media_type,
            channel=source.channel,
            sender=sender,
            actor=CORRIDOR,
            name=document.name,
            facility=document.facility,
        )
        try:
            case = await InvoiceIntake(self._services, self._services.now()).accept(delivered)
        except UnreadableDocumentError as error:
            return error.findings
        except NoFacilityError as error:
            message = f"There is no facility '{error.facility}'." if error.facility else "No facility takes it."
            return (DocumentFinding(rule="unknown-facility", message=message),)
        except DocumentKeyTakenError:
            return (DocumentFinding(rule="document-key-taken", message="Another document has the same case id."),)
        except OutsideError:
            raise
        except Exception:
            log.exception("invoice_delivery.failed", channel=source.channel)
            message = "Something broke on our side; the log of the gateway says what. Leave it again once it is mended."
            return (DocumentFinding(rule="internal-error", message=message),)
        log.info("invoice_delivery.taken", channel=source.channel, case_id=case)
        return ()


def _in(name: str, fault: DocumentFinding) -> DocumentFinding:
    return fault.model_copy(update={"message": f"{name or 'An attachment without a name'}: {fault.message}"})
