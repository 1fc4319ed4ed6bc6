"""What people did to the orders of a case in the ERP itself.

Goods that they booked there count as reported, and are not booked again. What changes an order, and a bill that was
posted beside Corridor, is put to whoever answers for it: the case goes the same way only when they say so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from temporalio import workflow

from domain.erp_changes import BookedReceipt, BookedReturn, ErpChange, booked_receipt, booked_return, in_words
from domain.exceptions import Finding
from domain.money import Money
from domain.purchase import Settlement
from domain.tasks import Decision
from workflows.case import CaseWorkflow
from workflows.order_in_hand import AS_HELD, OrderInHand
from workflows.questions import accepted_by_policy, ask

_GOODS = ("goods-received", "goods-returned")


class ErpNews:
    """`hands` are the orders so far, `report` takes goods in, and `authorise` has a change from one total of an order
    to another approved where policy asks."""

    def __init__(
        self,
        case: CaseWorkflow,
        hands: Callable[[], Sequence[OrderInHand]],
        report: Callable[[BookedReceipt | BookedReturn, str], None],
        authorise: Callable[[Money, Money], Awaitable[None]],
    ) -> None:
        self._case, self._hands, self._report, self._authorise = case, hands, report, authorise
        self._seen: set[str] = set()
        self._tray: list[ErpChange] = []

    def heard(self, change: ErpChange) -> None:
        """Take in a change, once. One of an order whose number is not known yet waits until it is."""
        if change.change_id in self._seen:
            return
        self._seen.add(change.change_id)
        self._case.file.note(
            "erp.changed",
            in_words(change),
            event_id=change.change_id,
            change=change.model_dump(mode="json"),
            because="case-closed" if self._case.closed else None,
        )
        if not self._case.closed and not self._took_goods(change):
            self._tray.append(change)

    async def run(self, under_way: Callable[[], bool]) -> None:
        """Have everything looked at for as long as any order is under way. Raises CaseEnded."""
        while True:
            await self._case.until(lambda: self._next() is not None or not under_way())
            hand = self._next()
            if hand is None:
                return
            for bill in self._taken(hand, bills=True):
                await self._judge_bill(hand, bill)
            await self._judge_changes(hand)

    def _next(self) -> OrderInHand | None:
        found = (hand for hand in self._hands() if any(hand.is_order(each.order_number) for each in self._tray))
        return next(found, None)

    def _took_goods(self, change: ErpChange) -> bool:
        if change.kind not in _GOODS or not any(hand.is_order(change.order_number) for hand in self._hands()):
            return False
        if change.kind == "goods-received":
            self._report(booked_receipt(change), "goods.received")
        else:
            self._report(booked_return(change), "goods.returned")
        return True

    def _taken(self, hand: OrderInHand, bills: bool) -> tuple[ErpChange, ...]:
        """Out of the tray: the bills of the order, or what else is new of it; goods are taken in at once."""
        found = [
            each for each in self._tray if hand.is_order(each.order_number) and (each.kind == "bill-posted") is bills
        ]
        self._tray = [each for each in self._tray if each not in found]
        return tuple(each for each in found if not self._took_goods(each))

    async def _judge_changes(self, hand: OrderInHand) -> None:
        """One question about all that is new. What comes while it is open is asked as well, before the case goes along
        with anything: the order is what the last of them made of it."""
        total = hand.placed.total
        accepted = False
        while changes := self._taken(hand, bills=False):
            decision = await self._changed(hand, changes)
            if decision is not None and decision.action == "close-short":
                hand.short_closed = decision.comment or "closed short in the ERP"
                return
            accepted = True
            total = next((each.total for each in reversed(changes) if each.total is not None), total)
        if accepted:
            await self._authorise(hand.placed.total, total)
            hand.changes.append(AS_HELD)

    async def _judge_bill(self, hand: OrderInHand, bill: ErpChange) -> None:
        decision = await ask(self._case, *_question("bill-posted-outside", hand, (bill,)))
        if decision.action != "accept" or hand.settlement is not None:
            return
        hand.settlement = Settlement(
            event_id=bill.change_id,
            order_number=bill.order_number,
            settled_at=workflow.now(),
            amount=bill.amount or hand.placed.total,
            reference=bill.reference or bill.document or bill.change_id,
        )

    async def _changed(self, hand: OrderInHand, changes: Sequence[ErpChange]) -> Decision | None:
        """None where a rule of the policy accepts it."""
        finding, slot = _question("order-changed-outside", hand, changes)
        return None if accepted_by_policy(self._case, finding) else await ask(self._case, finding, slot)


def _question(code: str, hand: OrderInHand, changes: Sequence[ErpChange]) -> tuple[Finding, str]:
    """What happened, and the slot in which it is asked."""
    finding = Finding(
        code=code,
        message="; ".join(in_words(each) for each in changes)[:1000],
        evidence={"order": hand.placed.number, "changes": [each.model_dump(mode="json") for each in changes[:50]]},
    )
    return finding, f"erp.{hand.placed.number}"
