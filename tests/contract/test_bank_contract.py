"""What every bank behind the port does: take a file once, and keep its messages in order."""

from __future__ import annotations

import asyncio
from typing import Protocol

import pytest

from adapters.memory.bank import MemoryBank
from domain.outside_errors import RefusedError
from domain.payment import PaymentFile
from domain.ports.bank import BankPort
from tests.fixtures.bank_files import Transfer, a_pain001
from tests.fixtures.mock_bank import BankHouse


class BankUnderTest(Protocol):
    @property
    def port(self) -> BankPort: ...

    async def taken(self) -> list[str]:
        """The message ids of the files that the bank has, in order."""

    async def send_three(self) -> None:
        """Let the bank send three messages, one after the other."""


class _Memory:
    def __init__(self) -> None:
        self.port: MemoryBank = MemoryBank()

    async def taken(self) -> list[str]:
        return [file.message_id for file in self.port.files]

    async def send_three(self) -> None:
        for number in range(3):
            self.port.put(f"message-{number}", "content")


class _Folder:
    def __init__(self, house: BankHouse) -> None:
        self.port, self._house = house.port, house

    async def taken(self) -> list[str]:
        await self._house.client.scan()
        return list(dict.fromkeys(str(each["msg_id"]) for each in reversed(await self._house.client.payments())))

    async def send_three(self) -> None:
        for number in range(3):
            (self._house.folder / "inbox" / f"m-{number}.xml").write_text("<m/>")
            await self.port.messages("", 100)  # seen one after the other, as polling does


@pytest.fixture(params=["memory", "folder and mock-bank"])
def bank(request: pytest.FixtureRequest) -> BankUnderTest:
    return _Memory() if request.param == "memory" else _Folder(request.getfixturevalue("bank_house"))


def _file(bank: BankUnderTest, message_id: str = "RUN-1", amount: str = "10.00") -> PaymentFile:
    debtor = bank._house.debtor.account.account_number if isinstance(bank, _Folder) else "1000000001"
    return a_pain001(message_id, debtor, [Transfer(f"P-{message_id}", amount)])


async def test_a_file_is_taken_once_however_often_it_is_delivered(bank: BankUnderTest) -> None:
    first = await bank.port.deliver(_file(bank))
    assert await bank.taken() == ["RUN-1"]
    again = await bank.port.deliver(_file(bank))

    assert again == first and first.message_id == "RUN-1"
    assert await bank.taken() == ["RUN-1"]


async def test_two_deliveries_at_once_are_one(bank: BankUnderTest) -> None:
    deliveries = await asyncio.gather(*(bank.port.deliver(_file(bank)) for _ in range(10)))

    assert len({each.model_dump_json() for each in deliveries}) == 1
    assert await bank.taken() == ["RUN-1"]


async def test_another_file_under_a_known_message_id_is_refused(bank: BankUnderTest) -> None:
    await bank.port.deliver(_file(bank))

    with pytest.raises(RefusedError) as refused:
        await bank.port.deliver(_file(bank, amount="11.00"))

    assert refused.value.code == "duplicate-file"
    assert await bank.taken() == ["RUN-1"]


async def test_messages_come_after_the_cursor_oldest_first_and_stay(bank: BankUnderTest) -> None:
    await bank.send_three()

    everything = await bank.port.messages("", 100)
    keys = [each.key for each in everything]

    assert len(keys) == 3 and keys == sorted(set(keys))
    assert await bank.port.messages(keys[0], 1) == everything[1:2]
    assert await bank.port.messages(keys[2], 100) == ()
    assert await bank.port.messages("", 100) == everything


async def test_a_bank_that_works_says_so(bank: BankUnderTest) -> None:
    await bank.port.health()
