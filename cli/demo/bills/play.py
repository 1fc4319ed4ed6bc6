"""One bill under way: sent when its goods are in, seen through to where it waits for money or has ended."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import httpx

from cli.demo.api import DemoApi, ProblemAnswerError
from cli.demo.bills.channels import Channels
from cli.demo.bills.desk import BillDesk, NobodyAnswersError
from cli.demo.bills.story import Bill
from cli.demo.bills.writing import Billed, document_of, invoice_of
from cli.demo.patience import Patience
from cli.demo.play import CasePlay
from domain.invoice import Invoice
from domain.payables import PayableSupplier
from workflows.messages.invoice_to_payment import invoice_case_id

_LOOK_SECONDS = 1.0
_REST = frozenset({"payment", "settlement", "closed"})


@dataclass
class BillPlay:
    """`at_rest` is set when nobody but a payment run can move it on; `facility` whose invoice it is."""

    bill: Bill
    facility: str
    case_id: str = ""
    invoice: Invoice | None = None
    content: bytes = b""
    snapshot: Mapping[str, Any] = field(default_factory=dict)
    failure: str = ""
    sent: asyncio.Event = field(default_factory=asyncio.Event)
    at_rest: asyncio.Event = field(default_factory=asyncio.Event)
    words: dict[str, str] = field(default_factory=dict)
    billed: Billed | None = None

    @property
    def stage(self) -> str:
        return str(self.snapshot.get("stage", ""))

    @property
    def status(self) -> str:
        return str(self.snapshot.get("status", "not sent"))

    def fail(self, reason: str) -> None:
        """The first reason stands."""
        self.failure = self.failure or reason
        self.sent.set()
        self.at_rest.set()


@dataclass(frozen=True)
class House:
    """What all bills share. `glns` are the location numbers of the facilities."""

    api: DemoApi
    desk: BillDesk
    channels: Channels
    suppliers: Mapping[str, PayableSupplier]
    glns: Mapping[str, str]
    today: date


class BillPlayer:
    """Plays the bills beside the purchases that they belong to."""

    def __init__(self, house: House, bills: Sequence[Bill], purchases: Mapping[str, CasePlay]) -> None:
        self._house, self._purchases = house, purchases
        self.plays = {each.number: BillPlay(each, self._facility(each)) for each in bills}
        for bill in bills:
            if bill.of is not None and bill.when == "order":
                purchases[bill.of].goods_may_come.clear()
            if bill.of is not None and bill.when != "closed":
                purchases[bill.of].bills_to_come += 1

    def _facility(self, bill: Bill) -> str:
        if bill.facility is not None:
            return bill.facility
        return str(self._purchases[bill.of or ""].example.request["facility"])

    async def play_all(self, deadline_seconds: float) -> None:
        """Until every bill is at rest."""
        async with asyncio.TaskGroup() as group:
            for each in self.plays.values():
                group.create_task(self._play(each, deadline_seconds))

    async def _play(self, play: BillPlay, deadline_seconds: float) -> None:
        try:
            async with asyncio.timeout(deadline_seconds):
                await self._send(play)
                await self.follow(play, _REST)
        except TimeoutError:
            play.fail(f"not at rest within {deadline_seconds:g} s: {play.stage or 'not sent'}")
        except (ProblemAnswerError, NobodyAnswersError, httpx.HTTPError, OSError, ValueError) as error:
            play.fail(str(error) or type(error).__name__)
        finally:
            play.sent.set()
            play.at_rest.set()
            if play.bill.of is not None:
                purchase = self._purchases[play.bill.of]
                purchase.goods_may_come.set()
                purchase.bills_to_come -= play.bill.when != "closed"
                purchase.changed.set()
                if play.billed is not None and play.billed.order is not None:
                    received = purchase.received.get(play.billed.order.number)
                    play.billed = replace(play.billed, received=received)

    async def _send(self, play: BillPlay) -> None:
        bill = play.bill
        if bill.after is not None:
            await self.plays[bill.after].at_rest.wait()
        other = self.plays.get(bill.repeats or bill.credits or "")
        if other is not None:
            await other.at_rest.wait()
        billed = await self._billed(play)
        play.billed = billed
        play.invoice = self._written(play, billed, other)
        play.content = document_of(bill, play.invoice)
        digest = hashlib.sha256(play.content).hexdigest()
        play.case_id = invoice_case_id(play.facility, play.invoice.number, digest)
        if billed.order is not None:
            play.words["order"] = billed.order.number
        play.words["supplier"] = billed.supplier.code
        sender = bill.sender or f"billing{next((s for s in billed.supplier.senders if s.startswith('@')), '@unknown')}"
        sending = (self._house.channels.hand_in(bill, play.content, play.facility, sender) for _ in range(bill.copies))
        await asyncio.gather(*sending)
        play.sent.set()

    def _written(self, play: BillPlay, billed: Billed, other: BillPlay | None) -> Invoice:
        credited = (other.invoice.number,) if other is not None and other.invoice is not None else ()
        invoice = invoice_of(
            billed, self._house.today, credited if play.bill.credits and play.bill.names_credited else ()
        )
        if play.bill.repeats is None or other is None or other.invoice is None:
            return invoice
        return other.invoice.model_copy(update={"note": "Sent again"})

    async def _billed(self, play: BillPlay) -> Billed:
        """What the bill is about, once the world has come that far. Raises ValueError when there is no such order."""
        bill = play.bill
        gln = self._house.glns.get(play.facility, "")
        if bill.of is None:
            return Billed(bill, self._house.suppliers[bill.supplier or ""], play.facility, gln)
        purchase = self._purchases[bill.of]
        await (purchase.ordered if bill.when == "order" else purchase.delivered).wait()
        orders = [each for each in purchase.orders.values() if bill.supplier in (None, each.supplier)]
        if not orders:
            raise ValueError(f"{bill.of} has no order to bill: {purchase.failure or purchase.stage}")
        supplier = self._house.suppliers[orders[0].supplier]
        received = purchase.received.get(orders[0].number)
        return Billed(bill, supplier, play.facility, gln, orders[0], received)

    async def follow(
        self, play: BillPlay, stages: frozenset[str], after: str = "", patience: Patience | None = None
    ) -> None:
        """See it through to one of these stages, once the exception `after` was answered; people answer what is asked.
        `patience` learns how it stands. Raises NobodyAnswersError.
        """
        house, purchase = self._house, self._purchases.get(play.bill.of or "")
        while True:
            try:
                detail = await house.api.case(play.case_id)
            except ProblemAnswerError as error:
                if error.status != httpx.codes.NOT_FOUND:
                    raise
                detail = None  # what is left in a folder or a mailbox is taken at the next look
            if detail is not None:
                play.snapshot = detail["case"]
                if patience is not None:
                    patience.saw(play.case_id, play.snapshot["version"])
                answered = not after or house.desk.given(play.case_id, after)
                if play.stage in stages and not detail["tasks"] and answered:
                    return
                if purchase is not None and play.snapshot.get("awaiting"):
                    purchase.goods_may_come.set()
                    purchase.changed.set()
                await house.desk.answer(detail["tasks"], play.bill.answers, play.words)
            await asyncio.sleep(_LOOK_SECONDS)
