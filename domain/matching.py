"""Matching an invoice line by line against orders and receipts.

Every line is brought to an order line (`order_lookup`), counted in its unit (`invoice_units`), judged (`line_matching`,
`charge_matching`, `credit_matching`), and what a person must decide is put in words (`match_findings`). The same
invoice, orders and policy always give the same answer, whatever the sequence of the orders.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal, localcontext

from domain.charge_matching import ChargeVerdict, judge_charges
from domain.credit_matching import judge_credit
from domain.invoice import Invoice, InvoiceLine
from domain.invoice_posting import posting_lines
from domain.invoice_units import conversion
from domain.line_matching import LineMatcher
from domain.match_draft import NEVER_ACCEPTED, NOTHING, WAITING, AcceptedCodes, Draft, Problem
from domain.match_findings import findings_of
from domain.match_result import Accepted, LineMatch, LineState, MatchResult, UnmatchedInvoiceError
from domain.order_lookup import OrderBook, Ordered, Search
from domain.payables import OrderPosition
from domain.policy.model import AcceptanceRule, FrozenPolicy
from domain.policy.tables import accepted_by_rule
from domain.withholding import withheld_of

__all__ = ["Accepted", "LineMatch", "LineState", "MatchResult", "UnmatchedInvoiceError", "match", "posting_lines"]

# Products of quantities and prices stay exact: Python's 28 digits would round some of them.
_EXACT = Context(prec=60)


def match(
    invoice: Invoice,
    supplier: str,
    orders: Sequence[OrderPosition],
    policy: FrozenPolicy,
    accepted: Sequence[Accepted] = (),
    credited: Sequence[Invoice] = (),
) -> MatchResult:
    """Match every line. `orders` are all that the invoice names, and open ones of the supplier that could be meant.

    `credited` are the invoices that a credit note takes back. What the policy's rules accept without a person is
    accepted here, and the notes name the rule.
    """
    given = {each.code: each.short_pay for each in accepted if each.code not in NEVER_ACCEPTED}
    with localcontext(_EXACT):
        result = _Matching(invoice, supplier, orders, policy, given, credited).result()
        rules = _rules(invoice, result, policy)
        if not rules:
            return result
        given |= dict.fromkeys(rules, False)
        again = _Matching(invoice, supplier, orders, policy, given, credited).result()
    notes = tuple(f"Accepted by rule {rule.name} ({code}): {rule.reason}." for code, rule in rules.items())
    return again.model_copy(update={"notes": again.notes + notes})


def _rules(invoice: Invoice, result: MatchResult, policy: FrozenPolicy) -> dict[str, AcceptanceRule]:
    """The rules that accept findings by themselves; in another currency than the limits' there are none."""
    amount = invoice.totals.payable
    if amount.currency != policy.facility.currency:
        return {}
    categories = {str(each) for finding in result.findings for each in finding.evidence.get("categories", ())}
    found = {each.code: accepted_by_rule(policy, each.code, amount, categories) for each in result.findings}
    return {code: rule for code, rule in found.items() if rule is not None}


class _Need:
    """What one line asks of an order line, while lines are brought together with order lines."""

    def __init__(self, line: InvoiceLine, credit: bool, given: dict[Ordered, Decimal]) -> None:
        self._line, self.credit, self._given = line, credit, given

    def room(self, ordered: Ordered) -> Decimal:
        """What is still to be billed of an open line, or was billed and can be taken back."""
        taken = ordered.position.billed + self._given.get(ordered, NOTHING)
        if self.credit:
            return taken
        return NOTHING if ordered.closed else ordered.position.line.quantity.value - taken

    def fits(self, ordered: Ordered) -> bool:
        return 0 < abs(self.counted(ordered)) <= self.room(ordered)

    def counted(self, ordered: Ordered) -> Decimal:
        """The billed quantity in the order's unit; zero where it does not convert."""
        unit = conversion(self._line.quantity, ordered.position.line.quantity)
        return NOTHING if unit is None else unit.quantity(self._line.quantity.value)


