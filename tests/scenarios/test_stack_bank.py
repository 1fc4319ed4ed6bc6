"""The bank of the embedded stack: its accounts, its folders, its clock, and that they are there after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.bank_folder import connect
from adapters.bank_messages.reader import BankMessages
from cli.stack import EmbeddedStack, StackAddresses, StackError
from cli.stack.mock_bank import MockBank, iban_of, open_debtor_accounts
from domain.invoice import PayeeAccount
from domain.payment import DebtorAccount, ReadBankMessage
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
