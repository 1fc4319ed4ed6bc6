"""What a case needs to see of a matched invoice, in bounded form."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import NamedTuple

from domain.duties import DutyDone
from domain.exceptions import Finding
from domain.invoice import Invoice, InvoiceLine
from domain.matching import MatchResult
from domain.money import Money
from domain.payables import OrderPosition, PayableSupplier
from domain.policy.model import FrozenPolicy
from domain.ports.assistant import Assistant, Question, Suggestion
from domain.suggesting import consulted, exception_features
from workflows.steps.invoice_inputs import Coded

MOST_LINES_IN_WORDS = 20


class CodingCheck(NamedTuple):
    """Who answers for what no order backs, and what keeps it from being booked."""

    owner: str = ""
    findings: tuple[Finding, ...] = ()

    def applied(self, result: MatchResult) -> MatchResult:
        """The match with these findings, which shut its gate."""
        if not self.findings:
            return result
        return result.model_copy(update={"findings": (*result.findings, *self.findings), "gate": False})


def coded_lines(invoice: Invoice, result: MatchResult) -> list[InvoiceLine]:
    """The lines that no order backs and that people coded."""
    numbers = {each.line for each in result.lines if each.state == "non-order"}
    return [each for each in invoice.lines if each.line in numbers]


def coded_part(invoice: Invoice, result: MatchResult) -> Coded | None:
    """What no order backs; None when orders back all of it."""
    lines = coded_lines(invoice, result)
    if not lines:
        return None
    return Coded(
        amount=Money.total((each.amount for each in lines), invoice.currency),
        cost_centres=tuple(sorted({share.cost_centre for each in lines for share in each.costs})),
        categories=tuple(sorted({each.category for each in lines if each.category})),
        lines=tuple(
            f"{each.line}: {each.description}, {each.amount}, "
            + ", ".join(f"{share.cost_centre}/{share.account} {share.percent.normalize():f} %" for share in each.costs)
            for each in lines[:MOST_LINES_IN_WORDS]
        ),
        digest=hashlib.sha256("\n".join(each.model_dump_json() for each in lines).encode()).hexdigest(),
    )


def in_orders(orders: Sequence[OrderPosition], result: MatchResult) -> tuple[set[str], set[str]]:
    """The cost centres and categories of the order lines that are billed."""
    billed = {(each.order_number, each.order_line) for each in result.lines if each.order_line is not None}
    positions = [
        position for order in orders for position in order.lines if (order.number, position.line.line) in billed
    ]
    centres = {share.cost_centre for position in positions for share in position.line.costs}
    return centres, {position.category for position in positions if position.category}


async def suggestions_for(
    assistant: Assistant, policy: FrozenPolicy, findings: Sequence[Finding], supplier: str, invoice: Invoice
) -> dict[str, Suggestion]:
    """What the assistant would answer, by exception code; 'coding' and 'owner' for a line that nobody has coded."""
    if not consulted(policy.assistant) or not findings:
        return {}
    facility = policy.facility.code
    asked = {
        each.code: Question(
            kind="exception",
            facility=facility,
            features=exception_features(each.code, supplier, invoice.totals.payable, each.type.actions),
        )
        for each in findings
    }
    if asked.keys() & {"coding-required", "owner-missing"}:
        uncoded = next((each for each in invoice.lines if not each.costs), invoice.lines[0])
        features = {"supplier": supplier, "description": uncoded.description or invoice.seller.name}
        asked["coding"] = Question(kind="coding", facility=facility, features=features)
        asked["owner"] = Question(kind="owner", facility=facility, features=features)
    found = {name: await assistant.suggest(question) for name, question in asked.items()}
    return {name: suggestion for name, suggestion in found.items() if suggestion is not None}


def account_duties(supplier: PayableSupplier | None, case_id: str) -> tuple[DutyDone, ...]:
    """Whoever entered the account that is paid to must not pay to it."""
    if supplier is None or not supplier.accounts or not supplier.accounts[0].changed_by:
        return ()
    account = supplier.accounts[0]
    day = account.changed_on or datetime(1970, 1, 1, tzinfo=UTC).date()
    at = datetime.combine(day, time(), tzinfo=UTC)
    return (DutyDone(person=account.changed_by, duty="bank-detail-changer", case_id=case_id, at=at),)
