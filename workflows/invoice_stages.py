"""What happens to an invoice before it is booked: control, matching, and the approval of what no order backs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from temporalio import workflow

from domain.exceptions import Finding
from domain.matching import Accepted
from domain.money import Money
from domain.routing import RequestFacts, route
from domain.tasks import Action, Decision, Task
from workflows.approval import Approval
from workflows.approval_question import ForApproval
from workflows.bill import LETS_PASS, TWO_PERSONS, Bill
from workflows.questions import business_hours_from_now, remaining
from workflows.steps.invoice_inputs import Coded, ControlInput, ControlOutcome, MatchInput, MatchOutcome
from workflows.steps.invoicing import InvoicingSteps

WAITING = frozenset({"receipt-missing", "receipt-short"})
CORRECTING: frozenset[Action] = frozenset({"correct", "map", "code", "link"})
# Goods may be booked in the ERP by others than Corridor, which tells nobody.
LOOK_AGAIN = timedelta(hours=24)


async def control(bill: Bill) -> None:
    """Judge the invoice until nothing is left that a person must decide. Raises CaseEnded."""
    while True:
        bill.case.file.show(
            stage="capture", next_step="The sender, the supplier, the amounts and the account are checked"
        )
        outcome: ControlOutcome = await bill.step(
            InvoicingSteps.control_invoice,
            lambda journal, seq: ControlInput(
                journal=journal,
                seq=seq,
                document=bill.start.document,
                policy=bill.case.policy,
                today=bill.today,
                supplier=bill.chosen_supplier,
                accepted=tuple(sorted(bill.accepted)),
            ),
            "Control the invoice",
            "control",
        )
        stale = _of_another_account(bill, outcome)
        bill.accepted -= stale
        _show(bill, outcome)
        if stale:
            continue
        passed = bill.passed_by_rule(outcome.findings)
        bill.accepted |= {each.code for each in passed}
        left = tuple(each for each in outcome.findings if each not in passed)
        if not outcome.findings:
            return
        for finding, decision in _in_order(await bill.ask(left, "control", outcome.suggestions)) if left else ():
            await _apply(bill, finding, decision)


def _of_another_account(bill: Bill, outcome: ControlOutcome) -> frozenset[str]:
    """What was confirmed of an account that is not the one any more that would be paid to."""
    before = bill.controlled.account if bill.controlled is not None else outcome.account
    return frozenset(bill.accepted & TWO_PERSONS) if before != outcome.account else frozenset()


def _show(bill: Bill, outcome: ControlOutcome) -> None:
    bill.controlled, bill.version, bill.header = outcome, outcome.version, outcome.header
    bill.supplier, bill.supplier_name = outcome.supplier, outcome.supplier_name
    bill.case.file.ledger.know(outcome.account_duties)
    what = "Credit note" if outcome.header.kind == "credit-note" else "Invoice"
    bill.case.file.show(
        amount=outcome.header.amount,
        suppliers=(outcome.supplier,) if outcome.supplier else (),
        order_numbers=outcome.header.order_numbers,
        title=f"{what} {outcome.header.number} of {outcome.supplier_name or outcome.header.seller or 'unknown'}",
    )


def _in_order(answers: Sequence[tuple[Finding, Decision]]) -> list[tuple[Finding, Decision]]:
    """Corrections come last, whatever was answered first: people let pass what they saw, and a correction ends what was
    let pass of something that it changes."""
    return sorted(answers, key=lambda answer: answer[1].action in CORRECTING)


async def _apply(bill: Bill, finding: Finding, decision: Decision) -> bool:
    """Do what the answer says; True when the working copy was corrected, so that all of it is judged anew."""
    if decision.action in LETS_PASS:
        bill.accepted.add(finding.code)
        bill.let_pass[finding.code] = Accepted(code=finding.code)
    elif decision.action == "short-pay":
        bill.let_pass[finding.code] = Accepted(code=finding.code, short_pay=True)
    elif decision.action == "confirm":
        await bill.confirm_account(finding, decision)
    elif decision.action in CORRECTING:
        return await bill.correct(decision)
    return False


class Matching:
    """The rounds of matching. `goods_came` says whether goods were booked since it was asked last."""

    def __init__(self, bill: Bill, goods_came: Callable[[], bool], heard: Callable[[], None]) -> None:
        self._bill, self._goods_came, self._heard = bill, goods_came, heard
        self._asked: Task | None = None

    async def run(self) -> bool:
        """Match until every line may be paid; False when the copy was corrected and is to be controlled again."""
        bill = self._bill
        while True:
            outcome = await self._match()
            if not outcome.findings and outcome.gate:
                self._take_back_question()
                return True
            passed = bill.passed_by_rule(outcome.findings)
            for finding in passed:
                bill.let_pass[finding.code] = Accepted(code=finding.code)
            left = [each for each in outcome.findings if each not in passed]
            urgent = [each for each in left if each.code not in WAITING]
            if urgent or not (left or passed):
                if await self._decided(urgent or [_unexplained()], outcome):
                    return False
            elif left and await self._waited(left, outcome):
                return False

    async def _match(self) -> MatchOutcome:
        bill = self._bill
        bill.round += 1
        self._heard()
        bill.case.file.show(stage="matching", next_step="It is matched line by line against orders and receipts")
        outcome: MatchOutcome = await bill.step(
            InvoicingSteps.match_invoice,
            lambda journal, seq: MatchInput(
                journal=journal,
                seq=seq,
                policy=bill.case.policy,
                today=bill.today,
                supplier=bill.supplier,
                version=bill.version,
                round=bill.round,
                accepted=tuple(bill.let_pass[code] for code in sorted(bill.let_pass)),
                owner=bill.owner,
            ),
            "Match the invoice",
            "matching",
        )
        bill.matched = outcome
        bill.case.file.ledger.know(outcome.family_duties)
        linked = tuple(dict.fromkeys((*bill.case.file.snapshot.linked, *outcome.order_cases)))
        bill.case.file.show(
            linked=linked,
            cost_centres=outcome.cost_centres,
            categories=outcome.categories,
            order_numbers=outcome.order_numbers or bill.header.order_numbers,
        )
        return outcome

    async def _decided(self, findings: list[Finding], outcome: MatchOutcome) -> bool:
        corrected = False
        for finding, decision in _in_order(await self._bill.ask(findings, "match", outcome.suggestions)):
            corrected |= await _apply(self._bill, finding, decision)
        return corrected

    async def _waited(self, findings: list[Finding], outcome: MatchOutcome) -> bool:
        """Goods that are billed and not received: wait for them, then ask receiving; the wait goes on beside it."""
        bill, case = self._bill, self._bill.case
        case.file.show(
            stage="matching",
            awaiting=f"goods of {', '.join(outcome.waiting_for)}",
            awaiting_since=case.file.snapshot.awaiting_since or workflow.now(),
            next_step="It goes on by itself when the receipt is booked",
        )
        if self._asked is None:
            await case.announce("Wait for the goods")
            at = business_hours_from_now(case, case.policy.invoice.receipt_after_hours)
            if await case.until(self._goods_came, remaining(at), "Ask receiving for the goods"):
                return False
            self._asked = bill.open(findings[0], "match", outcome.suggestions)
            await case.announce(f"Ask {self._asked.role}: {self._asked.title}")
        task = self._asked
        await case.until(
            lambda: self._goods_came() or case.file.ledger.applied_to(task.task_id) is not None,
            LOOK_AGAIN,
            "Look whether the goods came",
        )
        return await self._answered(findings[0], outcome)

    async def _answered(self, finding: Finding, outcome: MatchOutcome) -> bool:
        bill, task = self._bill, self._asked
        record = None if task is None else bill.case.file.ledger.applied_to(task.task_id)
        if record is None or task is None:
            return False
        self._asked = None
        bill.remember(finding, task, record.decision, outcome.suggestions)
        bill.end_if_asked(finding, record.decision)
        return await _apply(bill, finding, record.decision)

    def _take_back_question(self) -> None:
        if self._asked is not None:
            self._bill.case.file.cancel_task(self._asked.task_id, "the goods came")
            self._asked = None


def _unexplained() -> Finding:
    return Finding(code="posting-refused", message="The invoice does not match, and no rule says why")


class CodedApproval:
    """The approval of what no order backs. What was approved stands while it is the same: the same lines, for the same
    sum, to the same supplier, on the same person's answer for it."""

    def __init__(self, bill: Bill) -> None:
        self._bill = bill
        self._approved: tuple[object, ...] | None = None
        self.approval = Approval(bill.case)

    async def obtain(self) -> None:
        """Raises CaseEnded when somebody rejects."""
        bill = self._bill
        outcome, controlled = bill.matched, bill.controlled
        if outcome is None or controlled is None or outcome.coded is None:
            return
        coded = outcome.coded
        asked = (coded, bill.supplier, bill.header.number, bill.header.amount, outcome.owner)
        if asked == self._approved:
            return
        if self._approved is not None:
            self.approval = Approval(bill.case, version=self.approval.version + 1)
        bill.case.file.show(stage="approval", next_step="It is booked once all levels have approved")
        facts = RequestFacts(
            amount=_positive(coded.amount),
            categories=coded.categories,
            cost_centres=coded.cost_centres,
            risks=(controlled.risk,),
            requester_level=outcome.approvers.requester_level,
        )
        await self.approval.obtain(route(bill.case.policy, facts), self._for_approval(coded, outcome))
        self._approved = asked

    def _for_approval(self, coded: Coded, outcome: MatchOutcome) -> ForApproval:
        bill = self._bill
        return ForApproval(
            subject={
                "title": bill.case.file.snapshot.title,
                "amount": str(coded.amount),
                "supplier": f"{bill.supplier} {bill.supplier_name}",
                "number": bill.header.number,
                "issued_on": bill.header.issued_on.isoformat(),
                "cost_centres": list(coded.cost_centres),
                "lines": list(coded.lines),
                "owner": outcome.owner,
                "notes": list(outcome.notes),
            },
            amount=_positive(coded.amount),
            categories=coded.categories,
            urgency="routine",
            approvers=outcome.approvers,
            duty="invoice-approver",
        )


def _positive(amount: Money) -> Money:
    """A credit is approved by those who approve the bill of the same amount."""
    return -amount if amount.amount < 0 else amount
