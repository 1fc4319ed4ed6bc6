"""When an order is settled by its invoices: what was received was billed, and paid for good.

Invoices tell an order how far they are, in any sequence and perhaps twice. The answer depends on what they told alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Literal

from pydantic import AwareDatetime

from domain.model import Value

FactKind = Literal["captured", "matched", "posted", "paid", "returned", "rejected"]
_NOTHING = Decimal(0)
# The later a stage, the better it knows what is billed: a person may have corrected the lines on the way.
_KNOWS_BEST: tuple[FactKind, ...] = ("posted", "paid", "returned", "matched", "captured")


class InvoiceFact(Value):
    """One thing that an invoice told its order. `event_id` is the same whenever the same is told again.

    `lines` are quantities by order line, in its unit; negative in a credit note. `disputed` is what of them is not
    paid, and `withheld` says that money is, be it of a price or of a quantity; `dispute_closed` that both sides take
    the bill as it was paid.
    """

    event_id: str
    invoice_case: str
    kind: FactKind
    at: AwareDatetime
    lines: dict[int, Decimal] = {}
    disputed: dict[int, Decimal] = {}
    withheld: bool = False
    dispute_closed: bool = False


class _Bill:
    """What the facts of one invoice say together."""

    def __init__(self, facts: Iterable[InvoiceFact]) -> None:
        self._facts = sorted(facts, key=lambda each: (each.at, each.event_id))
        kinds = [each.kind for each in self._facts]
        self.rejected = "rejected" in kinds
        # Every payment that came back was one that had gone out: what is paid is what went out once more.
        self.paid = kinds.count("paid") > kinds.count("returned")
        self.withheld = any(each.withheld for each in self._facts)
        self.closed_dispute = any(each.dispute_closed for each in self._facts)

    @property
    def open(self) -> bool:
        return not self.rejected and not (self.paid and (self.closed_dispute or not self.withheld))

    def settled_lines(self) -> dict[int, Decimal]:
        """What of the order's lines is billed and done with."""
        if self.open or self.rejected:
            return {}
        lines, disputed = self._latest("lines"), self._latest("disputed")
        return {line: quantity - disputed.get(line, _NOTHING) for line, quantity in lines.items()}

    def _latest(self, field: Literal["lines", "disputed"]) -> dict[int, Decimal]:
        for kind in _KNOWS_BEST:
            for fact in reversed(self._facts):
                found: dict[int, Decimal] = getattr(fact, field)
                if fact.kind == kind and found:
                    return found
        return {}


class OrderBills(Value):
    """All that the invoices of one order told it. `facts` are in the sequence of their ids."""

    facts: tuple[InvoiceFact, ...] = ()

    def told(self, fact: InvoiceFact) -> OrderBills:
        """With one fact more; the same object when it was known."""
        if any(each.event_id == fact.event_id for each in self.facts):
            return self
        return OrderBills(facts=tuple(sorted((*self.facts, fact), key=lambda each: each.event_id)))

    def settled(self, received: Mapping[int, Decimal]) -> bool:
        """Whether all that was `received` (returned goods deducted, by order line) was billed and paid, no unit less
        and none more, and no invoice or credit note is under way.

        More paid than received is not settled: a credit note is still to come.
        """
        if self.open_invoices():
            return False
        paid = self.paid_quantities()
        return all(paid.get(line, _NOTHING) == received.get(line, _NOTHING) for line in {*received, *paid})

    def open_invoices(self) -> tuple[str, ...]:
        """Cases of invoices that are neither paid nor rejected, or of which a part is in dispute; sorted."""
        return tuple(sorted(case for case, bill in self._bills().items() if bill.open))

    def paid_quantities(self) -> dict[int, Decimal]:
        """By order line, credit notes deducted."""
        paid: dict[int, Decimal] = {}
        for bill in self._bills().values():
            for line, quantity in bill.settled_lines().items():
                paid[line] = paid.get(line, _NOTHING) + quantity
        return paid

    def _bills(self) -> dict[str, _Bill]:
        by_case: dict[str, list[InvoiceFact]] = {}
        for fact in self.facts:
            by_case.setdefault(fact.invoice_case, []).append(fact)
        return {case: _Bill(facts) for case, facts in by_case.items()}