class _Matching:
    """One run over one invoice."""

    def __init__(
        self,
        invoice: Invoice,
        supplier: str,
        orders: Sequence[OrderPosition],
        policy: FrozenPolicy,
        accepted: AcceptedCodes,
        credited: Sequence[Invoice],
    ) -> None:
        self._invoice, self._supplier, self._accepted, self._credited = invoice, supplier, accepted, credited
        self._book = OrderBook(invoice, supplier, orders)
        self._matcher = LineMatcher(invoice, supplier, policy, accepted, credited)
        self._credit_note = invoice.kind == "credit-note"

    def result(self) -> MatchResult:
        drafts = [Draft(line, line.amount.amount) for line in self._invoice.lines]
        for draft, search in zip(drafts, self._searches(), strict=True):
            draft.ordered = search.found
            if search.found is None:
                self._without_order(draft, search)
                continue
            draft.claims_order = True
            if search.how:
                draft.notes.append(search.how)
            self._matcher.judge(draft, search.found)
        self._uncharged(drafts)
        charges = judge_charges(self._invoice, drafts, self._matcher.tolerances, self._accepted)
        return self._answer(drafts, charges, judge_credit(self._invoice, self._credited))

    def _searches(self) -> list[Search]:
        """Lines that name their order line choose first, so that no other line takes what they bill."""
        given: dict[Ordered, Decimal] = {}
        found: dict[int, Search] = {}
        lines = self._invoice.lines
        for at in sorted(range(len(lines)), key=lambda each: (lines[each].order_line is None, each)):
            credit = self._credit_note != (lines[at].quantity.value < 0)
            need = _Need(lines[at], credit, given)
            found[at] = self._book.find(lines[at], need)
            ordered = found[at].found
            if ordered is not None:
                counted = abs(need.counted(ordered))
                given[ordered] = given.get(ordered, NOTHING) + (-counted if credit else counted)
        return [found[at] for at in range(len(lines))]

    def _without_order(self, draft: Draft, search: Search) -> None:
        """Coded by a person, a charge, a discount, nothing at all - or a question."""
        line = draft.line
        amount = -line.amount.amount if self._credit_note else line.amount.amount
        draft.claims_order = search.code is not None
        if line.costs or not amount:
            draft.notes.append("coded without an order" if line.costs else "bills nothing")
            draft.claims_order = False
        elif line.kind != "goods" or (amount < 0 and not self._credit_note):
            draft.charge = True
        elif search.code is None:
            self._uncoded(draft)
        else:
            self._unfound(draft, search.code)

    def _uncharged(self, drafts: Sequence[Draft]) -> None:
        """Charges, and what is not paid because nobody ordered it, go to the cost centres of the other goods. Where no
        goods have any, somebody must say whose they are."""
        if any(_has_costs(each) for each in drafts):
            return
        for draft in drafts:
            unordered = draft.ordered is None and any(self._accepted.get(each.code) for each in draft.problems)
            if draft.charge or unordered:
                self._uncoded(draft)
        totals = self._invoice.totals
        booked = totals.payable != totals.tax and not any(each.ordered or each.problems for each in drafts)
        if booked and not any(each.line.costs for each in drafts):
            self._uncoded(drafts[0])

    def _uncoded(self, draft: Draft) -> None:
        draft.problem("coding-required", "a cost centre and an account", "neither", "", draft.line.amount.amount)

    def _unfound(self, draft: Draft, code: str) -> None:
        expected, found = self._why_unfound(draft.line, code)
        draft.problem(code, expected, found, "", draft.line.amount.amount)
        if self._accepted.get(code):
            draft.payable = NOTHING
        elif code in self._accepted:
            self._uncoded(draft)

    def _why_unfound(self, line: InvoiceLine, code: str) -> tuple[str, str]:
        number = line.order_number or ", ".join(self._book.unknown[:5])
        if code == "order-not-found":
            foreign = self._book.foreign(number)
            whose = f"{number} is an order with {foreign.supplier}" if foreign else f"no order {number}"
            return f"an order with {self._supplier or 'the supplier'}", whose
        item = line.buyer_item or line.gtin or line.seller_item or line.description[:80] or "a nameless line"
        orders = line.order_number or ", ".join(self._invoice.order_numbers[:5])
        return f"something on order {orders}", item

    def _answer(self, drafts: list[Draft], charges: ChargeVerdict, credit: list[Problem]) -> MatchResult:
        invoice, accepted = self._invoice, self._accepted
        problems = [each for draft in drafts for each in draft.problems] + charges.problems + credit
        findings = findings_of(problems, accepted, invoice.currency)
        withheld = withheld_of(invoice, drafts, charges.withheld)
        lines = tuple(draft.result(accepted) for draft in drafts)
        backed = [each for each, draft in zip(lines, drafts, strict=True) if draft.claims_order and not draft.charge]
        return MatchResult(
            lines=lines,
            findings=findings,
            notes=self._notes(),
            order_lines=len(backed),
            first_pass=sum(each.state in ("matched", "tolerated") for each in backed),
            gate=not findings,
            waiting_for=_waiting_for(drafts, accepted),
            payable=invoice.totals.payable - withheld,
            withheld=withheld,
        )

    def _notes(self) -> tuple[str, ...]:
        unknown = self._book.unknown
        return (
            (f"The document names orders that are not the supplier's: {', '.join(unknown[:20])}.",) if unknown else ()
        )


def _has_costs(draft: Draft) -> bool:
    costs = draft.ordered.position.line.costs if draft.ordered else draft.line.costs
    return bool(costs) and not draft.charge and bool(draft.line.amount.amount)


def _waiting_for(drafts: Sequence[Draft], accepted: AcceptedCodes) -> tuple[str, ...]:
    numbers = {
        draft.ordered.order.number
        for draft in drafts
        if draft.ordered is not None
        and any(each.code in WAITING and each.code not in accepted for each in draft.problems)
    }
    return tuple(sorted(numbers))
