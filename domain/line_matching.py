"""Judging one line of a bill against its order line: price, quantity, receipt, amount."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.credited_prices import CreditedPrices
from domain.invoice import Invoice
from domain.invoice_tolerance import InvoiceTolerances, allowance, quantity_allowance
from domain.invoice_units import conversion
from domain.match_draft import NOTHING, AcceptedCodes, Draft
from domain.money import MAX_AMOUNT, Money, minor_units
from domain.order_lookup import Ordered
from domain.policy.model import FrozenPolicy
from domain.policy.tables import tolerances_of
from domain.tolerance import most_receivable


@dataclass(slots=True)
class Taken:
    """What earlier lines of the same bill take of an order line."""

    quantity: Decimal = NOTHING
    amount: Decimal = NOTHING


@dataclass(slots=True)
class Due:
    """What is to be paid of a line: so many units; at the order's price where `at_order_price`; at most `most`."""

    quantity: Decimal
    at_order_price: bool = False
    most: Decimal | None = None


class LineMatcher:
    """Judges the lines of one bill one after the other: what a line takes of its order is gone for the next."""

    def __init__(
        self,
        invoice: Invoice,
        supplier: str,
        policy: FrozenPolicy,
        accepted: AcceptedCodes,
        credited: Sequence[Invoice],
    ) -> None:
        self._credit_note = invoice.kind == "credit-note"
        self._currency, self._supplier, self._policy = invoice.currency, supplier, policy
        self._accepted = accepted
        self._cent = policy.invoice.total_amount
        self._prices = CreditedPrices(credited)
        self._taken: dict[Ordered, Taken] = {}
        self.tolerances = InvoiceTolerances(policy, supplier)

    def judge(self, draft: Draft, ordered: Ordered) -> None:
        """Writes into the draft what is wrong with the line and what of it is payable."""
        line, ours = draft.line, ordered.position.line
        draft.ways = self.tolerances.ways(ordered.position.category)
        if ordered.order.currency != self._currency or line.amount.currency != self._currency:
            draft.problem("currency-mismatch", f"order in {ordered.order.currency}", f"billed in {self._currency}")
            return
        converted = conversion(line.quantity, ours.quantity)
        if converted is None:
            draft.problem("unit-mismatch", f"in {_unit(ours.quantity.of(Decimal(1)))}", f"billed {line.quantity}")
            return
        draft.conversion, draft.quantity = converted, converted.quantity(line.quantity.value)
        if not converted.exact(line.quantity.value):
            draft.notes.append(f"{line.quantity} is {draft.quantity} {ours.quantity.unit}, to six decimal places")
        expected = _product(ours.unit_price, draft.quantity)
        if expected is None:
            draft.problem("quantity-over-ordered", str(ours.quantity), str(line.quantity), at_stake=draft.payable)
            draft.payable = NOTHING if self._short("quantity-over-ordered") else draft.payable
            return
        draft.expected = expected
        if self._credit_note and (draft.quantity < 0 or draft.goods < 0):
            draft.problem("credit-exceeds", "a credit", f"a charge of {_cents(abs(draft.goods), self._currency)}")
        elif self._credit_note or draft.quantity < 0:
            self._take_back(draft, ordered)
        else:
            self._bill(draft, ordered)

    def _short(self, code: str) -> bool:
        return self._accepted.get(code, False)

    def _bill(self, draft: Draft, ordered: Ordered) -> None:
        if ordered.closed:
            draft.problem(
                "order-closed", "an open order", f"{ordered.order.number} is {ordered.order.status}", "", draft.payable
            )
        taken = self._taken.setdefault(ordered, Taken())
        due = Due(draft.quantity)
        clean = not draft.problems
        self._judge_price(draft, ordered, due)
        self._judge_quantity(draft, ordered, taken, due)
        if clean and not draft.problems:
            self._judge_amount(draft, ordered, taken, due)
        draft.payable = self._payable(draft, ordered, due)
        draft.disputed = draft.quantity - due.quantity
        taken.quantity += due.quantity
        taken.amount += draft.goods

    def _judge_price(self, draft: Draft, ordered: Ordered, due: Due) -> None:
        """A lower price is paid as it is billed; only a higher one needs somebody."""
        difference = draft.goods - (draft.expected or NOTHING)
        if abs(difference) <= self._cent:
            return
        draft.differs = True
        allowed = self._price_allowance(ordered, draft.expected or NOTHING)
        if difference <= max(allowed, self._cent):
            if difference < -allowed:
                draft.notes.append(f"billed {-difference:f} {self._currency} below the order's price")
            return
        price = draft.conversion.price(draft.line.unit_price)
        draft.problem(
            "price-variance",
            _price(ordered.position.line.unit_price),
            _price(price),
            f"{_cents(allowed, self._currency)} on the line",
            difference,
        )
        due.at_order_price = self._short("price-variance")

    def _price_allowance(self, ordered: Ordered, base: Decimal) -> Decimal:
        return allowance(self.tolerances.rule("price", ordered.position.category), base)

    def _quantity_allowance(self, ordered: Ordered) -> Decimal:
        ours = ordered.position.line
        rule = self.tolerances.rule("quantity", ordered.position.category)
        return quantity_allowance(rule, ours.quantity.value, ours.unit_price.amount)

    def _judge_quantity(self, draft: Draft, ordered: Ordered, taken: Taken, due: Due) -> None:
        """First what the order covers, and of that what came in: so that buying and receiving are asked at once."""
        position, price = ordered.position, ordered.position.line.unit_price.amount
        before, allowed = position.billed + taken.quantity, self._quantity_allowance(ordered)
        room = self._billable(ordered) - before
        covered = draft.quantity
        if draft.quantity > room + allowed:
            self._exceeds(draft, "quantity-over-ordered", room, draft.quantity, allowed, price)
            if "quantity-over-ordered" not in self._accepted or self._short("quantity-over-ordered"):
                covered = max(NOTHING, min(draft.quantity, room))
            due.quantity = covered if self._short("quantity-over-ordered") else draft.quantity
        elif draft.quantity > room:
            draft.differs = True
        if draft.ways >= 3:
            self._judge_receipt(draft, ordered, before, covered, due)

    def _judge_receipt(self, draft: Draft, ordered: Ordered, before: Decimal, covered: Decimal, due: Due) -> None:
        position, allowed = ordered.position, self._quantity_allowance(ordered)
        have = position.received
        if draft.ways == 4 and position.inspected is not None:
            have = position.inspected
        elif draft.ways == 4:
            draft.notes.append("not inspected: matched against what was received")
        room = have - before
        if covered <= 0 or covered <= room:
            return
        if covered <= room + allowed:
            draft.differs = True
            return
        code = "receipt-short" if have > 0 else "receipt-missing"
        self._exceeds(draft, code, room, covered, allowed, position.line.unit_price.amount)
        if self._short(code):
            due.quantity = max(NOTHING, min(due.quantity, room))

    def _exceeds(
        self, draft: Draft, code: str, room: Decimal, wanted: Decimal, allowed: Decimal, price: Decimal
    ) -> None:
        ours = draft.ordered.position.line.quantity if draft.ordered else draft.line.quantity
        left = max(NOTHING, room)
        draft.problem(code, str(ours.of(left)), str(ours.of(wanted)), _count(allowed), (wanted - left) * price)

    def _billable(self, ordered: Ordered) -> Decimal:
        """What was ordered, and what was delivered beyond it as far as the policy takes that in without a person."""
        quantity, received = ordered.position.line.quantity.value, ordered.position.received
        if received <= quantity:
            return quantity
        tolerances = tolerances_of(self._policy, ordered.position.category, self._supplier)
        return min(received, most_receivable(quantity, tolerances))

    def _judge_amount(self, draft: Draft, ordered: Ordered, taken: Taken, due: Due) -> None:
        """Each bill within its tolerance, and all of them together beyond the order."""
        price = ordered.position.line.unit_price.amount
        worth = price * self._billable(ordered)
        allowed = self._price_allowance(ordered, worth) + self._quantity_allowance(ordered) * price
        left = worth - ordered.position.billed_amount.amount - taken.amount
        if draft.goods <= left + max(allowed, self._cent):
            return
        draft.problem(
            "amount-over-ordered",
            _cents(max(NOTHING, left), self._currency),
            _cents(draft.goods, self._currency),
            _cents(allowed, self._currency),
            draft.goods - max(NOTHING, left),
        )
        if self._short("amount-over-ordered"):
            due.most = max(NOTHING, left)

    def _payable(self, draft: Draft, ordered: Ordered, due: Due) -> Decimal:
        goods, charges, whole = draft.goods, draft.charges, draft.quantity
        if due.at_order_price:
            goods = min(goods, ordered.position.line.unit_price.times(due.quantity).rounded().amount)
        elif due.quantity < whole:
            goods = _rounded(goods * due.quantity / whole, self._currency)
        if due.quantity < whole:
            charges = _rounded(charges * due.quantity / whole, self._currency)
        if due.most is not None and goods > due.most:
            goods = _rounded(due.most, self._currency)
        return goods + charges

    def _take_back(self, draft: Draft, ordered: Ordered) -> None:
        """A credit is judged by what was billed: not more units, not more money, and no less than they cost."""
        taken = self._taken.setdefault(ordered, Taken())
        if self._corrects_price(draft, ordered):
            draft.quantity, draft.expected = NOTHING, NOTHING
        quantity, goods = abs(draft.quantity), abs(draft.goods)
        billed = ordered.position.billed + taken.quantity
        money = ordered.position.billed_amount.amount + taken.amount
        ours = ordered.position.line.quantity
        if quantity > billed:
            at_stake = (quantity - billed) * ordered.position.line.unit_price.amount
            draft.problem("credit-exceeds", f"{ours.of(billed)} billed", f"{ours.of(quantity)}", "", at_stake)
        elif goods > money + self._cent:
            draft.problem(
                "credit-exceeds",
                f"{_cents(money, self._currency)} billed",
                _cents(goods, self._currency),
                "",
                goods - money,
            )
        self._judge_credit_price(draft, ordered)
        taken.quantity -= quantity
        taken.amount -= goods

    def _corrects_price(self, draft: Draft, ordered: Ordered) -> bool:
        """Whether the credit brings the price of the credited bill down to the order's: then no goods go back."""
        before = self._prices.of(draft.line)
        if before is None:
            return False
        after = draft.conversion.price(before - draft.line.unit_price)
        difference = after.amount - ordered.position.line.unit_price.amount
        if draft.line.unit_price.amount >= before.amount or abs(difference * draft.quantity) > self._cent:
            return False
        draft.notes.append(f"corrects the price from {_price(draft.conversion.price(before))} to the order's")
        return True

    def _judge_credit_price(self, draft: Draft, ordered: Ordered) -> None:
        expected, goods = abs(draft.expected or NOTHING), abs(draft.goods)
        draft.differs = draft.differs or abs(expected - goods) > self._cent
        allowed = self._price_allowance(ordered, expected)
        if expected - goods > max(allowed, self._cent):
            draft.problem(
                "price-variance",
                _price(ordered.position.line.unit_price),
                _price(draft.conversion.price(draft.line.unit_price)),
                f"{_cents(allowed, self._currency)} on the line",
                expected - goods,
            )


