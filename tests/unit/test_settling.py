"""An order is settled when all that was received was billed and paid, whatever sequence the news come in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.settling import FactKind, InvoiceFact, OrderBills

START = datetime(2026, 11, 20, 9, tzinfo=UTC)
TEN = {1: Decimal(10)}


def fact(kind: FactKind, case: str = "i-1", number: int = 1, **over: Any) -> InvoiceFact:
    given = {"event_id": f"{case}:{kind}:{number}", "invoice_case": case, "kind": kind, "at": START, "lines": TEN}
    return InvoiceFact(**{**given, **over})


def bills(*facts: InvoiceFact) -> OrderBills:
    state = OrderBills()
    for each in facts:
        state = state.told(each)
    return state


def test_paid_in_full() -> None:
    posted = bills(fact("captured"), fact("matched"), fact("posted"))
    assert (posted.settled(TEN), posted.open_invoices()) == (False, ("i-1",))
    paid = posted.told(fact("paid"))
    assert (paid.settled(TEN), paid.open_invoices()) == (True, ())


def test_received_and_not_billed() -> None:
    assert not bills(fact("posted"), fact("paid")).settled({1: Decimal(11)})
    assert not bills(fact("posted"), fact("paid")).settled({1: Decimal(10), 2: Decimal(1)})


def test_an_order_of_which_nothing_came_has_nothing_to_settle() -> None:
    assert bills().settled({1: Decimal(0)})
    assert not bills(fact("captured")).settled({})


def test_money_that_comes_back_reopens() -> None:
    returned = bills(fact("posted"), fact("paid"), fact("returned"))
    assert (returned.settled(TEN), returned.open_invoices()) == (False, ("i-1",))
    assert returned.told(fact("paid", number=2)).settled(TEN)


def test_goods_that_went_back_wait_for_their_credit_note() -> None:
    left = {1: Decimal(8)}
    paid = bills(fact("posted"), fact("paid"))
    assert not paid.settled(left)
    back = {1: Decimal(-2)}
    assert paid.told(fact("posted", "c-1", lines=back)).told(fact("paid", "c-1", lines=back)).settled(left)


def test_a_rejected_invoice_bills_nothing() -> None:
    assert bills(fact("captured", "i-2"), fact("rejected", "i-2"), fact("posted"), fact("paid")).settled(TEN)


def test_a_dispute_keeps_it_open_until_it_is_closed() -> None:
    six = {1: Decimal(6)}
    paid = bills(fact("posted", withheld=True, disputed={1: Decimal(4)}), fact("paid"))
    assert (paid.settled(six), paid.open_invoices()) == (False, ("i-1",))
    assert paid.told(fact("matched", number=2, dispute_closed=True)).settled(six)


kinds: st.SearchStrategy[FactKind] = st.sampled_from(["captured", "matched", "posted", "paid", "returned", "rejected"])
facts = st.builds(
    lambda kind, case, number, quantity, minutes, dispute: fact(
        kind,
        case,
        number,
        lines={1: Decimal(quantity)},
        at=START + timedelta(minutes=minutes),
        withheld=dispute > 1,
        disputed={1: Decimal(1)} if dispute > 1 else {},
        dispute_closed=dispute > 2,
    ),
    kinds,
    st.sampled_from(["i-1", "i-2", "i-3"]),
    st.integers(1, 3),
    st.integers(-5, 10),
    st.integers(0, 9),
    st.integers(0, 3),
)
histories = st.lists(facts, unique_by=lambda each: each.event_id, max_size=12)


@given(histories, st.randoms(use_true_random=False), st.integers(0, 20))
def test_sequence_and_repetition_do_not_matter(history: list[InvoiceFact], random: Any, received: int) -> None:
    told = [*history, *random.sample(history, len(history) // 2)]
    random.shuffle(told)
    here, there = bills(*history), bills(*told)
    assert here == there
    assert here.settled({1: Decimal(received)}) == there.settled({1: Decimal(received)})
    assert here.open_invoices() == there.open_invoices()


@given(histories)
def test_settled_means_paid_as_received_and_nothing_open(history: list[InvoiceFact]) -> None:
    state = bills(*history)
    received = state.paid_quantities()
    assert state.settled(received) == (not state.open_invoices())
    assert not state.settled({**received, 1: received.get(1, Decimal(0)) + 1})
