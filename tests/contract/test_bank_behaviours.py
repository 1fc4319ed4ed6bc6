"""All that mock-bank does with payments, through folders, as the facts that are read from it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.money import Money
from domain.payment import PaymentFile
from tests.fixtures.bank_files import BANK_ROUTING, PAY_ON, Transfer, a_nacha_file, a_pain001
from tests.fixtures.mock_bank import CLOSED_SUPPLIER, BankHouse

GOOD = Transfer("PAAAAAAAAAAAAAA", "100.00")
OTHER = Transfer("PBBBBBBBBBBBBBB", "75.25")
TO_CLOSED = Transfer("PCCCCCCCCCCCCCC", "250.50", CLOSED_SUPPLIER, BANK_ROUTING, "Closed Supplier")
FORMATS = pytest.mark.parametrize("form", ["pain.001", "nacha"])


def _usd(amount: str) -> Money:
    return Money.model_validate({"amount": amount, "currency": "USD"})


def _file(house: BankHouse, form: str, *transfers: Transfer) -> PaymentFile:
    if form == "nacha":
        return a_nacha_file(house.debtor.company_id, transfers)
    return a_pain001("RUN-1", house.debtor.account.account_number, transfers)


def _account(house: BankHouse, form: str) -> str:
    return f"{house.account}-ach" if form == "nacha" else house.account


async def _until_settled(house: BankHouse, days: int = 1) -> None:
    """To the end of the settlement day and so many days on; each day's statement is out."""
    await house.client.advance_to(max(PAY_ON, await house.client.today()))
    await house.client.advance_to(PAY_ON + timedelta(days=days))


@FORMATS
async def test_accepted_payments_are_booked_once_although_two_messages_tell_it(
    bank_house: BankHouse, form: str
) -> None:
    file = _file(bank_house, form, GOOD, OTHER)
    await bank_house.take(file)

    accepted = await bank_house.facts("file-accepted", "payment-accepted")
    await _until_settled(bank_house)
    booked = await bank_house.facts("payment-booked")
    balances = [each for message in await bank_house.read() for each in message.balances]

    assert [(each.kind, each.message_id, each.payment_id) for each in accepted.values()] == [
        ("file-accepted", file.message_id, ""),
        ("payment-accepted", file.message_id, GOOD.payment_id),
        ("payment-accepted", file.message_id, OTHER.payment_id),
    ]
    assert {(each.payment_id, each.amount, each.on, each.message_id) for each in booked.values()} == {
        (GOOD.payment_id, _usd("100.00"), PAY_ON, file.message_id),
        (OTHER.payment_id, _usd("75.25"), PAY_ON, file.message_id),
    }
    assert len(booked) == 2
    moved = [each for each in balances if each.entries_total]
    assert [(each.entries_total, each.on, each.reconciled) for each in moved] == [(_usd("-175.25"), PAY_ON, True)]
    assert moved[0].account_fingerprint == bank_house.debtor.account.fingerprint


@FORMATS
async def test_a_payment_to_a_closed_account_is_rejected_in_words_that_name_no_account(
    bank_house: BankHouse, form: str
) -> None:
    await bank_house.take(_file(bank_house, form, GOOD, TO_CLOSED))

    rejected = list((await bank_house.facts("payment-rejected")).values())
    (accepted,) = (await bank_house.facts("file-accepted")).values()

    assert [(each.payment_id, each.reason) for each in rejected] == [
        (TO_CLOSED.payment_id, "R02" if form == "nacha" else "AC04")
    ]
    assert "the account is closed" in rejected[0].text
    assert CLOSED_SUPPLIER not in rejected[0].text
    assert "in part" in accepted.text


@FORMATS
async def test_a_payment_that_comes_back_days_later_is_one_return_with_its_reason(
    bank_house: BankHouse, form: str
) -> None:
    reason = "R03" if form == "nacha" else "AC04"
    await bank_house.client.set_behaviour(
        _account(bank_house, form), "return-later", days=3, reason=reason, end_to_end_id=OTHER.payment_id
    )
    await bank_house.take(_file(bank_house, form, GOOD, OTHER))
    await _until_settled(bank_house)
    assert not await bank_house.facts("payment-returned")

    await _until_settled(bank_house, days=4)
    returned = await bank_house.facts("payment-returned")
    messages = [each for each in await bank_house.read() if any(f.kind == "payment-returned" for f in each.facts)]
    balances = [each for message in await bank_house.read() for each in message.balances]

    assert list(returned) == [f"{OTHER.payment_id}:2026-11-26:returned"]
    (fact,) = returned.values()
    assert (fact.amount, fact.payment_id) == (_usd("75.25"), OTHER.payment_id)
    assert len(messages) == 3  # notification, return message, and statement
    assert {f.reason for each in messages for f in each.facts} >= {reason}
    assert all(each.reconciled for each in balances)
    assert sum((each.entries_total.amount for each in balances), _usd("0").amount) == _usd("-100.00").amount


