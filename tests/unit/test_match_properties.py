"""What holds of matching whatever is billed, ordered and received: no cent is lost, none paid that nobody allowed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.exceptions import CATALOGUE
from domain.invoice import Invoice, TaxTotal
from domain.matching import Accepted, MatchResult, match, posting_lines
from domain.money import Money
from domain.payables import OrderPosition
from domain.policy.model import InvoiceToleranceRule
from domain.requisition import CostShare
from tests.fixtures.bills import SUPPLIER, billed, charge, count, invoice, order, ordered, usd
from tests.fixtures.small_policy import policy

RULES = policy(
    invoice_tolerances=tuple(
        InvoiceToleranceRule(name=kind, kind=kind, percent=Decimal(5), amount=Decimal(20))
        for kind in ("price", "quantity", "freight", "surcharge")
    )
)
CODES = (
    "order-closed",
    "item-not-ordered",
    "order-not-found",
    "price-variance",
    "quantity-over-ordered",
    "amount-over-ordered",
    "charge-over",
    "receipt-missing",
    "receipt-short",
    "credit-exceeds",
    "credit-incomplete",
)
cents = st.decimals(min_value="0.01", max_value="999.99", places=2)
finer = st.decimals(min_value="0.0001", max_value="99.9999", places=4)
quantities = st.one_of(st.integers(1, 500).map(Decimal), st.decimals(min_value="0.01", max_value="50", places=2))
units = st.sampled_from([("EA", 1), ("BX", 3), ("BX", 100), ("CS", 12), ("HUR", 1)])
ITEMS = ("A", "B", "C")


@st.composite
def positions(draw: st.DrawFn, line: int, item: str) -> Any:
    wanted = draw(quantities)
    price = draw(st.one_of(cents, finer))
    received = wanted * draw(st.integers(0, 110)) // 100
    taken = (received * draw(st.integers(0, 100)) // 100).normalize()
    share = draw(st.integers(1, 99))
    costs = (
        CostShare(cost_centre="N-1", percent=Decimal(share)),
        CostShare(cost_centre="N-2", percent=Decimal(100 - share)),
    )
    return ordered(
        line,
        item,
        count(wanted, *draw(units)),
        price,
        received=received,
        billed=taken,
        billed_amount=usd(price).times(taken).rounded(),
        costs=costs,
    )


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Invoice, tuple[OrderPosition, ...]]:
    """An order of three items, and a bill that has something to do with it."""
    bought = order("PO-1", *(draw(positions(at, item)) for at, item in enumerate(ITEMS, 1)))
    lines = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        item = draw(st.sampled_from((*ITEMS, "Z")))
        position = next((each for each in bought.lines if each.line.item == item), None)
        price = position.line.unit_price.amount if position and draw(st.booleans()) else draw(st.one_of(cents, finer))
        unit = position.line.quantity if position and draw(st.booleans()) else count(1, *draw(units))
        kind = draw(st.sampled_from(["goods", "goods", "goods", "freight", "surcharge"]))
        sign = draw(st.sampled_from([1, 1, 1, -1]))
        within = tuple(charge(str(draw(cents))) for _ in range(draw(st.integers(0, 1))))
        quantity = unit.of(sign * draw(quantities))
        net = usd(price).times(quantity.value).rounded() + Money.total((each.amount for each in within), "USD")
        costs = (CostShare(cost_centre="N-9"),) if item == "Z" and draw(st.booleans()) else ()
        lines.append(
            billed(
                number,
                item,
                quantity,
                price,
                kind=kind,
                amount=net,
                allowances=within,
                costs=costs,
                tax_category=draw(st.sampled_from(["S", ""])),
            )
        )
    extra = tuple(
        charge(
            str(draw(cents)), draw(st.sampled_from(["freight", "surcharge", "other"])), is_charge=draw(st.booleans())
        )
        for _ in range(draw(st.integers(0, 3)))
    )
    taxable = Money.total((each.amount for each in lines), "USD")
    tax = (TaxTotal(category="S", taxable=taxable, tax=usd(draw(cents))),) if draw(st.booleans()) else ()
    kind = draw(st.sampled_from(["invoice", "invoice", "credit-note"]))
    prepaid, rounding = draw(st.sampled_from(["0", "12.34"])), draw(st.sampled_from(["0", "0.03", "-0.02"]))
    bill = invoice(*lines, tax=tax, extra=extra, prepaid=prepaid, rounding=rounding, kind=kind)
    return bill, (bought,)


acceptances = st.lists(
    st.builds(Accepted, code=st.sampled_from(CODES), short_pay=st.booleans()), unique_by=lambda each: each.code
)
everything = st.booleans().map(lambda short: [Accepted(code=code, short_pay=short) for code in CODES])


def result_of(world: tuple[Invoice, tuple[OrderPosition, ...]], accepted: list[Accepted]) -> MatchResult:
    bill, orders = world
    return match(bill, SUPPLIER, orders, RULES, accepted)


@given(worlds(), st.one_of(acceptances, everything))
def test_what_is_paid_and_what_is_withheld_are_the_bill(
    world: tuple[Invoice, tuple[OrderPosition, ...]], accepted: list[Accepted]
) -> None:
    result, payable = result_of(world, accepted), world[0].totals.payable
    assert result.payable + result.withheld == payable
    assert usd(0) <= result.withheld
    assert result.withheld == result.withheld.rounded()
    if payable.amount >= 0:
        assert result.withheld <= payable
    else:
        assert not result.withheld


@given(worlds(), everything)
def test_what_is_booked_is_what_is_owed(
    world: tuple[Invoice, tuple[OrderPosition, ...]], accepted: list[Accepted]
) -> None:
    bill, result = world[0], result_of(world, accepted)
    if not result.gate:
        assert {each.code for each in result.findings} <= {"coding-required", "unit-mismatch"}
        return
    lines = posting_lines(bill, result)
    owed = result.payable + result.withheld - bill.totals.tax
    total = Money.total((each.amount for each in lines), "USD")
    assert total == (-owed if bill.kind == "credit-note" else owed)
    assert all(each.amount == each.amount.rounded() for each in lines)
    assert all(each.accrual + each.variance == each.amount for each in lines if each.order_line is not None)
    assert all(sum(share.percent for share in each.costs) == 100 for each in lines if each.order_line is None)
    assert len({each.line for each in lines}) == len(lines)


@given(worlds(), acceptances)
def test_every_line_has_an_end_and_every_question_is_asked_once(
    world: tuple[Invoice, tuple[OrderPosition, ...]], accepted: list[Accepted]
) -> None:
    result = result_of(world, accepted)
    codes = [each.code for each in result.findings]
    assert len(codes) == len(set(codes))
    assert set(codes) <= set(CATALOGUE)
    assert not set(codes) & {each.code for each in accepted}
    assert result.gate == (not codes)
    if result.gate:
        assert all(each.state not in ("exception", "waiting") for each in result.lines)
    assert 0 <= result.first_pass <= result.order_lines <= len(result.lines)
    assert result == result_of(world, accepted)


@given(worlds())
def test_without_a_person_no_order_line_is_billed_beyond_its_tolerances(
    world: tuple[Invoice, tuple[OrderPosition, ...]],
) -> None:
    bill, (bought,) = world
    result = result_of(world, [])
    if bill.kind == "credit-note" or not result.gate:
        return
    for position in bought.lines:
        taken = sum(
            (each.quantity for each in result.lines if each.order_line == position.line.line), start=position.billed
        )
        allowed = position.line.quantity.value * Decimal("1.05")
        assert taken <= min(position.line.quantity.value, position.received) + allowed - position.line.quantity.value
