"""The bank and the supplier answers that process tests run on."""

from datetime import UTC, date, datetime

import pytest

from adapters.memory.bank import MemoryBank
from adapters.memory.json_bank_messages import JsonBankMessages
from domain.money import Money
from domain.outside_errors import RefusedError, TemporarilyUnavailableError
from domain.payment import BankFact, BankMessage, PaymentFile

_AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


def _file(content: str = "content", message_id: str = "RUN1") -> PaymentFile:
    total = Money.model_validate({"amount": "10.00", "currency": "USD"})
    return PaymentFile(
        message_id=message_id,
        format="nacha",
        name=f"{message_id}.ach",
        content=content,
        sha256=content * 2,
        payments=("P1",),
        total=total,
    )


def _booked(payment: str) -> BankFact:
    return BankFact(fact_id=f"{payment}:booked", kind="payment-booked", payment_id=payment, on=date(2026, 11, 20))


async def test_the_same_file_again_is_the_same_delivery_and_another_one_is_refused() -> None:
    bank = MemoryBank(lambda: _AT)

    first, again = await bank.deliver(_file()), await bank.deliver(_file())
    with pytest.raises(RefusedError) as refused:
        await bank.deliver(_file("other"))

    assert first == again and first.delivered_at == _AT
    assert refused.value.code == "duplicate-file"
    assert [each.content for each in bank.files] == ["content"]


async def test_messages_come_in_order_after_the_cursor_and_stay_where_they_are() -> None:
    bank = MemoryBank()
    first, second = bank.say(_booked("P1")), bank.say(_booked("P2"))
    third = bank.repeat(first)

    assert await bank.messages("", 2) == (first, second)
    assert await bank.messages(second.key, 9) == (third,)
    assert await bank.messages("", 9) == (first, second, third)


async def test_a_message_is_read_as_what_was_said() -> None:
    bank = MemoryBank()
    read = JsonBankMessages().read(bank.say(_booked("P1")))
    unreadable = JsonBankMessages().read(BankMessage(key="7", name="x.txt", content="no json"))

    assert read.facts == (_booked("P1"),) and read.key == bank.mailbox[0].key and not read.fault
    assert unreadable.fault and not unreadable.facts


async def test_a_bank_that_is_away_takes_nothing() -> None:
    bank = MemoryBank()
    bank.fail_next = [TemporarilyUnavailableError("bank", "down", "away")]

    with pytest.raises(TemporarilyUnavailableError):
        await bank.deliver(_file())

    assert bank.files == ()
