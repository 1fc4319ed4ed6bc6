"""What holds of the checks whatever the requisition, the master data and the answers are."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from domain.checks import Assessment, assess
from domain.commitment_lines import reservation
from domain.exceptions import CATALOGUE
from domain.master_data import Contract, Item, MasterData, Supplier
from domain.money import Money
from domain.policy.model import FrozenPolicy
from domain.requisition import Requisition, RequisitionLine
from domain.sourcing import order_drafts, stock_issue
from tests.fixtures.purchases import (
    TODAY,
    boxes,
    contract,
    item,
    item_line,
    master,
    pieces,
    policy,
    requester,
    requisition,
    share,
    stock,
    supplier,
    text_line,
    tier,
    usd,
)

ITEMS = ("A", "B", "C")
SUPPLIERS = ("S-1", "S-2", "S-3")
cents = st.decimals(min_value="0.01", max_value="9999.99", places=2).map(usd)
prices = st.integers(1, 9).map(usd)
counts = st.integers(1, 50)
mostly = st.sampled_from((True, True, True, True, False))
shares = st.sampled_from(
    (
        (share(),),
        (share(percent="33.33"), share("N-200", "66.67")),
        (share(percent=50, account="9999"), share("N-900", 50)),
    )
)


@st.composite
def a_line(draw: st.DrawFn, number: int) -> RequisitionLine:
    quantity = draw(st.one_of(counts.map(boxes), counts.map(pieces)))
    wanted = None if draw(mostly) else draw(st.sampled_from(SUPPLIERS))
    price = None if draw(mostly) else draw(prices | cents)
    if draw(mostly):
        return item_line(
            number,
            "A" if draw(mostly) else draw(st.sampled_from((*ITEMS, "NOPE"))),
            quantity=quantity,
            supplier=wanted,
            unit_price=price,
            costs=draw(shares),
        )
    return text_line(number, quantity=quantity, supplier=wanted, unit_price=price or usd(1), costs=draw(shares))


@st.composite
def a_requisition(draw: st.DrawFn) -> Requisition:
    return requisition(*(draw(a_line(number)) for number in range(1, draw(st.integers(4, 6)))))


@st.composite
def an_item(draw: st.DrawFn, code: str) -> Item:
    return item(
        code,
        active=draw(mostly),
        substitute=draw(st.none() | st.sampled_from((*ITEMS, "GONE"))),
        supplier="S-1" if draw(mostly) else "S-2",
        price=draw(cents),
        account=draw(st.sampled_from(("6100", "7777"))),
    )


@st.composite
def a_contract(draw: st.DrawFn, number: str) -> Contract:
    return contract(
        number,
        supplier="S-1" if draw(mostly) else "S-2",
        item="A" if draw(mostly) else draw(st.sampled_from(ITEMS)),
        tiers=(tier(1, draw(prices).amount), tier(draw(counts), draw(prices).amount)),
        starts=TODAY - timedelta(days=30 if draw(mostly) else draw(st.integers(-2, 2))),
        ends=TODAY + timedelta(days=30 if draw(mostly) else draw(st.integers(-2, 2))),
        limit=draw(st.integers(50, 600).map(usd)) if draw(mostly) else None,
        drawn=None if draw(mostly) else draw(prices),
    )


@st.composite
def a_supplier(draw: st.DrawFn, code: str) -> Supplier:
    blocks: tuple[tuple[Literal["orders", "payment"], ...], ...] = ((), (), (), ("orders",), ("payment",))
    return supplier(code, blocked_for=draw(st.sampled_from(blocks)))


@st.composite
def some_master_data(draw: st.DrawFn) -> MasterData:
    return master(
        items=tuple(draw(an_item(code)) for code in ITEMS),
        suppliers=tuple(draw(a_supplier(code)) for code in SUPPLIERS[: draw(st.integers(1, 3))]),
        contracts=tuple(draw(a_contract(f"C-{number}")) for number in range(draw(st.integers(1, 4)))),
        stock=tuple(stock(draw(st.integers(-5, 30)), code) for code in ITEMS if draw(mostly)),
        period_open=draw(st.booleans()),
    )


policies = st.builds(
    policy,
    off_contract=st.sampled_from(("ask", "accept")),
    substitute_inactive=st.booleans(),
    use_stock_first=mostly,
)


def judge(
    request: Requisition,
    data: MasterData,
    rules: FrozenPolicy,
    accepted: frozenset[tuple[str, int | None]] = frozenset(),
) -> Assessment:
    return assess(request, data, rules, TODAY, requester(), accepted=accepted)


def acceptable(assessment: Assessment) -> frozenset[tuple[str, int | None]]:
    return frozenset((each.code, each.line) for each in assessment.findings if "accept" in CATALOGUE[each.code].actions)


@given(a_requisition(), some_master_data(), policies)
def test_every_line_comes_out_or_has_its_question(request: Requisition, data: MasterData, rules: FrozenPolicy) -> None:
    result = judge(request, data, rules)
    out = {line.line for line in result.lines}
    asked = {finding.line for finding in result.findings}
    assert out | asked >= {line.line for line in request.lines}
    assert len(out) == len(result.lines)
    assert max(Counter((finding.code, finding.line) for finding in result.findings).values(), default=1) == 1
    for finding in result.findings:
        assert finding.type.actions
        assert finding.message
        json.dumps(finding.evidence, allow_nan=False)


@given(a_requisition(), some_master_data(), policies)
def test_quantities_and_amounts_add_up(request: Requisition, data: MasterData, rules: FrozenPolicy) -> None:
    result = judge(request, data, rules)
    blocked = {each.code for each in data.suppliers if "orders" in each.blocked_for}
    for line in result.lines:
        assert line.from_stock >= 0
        assert line.to_order >= 0
        assert line.from_stock + line.to_order == line.quantity.value
        assert line.unit_price.amount > 0
        assert line.to_order == 0 or line.supplier in {each.code for each in data.suppliers} - blocked
    assert result.amount == Money.total((line.amount for line in result.lines), "USD")
    assert result.to_order <= result.amount
    for level in data.stock:
        taken = sum((line.from_stock for line in result.lines if line.item == level.item), Decimal(0))
        assert taken <= max(level.available, Decimal(0))


@given(a_requisition(), some_master_data(), policies)
def test_accepting_ends_all_that_can_be_accepted(request: Requisition, data: MasterData, rules: FrozenPolicy) -> None:
    """Each answer is asked for once: accepting takes the question away, adds no other, and the line stays usable."""
    first = judge(request, data, rules)
    second = judge(request, data, rules, acceptable(first))
    assert not acceptable(second)
    assert [each for each in first.findings if each in second.findings] == list(second.findings)
    assert {line.line for line in first.lines} == {line.line for line in second.lines}


@given(a_requisition(), some_master_data(), policies)
def test_agreements_are_never_drawn_past_their_limit(
    request: Requisition, data: MasterData, rules: FrozenPolicy
) -> None:
    result = judge(request, data, rules)
    for agreement in data.contracts:
        drawing = [each for each in result.lines if each.contract == agreement.number]
        assert all(agreement.starts <= TODAY <= agreement.ends and agreement.item == each.item for each in drawing)
        if agreement.limit is not None and drawing:
            drawn = (agreement.drawn or usd(0)) + Money.total((each.order_amount for each in drawing), "USD")
            assert drawn <= agreement.limit


@given(a_requisition(), some_master_data(), policies)
def test_lines_without_questions_can_be_ordered_issued_and_reserved(
    request: Requisition, data: MasterData, rules: FrozenPolicy
) -> None:
    result = judge(request, data, rules)
    result = judge(request, data, rules, acceptable(result))
    asked = {finding.line for finding in result.findings}
    lines = tuple(line for line in result.lines if line.line not in asked)
    drafts = order_drafts("case", "north", "nina", "USD", TODAY, lines)
    total = Money.total((draft.total for draft in drafts), "USD")
    assert total == Money.total((line.order_amount for line in lines), "USD")
    issue = stock_issue("case", "north", lines)
    issued = sum((line.quantity for line in issue.lines), Decimal(0)) if issue else Decimal(0)
    assert issued == sum((line.from_stock for line in lines), Decimal(0))
    held = reservation(lines, "north", data.fiscal_year)
    assert Money.total((line.amount for line in held), "USD") == total
