"""Purchase cases hear how far the invoices of their orders are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.matching import MatchResult
from domain.money import Money
from domain.payables import OrderPosition
from domain.ports.case_messages import CaseMessenger
from workflows.messages.invoice_to_payment import INVOICE_PROGRESSED, BilledLine, InvoiceProgress, ProgressKind


@dataclass(frozen=True)
class MatchedInvoice:
    """An invoice (`number` of the supplier) as it was matched against `orders`."""

    case_id: str
    number: str
    credit: bool
    result: MatchResult
    orders: Sequence[OrderPosition]


class OrderNews:
    """`clock` gives the current instant (UTC)."""

    def __init__(self, messenger: CaseMessenger, clock: Callable[[], datetime]) -> None:
        self._messenger, self._clock = messenger, clock

    async def tell(
        self, invoice: MatchedInvoice, kind: ProgressKind, event: str, amount: Money | None = None, text: str = ""
    ) -> None:
        """Each purchase case hears of its own order, once per `event`. One that is closed needs no telling."""
        cases = {each.number: each.case_id for each in invoice.orders if each.case_id}
        for order_number, lines in billed_lines(invoice).items():
            if order_number in cases:
                await self._messenger.tell(
                    cases[order_number],
                    INVOICE_PROGRESSED,
                    InvoiceProgress(
                        event_id=f"{invoice.case_id}:{kind}:{event}:{order_number}",
                        invoice_case=invoice.case_id,
                        invoice_number=invoice.number,
                        order_number=order_number,
                        kind=kind,
                        at=self._clock(),
                        lines=tuple(lines[line] for line in sorted(lines)),
                        amount=amount,
                        text=text,
                    ),
                )


def billed_lines(invoice: MatchedInvoice) -> Mapping[str, dict[int, BilledLine]]:
    """What is billed and not disputed, by order and order line; negative in a credit note."""
    found: dict[str, dict[int, BilledLine]] = {}
    for line in invoice.result.lines:
        if line.order_line is None:
            continue
        known = found.setdefault(line.order_number, {}).get(line.order_line)
        quantity = line.disputed - line.quantity if invoice.credit else line.quantity - line.disputed
        amount = -line.payable if invoice.credit else line.payable
        found[line.order_number][line.order_line] = BilledLine(
            line=line.order_line,
            quantity=quantity + (known.quantity if known else Decimal(0)),
            amount=amount + known.amount if known else amount,
        )
    return found
