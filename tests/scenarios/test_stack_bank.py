"""The bank of the embedded stack: its accounts, its folders, its clock, and that they are there after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.bank_folder import connect
from adapters.bank_messages.reader import BankMessages
from adapters.payment_files.build import build_files
from adapters.reference_files import load
from cli.composition import REFERENCE_FILES
from cli.stack import EmbeddedStack, StackAddresses, StackError
from cli.stack.mock_bank import MockBank, iban_of, open_debtor_accounts
from domain.invoice import PayeeAccount
from domain.money import Money
from domain.payables import PaymentMethod
from domain.payment import DebtorAccount, Payment, PaymentItem, ReadBankMessage, payment_id
from tests.fixtures.bank_files import Transfer, a_pain001
from tests.fixtures.embedded_stack import processes_of, stack_settings

NORTH = DebtorAccount(
    facility="north",
    name="North Hospital",
    account=PayeeAccount(routing_number="999999992", account_number="1000000001"),
    company_id="2000000001",
    currency="USD",
)
LIMIT_SECONDS = 20


@asynccontextmanager
async def _running(folder: Path) -> AsyncIterator[tuple[StackAddresses, MockBank]]:
    async with EmbeddedStack(stack_settings(folder), parts=("bank",)) as stack:
        yield stack.addresses, MockBank(stack.addresses.bank_url)


async def _messages(addresses: StackAddresses) -> list[ReadBankMessage]:
    port = connect(addresses.bank_outbox, addresses.bank_inbox, settle_seconds=0)
    return [BankMessages([NORTH]).read(each) for each in await port.messages("", 100)]


async def test_a_file_put_into_the_outbox_is_paid_and_stays_paid_over_a_restart(tmp_path: Path) -> None:
    async with _running(tmp_path) as (addresses, bank):
        await open_debtor_accounts(bank, [NORTH])
        pay_on = await bank.today() + timedelta(days=1)
        file = a_pain001("RUN-1", "1000000001", [Transfer("PAAAAAAAAAAAAAA", "100.00")], pay_on)
        await connect(addresses.bank_outbox, addresses.bank_inbox).deliver(file)
        async with asyncio.timeout(LIMIT_SECONDS):
            while not await bank.payments():  # noqa: ASYNC110 - the bank looks into its folder by itself
                await asyncio.sleep(0.05)
        first = await _messages(addresses)
    async with _running(tmp_path) as (addresses, bank):
        await open_debtor_accounts(bank, [NORTH])
        assert await bank.advance_to(pay_on + timedelta(days=10)) == pay_on + timedelta(days=10)
        later = await _messages(addresses)
        accounts = {str(each["id"]): each["balance"] for each in await bank.accounts()}

    assert {fact.kind for each in first for fact in each.facts} == {"file-accepted", "payment-accepted"}
    assert later[: len(first)] == first
    facts = {fact.fact_id for each in later for fact in each.facts if fact.kind == "payment-booked"}
    assert len(facts) == 1
    balances = [each for message in later for each in message.balances]
    assert balances and all(each.reconciled and each.opening.currency == "USD" for each in balances)
    assert accounts["north"] == 2_500_000_000 - 10_000 and accounts["north-ach"] == 2_500_000_000
    assert processes_of(tmp_path) == []


async def test_what_the_bank_refuses_is_said(tmp_path: Path) -> None:
    async with _running(tmp_path) as (_, bank):
        assert await bank.healthy()
        assert all(each["closed"] or each["currency"] == "USD" for each in await bank.accounts())
        with pytest.raises(StackError, match="The bank refuses PATCH accounts/nobody"):
            await bank.set_behaviour("nobody", "silent")
    assert not await bank.healthy()
    with pytest.raises(StackError, match="does not answer"):
        await bank.messages()


def test_an_account_that_has_no_iban_gets_one_that_banks_can_check() -> None:
    assert iban_of("1000000001") == "US09MOCK1000000001"
    rearranged = iban_of("42")[4:] + iban_of("42")[:4]
    assert int("".join(str(int(letter, 36)) for letter in rearranged)) % 97 == 1


async def test_the_bank_takes_the_files_of_every_account_of_the_reference_system(tmp_path: Path) -> None:
    today = date(2026, 11, 20)
    debtors = load(REFERENCE_FILES, today).debtor_accounts
    async with _running(tmp_path) as (addresses, bank):
        await open_debtor_accounts(bank, debtors)
        now = datetime.combine(await bank.today(), time(8), UTC)
        port = connect(addresses.bank_outbox, addresses.bank_inbox)
        files = [
            file
            for debtor in debtors
            for file in build_files(f"{debtor.facility}-1", _payments(debtor, now.date()), debtor, now)
        ]
        for file in files:
            await port.deliver(file)
        async with asyncio.timeout(LIMIT_SECONDS):
            while len(await bank.payments()) < 2 * len(debtors):  # noqa: ASYNC110 - it looks into its folder by itself
                await asyncio.sleep(0.05)
        facts = [fact for message in await _messages(addresses) for fact in message.facts]

    assert len(files) == 2 * len(debtors) >= 16
    assert {fact.message_id for fact in facts if fact.kind == "file-accepted"} == {file.message_id for file in files}
    assert {fact.payment_id for fact in facts if fact.kind == "payment-accepted"} == {
        payment for file in files for payment in file.payments
    }
    assert not [fact for fact in facts if fact.kind in ("payment-rejected", "file-rejected")]


def _payments(debtor: DebtorAccount, day: date) -> list[Payment]:
    """One payment of each kind."""
    usd = Money(amount=Decimal("10.00"), currency="USD")
    item = PaymentItem(
        case_id="c", external_id="x", number="A-1", kind="invoice", amount=usd, discount=usd - usd, due_on=day
    )
    methods: tuple[PaymentMethod, ...] = ("ach", "credit-transfer")
    return [
        Payment(
            payment_id=payment_id(debtor.facility, method, 1),
            run_id=f"{debtor.facility}-1",
            facility=debtor.facility,
            supplier="ACME",
            supplier_name="Acme",
            method=method,
            account=PayeeAccount(routing_number="021000021", account_number="123456"),
            amount=usd,
            pay_on=day,
            items=(item,),
        )
        for method in methods
    ]
