"""What every payment ledger does with what a bank says: each message once, each fact once, whatever comes twice."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest

from domain.payment import BankFact, StatementBalance
from domain.ports.invoice_register import PaymentLedger
from tests.fixtures.payable_stores import ACCOUNT, PayableStores, usd


@pytest.fixture
def ledger(payable_stores: PayableStores) -> PaymentLedger:
    return payable_stores.ledger


def a_fact(fact_id: str, **changes: Any) -> BankFact:
    given = {
        "fact_id": fact_id,
        "kind": "payment-booked",
        "message_id": "M1",
        "payment_id": "P1",
        "amount": usd("100.10"),
        "on": date(2026, 3, 20),
        "reason": "AC04",
        "text": "Closed\x00account",
        "source": "camt.054 N-1",
    }
    return BankFact.model_validate(given | changes)


def a_balance(statement_id: str, day: int) -> StatementBalance:
    return StatementBalance(
        account_fingerprint=ACCOUNT.fingerprint,
        statement_id=statement_id,
        on=date(2026, 3, day),
        opening=usd("10.005"),
        closing=usd("0.005"),
        entries_total=usd(-10),
        reconciled=True,
    )


BARE = BankFact(fact_id="F9", kind="file-accepted")


async def test_the_cursor_follows_what_was_taken_in(ledger: PaymentLedger) -> None:
    assert await ledger.cursor("bank") == ""
    await ledger.take_in("bank", "0001", "a.xml", "<a>", [], [])
    await ledger.take_in("bank", "0002", "b.xml", "<b>\x00\ud800", [], [])
    assert await ledger.cursor("bank") == "0002"
    assert await ledger.cursor("other") == ""


async def test_what_is_not_read_to_its_end_leaves_the_cursor_until_it_is(ledger: PaymentLedger) -> None:
    one = a_fact("F1")
    await ledger.take_in("bank", "0001", "a", "<a>", [], [])
    assert await ledger.take_in("bank", "0002", "b", "<b>", [one], [], read=False) == (one,)
    assert await ledger.cursor("bank") == "0001"
    assert await ledger.take_in("bank", "0002", "b", "<b>", [one], [], read=False) == (one,), "it is news again"
    await ledger.read_up_to("bank", "0002")
    assert await ledger.cursor("bank") == "0002"


async def test_facts_are_returned_that_no_earlier_message_stated(ledger: PaymentLedger) -> None:
    one, two = a_fact("F1"), a_fact("F2")
    assert await ledger.take_in("bank", "0001", "a", "<a>", [one, two, one], []) == (one, two)
    assert await ledger.take_in("bank", "0002", "b", "<b>", [two, BARE], []) == (BARE,)
    assert await ledger.take_in("bank", "0003", "c", "<c>", [one], []) == ()


async def test_a_repeated_message_says_the_same_again_and_moves_nothing_back(ledger: PaymentLedger) -> None:
    one, two = a_fact("F1"), a_fact("F2")
    await ledger.take_in("bank", "0001", "a", "<a>", [one], [])
    await ledger.take_in("bank", "0002", "b", "<b>", [one, two], [])
    assert await ledger.take_in("bank", "0001", "a", "<a>", [one], []) == (one,)
    assert await ledger.take_in("bank", "0002", "b", "<b>", [one, two], []) == (two,)
    assert await ledger.cursor("bank") == "0002"


async def test_two_banks_may_name_their_messages_alike(ledger: PaymentLedger) -> None:
    await ledger.take_in("bank", "0001", "a", "<a>", [a_fact("F1")], [])
    assert await ledger.take_in("other", "0001", "a", "<a>", [a_fact("F2")], []) == (a_fact("F2"),)


async def test_two_collectors_at_once_state_each_fact_once(ledger: PaymentLedger) -> None:
    facts = [a_fact(f"F{number}") for number in range(20)]
    answers = await asyncio.gather(
        *(
            ledger.take_in(bank, "0001", "a", "<a>", facts[start:] + facts[:start], [])
            for bank, start in (("bank", 0), ("other", 10))
        )
    )
    assert sorted(fact.fact_id for answer in answers for fact in answer) == sorted(fact.fact_id for fact in facts)


async def test_balances_of_statements_are_kept_once_the_latest_first(ledger: PaymentLedger) -> None:
    first, second = a_balance("S1", 2), a_balance("S2", 3)
    for key in ("0001", "0001", "0002"):
        await ledger.take_in("bank", key, "a", "<a>", [], [second, first])
    assert await ledger.balances(ACCOUNT.fingerprint, 10) == (second, first)
    assert await ledger.balances(ACCOUNT.fingerprint, 1) == (second,)
    assert await ledger.balances("0" * 16, 10) == ()