def _product(price: Money, quantity: Decimal) -> Decimal | None:
    """What needs no rounding is not rounded, for speed; None beyond any amount that can be paid."""
    if abs(quantity) > MAX_AMOUNT:
        return None
    exact = price.amount * quantity
    if abs(exact) <= MAX_AMOUNT and not exact % Decimal(1).scaleb(-minor_units(price.currency)):
        return exact
    try:
        return price.times(quantity).rounded().amount
    except ValueError:
        return None


def _rounded(amount: Decimal, currency: str) -> Decimal:
    return Money(amount=Decimal(1), currency=currency).times(amount).rounded().amount


def _cents(amount: Decimal, currency: str) -> str:
    within = max(-MAX_AMOUNT, min(MAX_AMOUNT, amount))
    return str(Money(amount=Decimal(1), currency=currency).times(within))


def _price(price: Money) -> str:
    """With cents, and with all further places that the price has: '8.90 USD', '0.0125 USD'."""
    rounded = price.rounded().amount
    return f"{rounded if rounded == price.amount else price.amount.normalize():f} {price.currency}"


def _count(quantity: Decimal) -> str:
    return f"{quantity.quantize(Decimal('0.000001')).normalize():f}"


def _unit(quantity: object) -> str:
    return str(quantity).removeprefix("1 ")
