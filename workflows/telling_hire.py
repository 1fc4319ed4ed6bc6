"""A purchase tells the hire that waits for its goods how far they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from temporalio import workflow
from temporalio.exceptions import FailureError

from domain.case import CaseStatus
from workflows.fulfilment import Fulfilment
from workflows.messages.hire_to_provision import EQUIPMENT_PROGRESSED, EquipmentProgress
from workflows.order_in_hand import OrderInHand

Told = tuple[str, date | None]


class TellingHire:
    """Nothing is told, and nothing is paid for, where nobody waits. A hire that is closed hears nothing more."""

    def __init__(self, purchase_case: str, hire_case: str, orders: Callable[[], Sequence[Fulfilment]]) -> None:
        self._purchase, self._hire, self._orders = purchase_case, hire_case, orders
        self._told: Told | None = None
        self._count = 0
        self._over = not hire_case

    async def run(self) -> None:
        """Tell each step once, until the purchase has ended."""
        while not self._over:
            await workflow.wait_condition(lambda: self._over or self._news() != self._told)
            news = self._news()
            if not self._over and news is not None:
                self._told = news
                await self._tell(news[0], news[1])

    async def ended(self, status: CaseStatus) -> None:
        """The purchase is closed; the last that the hire hears of it."""
        if not self._over:
            self._over = True
            await self._tell("ended", None, status)

    def _news(self) -> Told | None:
        """How far all orders are together; what one of them lacks, all lack."""
        hands = [each.hand for each in self._orders()]
        if not hands or any(hand.order is None for hand in hands):
            return None
        if all(_received(hand) for hand in hands):
            return "received", None
        promised = max((line.need_by for hand in hands for line in hand.placed.lines), default=None)
        answered = all(hand.answer is not None for hand in hands)
        return ("promised" if answered else "ordered"), promised

    async def _tell(self, kind: str, expected_on: date | None, status: CaseStatus = "running") -> None:
        self._count += 1
        progress = EquipmentProgress.model_validate(
            {
                "event_id": f"{self._purchase}:told.{self._count}",
                "purchase_case": self._purchase,
                "kind": kind,
                "expected_on": expected_on,
                "status": status,
            }
        )
        try:
            await workflow.get_external_workflow_handle(self._hire).signal(EQUIPMENT_PROGRESSED, progress)
        except FailureError:
            self._over = True


def _received(hand: OrderInHand) -> bool:
    lines = [line for line in hand.placed.lines if line.quantity.value > 0]
    return bool(lines) and all(hand.received.get(line.line, 0) >= line.quantity.value for line in lines)
