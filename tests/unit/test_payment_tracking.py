"""What banks say, in whatever order and however often, moves each payment once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import Money
from domain.payment import BankFact
from domain.payment_tracking import PaymentTracker

TEN = Money(amount=Decimal(10), currency="USD")
KINDS = ("payment-accepted", "payment-booked", "payment-rejected", "payment-returned")


def fact(kind: Any, payment: str = "P1", number: int = 1, **over: Any) -> BankFact:
    return BankFact(fact_id=f"{payment}:{kind}:{number}", kind=kind, payment_id=payment, **over)


def tracker(*payments: str) -> PaymentTracker:
    found = PaymentTracker()
    found.sent("F1", dict.fromkeys(payments or ("P1",), TEN))
    return found


def test_a_payment_is_accepted_booked_and_may_come_back() -> None:
    found = tracker()
    assert found.silent_files() == ("F1",)
    assert found.take([fact("payment-accepted")]).accepted == ("P1",)
    assert found.silent_files() == ()
    assert [each.payment_id for each in found.take([fact("payment-booked")]).booked] == ["P1"]
    assert found.unbooked() == ()
    assert [each.payment_id for each in found.take([fact("payment-returned")]).returned] == ["P1"]
    assert not found.take([fact("payment-returned", number=2)]).anything


def test_a_return_before_its_booking_counts_as_both() -> None:
    effects = tracker().take([fact("payment-returned")])
    assert (len(effects.booked), len(effects.returned)) == (1, 1)


def test_a_refused_file_refuses_what_is_not_booked_yet() -> None:
    found = tracker("P1", "P2")
    found.take([fact("payment-booked", "P1")])
    effects = found.take([BankFact(fact_id="f", kind="file-rejected", message_id="F1", reason="FF01")])
    assert [each.payment_id for each in effects.rejected] == ["P2"]


def test_a_second_copy_of_a_file_changes_nothing() -> None:
    found = tracker()
    assert not found.take([BankFact(fact_id="f", kind="file-duplicate", message_id="F1")]).anything
    assert found.states == {"P1": "delivered"}


@pytest.mark.parametrize("kind", KINDS)
def test_another_amount_than_was_sent_is_for_a_person(kind: str) -> None:
    found = tracker()
    effects = found.take([fact(kind, amount=Money(amount=Decimal(11), currency="USD"))])
    assert [each.payment_id for each in effects.differing] == ["P1"]
    assert found.states == {"P1": "delivered"}


def test_what_nobody_sent_is_unknown() -> None:
    assert [each.payment_id for each in tracker().take([fact("payment-booked", "P9")]).unknown] == ["P9"]


def test_a_booking_after_a_refusal_is_for_a_person() -> None:
    found = tracker()
    found.take([fact("payment-rejected")])
    assert len(found.take([fact("payment-booked")]).unknown) == 1


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(("P1", "P2")), st.integers(1, 3)), max_size=12))
def test_each_effect_happens_once_whatever_the_order(said: list[tuple[str, str, int]]) -> None:
    found = tracker("P1", "P2")
    counted: dict[tuple[str, str], int] = {}
    for kind, payment, number in said:
        effects = found.take([fact(kind, payment, number)])
        for name in ("rejected", "booked", "returned"):
            for each in getattr(effects, name):
                counted[name, each.payment_id] = counted.get((name, each.payment_id), 0) + 1
    assert all(count == 1 for count in counted.values())
    for payment in ("P1", "P2"):
        # Money that came back has left before, and what was refused never left.
        assert counted.get(("returned", payment), 0) <= counted.get(("booked", payment), 0)
        assert not (("rejected", payment) in counted and ("booked", payment) in counted)