@FORMATS
async def test_a_file_that_comes_twice_is_a_duplicate_and_rejects_nothing(bank_house: BankHouse, form: str) -> None:
    file = _file(bank_house, form, GOOD)
    await bank_house.take(file)
    # Somebody puts the file into the folder by hand: our own adapter would not deliver it again.
    (bank_house.folder / "outbox" / "again.txt").write_text(file.content)
    await bank_house.client.scan()

    facts = list((await bank_house.facts()).values())

    assert [each.kind for each in facts] == ["file-accepted", "payment-accepted", "file-duplicate"]
    assert (facts[2].message_id, facts[2].reason) == (file.message_id, "DUPL")
    await _until_settled(bank_house)
    assert len(await bank_house.facts("payment-booked")) == 1


@FORMATS
async def test_a_silent_bank_sends_no_status_and_books_all_the_same(bank_house: BankHouse, form: str) -> None:
    await bank_house.client.set_behaviour(_account(bank_house, form), "silent")
    await bank_house.take(_file(bank_house, form, GOOD))

    assert not await bank_house.facts()
    await _until_settled(bank_house)
    assert [each.payment_id for each in (await bank_house.facts()).values()] == [GOOD.payment_id]


@FORMATS
async def test_a_file_that_is_rejected_as_a_whole_names_its_reason(bank_house: BankHouse, form: str) -> None:
    await bank_house.client.set_behaviour(_account(bank_house, form), "reject-file")
    file = _file(bank_house, form, GOOD)
    await bank_house.take(file)

    (fact,) = (await bank_house.facts()).values()

    assert (fact.kind, fact.message_id, fact.reason) == ("file-rejected", file.message_id, "FF01")
    assert fact.text.startswith("the file format is wrong or incomplete")


@FORMATS
async def test_a_statement_with_a_gap_does_not_reconcile_by_the_missing_payment(
    bank_house: BankHouse, form: str
) -> None:
    await bank_house.client.set_behaviour(_account(bank_house, form), "statement-gap")
    await bank_house.take(_file(bank_house, form, GOOD, OTHER))
    await _until_settled(bank_house)

    balances = [each for message in await bank_house.read() for each in message.balances]
    (gap,) = [each for each in balances if not each.reconciled]

    assert gap.on == PAY_ON
    assert abs((gap.closing - gap.opening - gap.entries_total).amount) in (_usd("100.00").amount, _usd("75.25").amount)
    assert len(await bank_house.facts("payment-booked")) == 2  # the notification told both


@FORMATS
async def test_insufficient_funds_reject_the_payment_that_is_too_much(bank_house: BankHouse, form: str) -> None:
    await bank_house.client.set_behaviour(_account(bank_house, form), "insufficient-funds")
    too_much = Transfer("PDDDDDDDDDDDDDD", "30000000.00")
    await bank_house.take(_file(bank_house, form, too_much, GOOD))

    (rejected,) = (await bank_house.facts("payment-rejected")).values()

    assert (rejected.payment_id, rejected.reason) == (
        too_much.payment_id,
        "R01" if form == "nacha" else "AM04",
    )


async def test_what_arrives_out_of_order_or_twice_says_the_same(bank_house: BankHouse) -> None:
    await bank_house.client.set_behaviour(bank_house.account, "return-later", days=1)
    await bank_house.take(_file(bank_house, "pain.001", GOOD, TO_CLOSED))
    await _until_settled(bank_house, days=3)
    messages = await bank_house.port.messages("", 100)

    forward = {f.fact_id for each in messages for f in bank_house.reader.read(each).facts}
    backward = {f.fact_id for each in reversed(messages) for f in bank_house.reader.read(each).facts}
    for each in messages:
        copy = bank_house.folder / "inbox" / f"again-{each.name}"
        copy.write_text(each.content)
    doubled = await bank_house.port.messages("", 1000)

    assert len(doubled) == 2 * len(messages)
    assert forward == backward == {f.fact_id for each in doubled for f in bank_house.reader.read(each).facts}


async def test_a_file_of_a_payer_that_the_bank_does_not_know_is_rejected(bank_house: BankHouse) -> None:
    await bank_house.take(a_pain001("RUN-1", "5555555555", [GOOD]))

    facts = await bank_house.facts("payment-rejected", "file-rejected")

    assert "AC02" in {each.reason for each in facts.values()}


@FORMATS
async def test_payments_that_nobody_here_knows_are_facts_all_the_same(bank_house: BankHouse, form: str) -> None:
    """Somebody pays from our account past Corridor, once under an id of theirs and once under none."""
    foreign, nameless = Transfer("TREASURY-1", "40.00"), Transfer("NOTPROVIDED" if form == "pain.001" else "", "2.00")
    file = _file(bank_house, form, foreign, nameless)
    (bank_house.folder / "outbox" / "by-hand").write_text(file.content)
    await bank_house.client.scan()
    await _until_settled(bank_house)

    booked = await bank_house.facts("payment-booked")

    assert {(each.payment_id, each.amount) for each in booked.values()} >= {
        ("TREASURY-1", _usd("40.00")),
        ("", _usd("2.00")),
    }
    assert all(each.reconciled for message in await bank_house.read() for each in message.balances)


async def test_a_holiday_moves_the_booking_to_the_next_business_day(bank_house: BankHouse) -> None:
    await bank_house.client.set_holidays([PAY_ON])
    await bank_house.take(_file(bank_house, "pain.001", GOOD))
    await _until_settled(bank_house, days=2)
    await bank_house.client.set_holidays([])

    (booked,) = (await bank_house.facts("payment-booked")).values()

    assert booked.on == PAY_ON + timedelta(days=1)
