"""The bank of the embedded stack: its own clock, its accounts, and what it does with payments.

It is a counterpart for rehearsals and holds no money. Its clock is not this machine's: `advance` moves it, and what
falls due meanwhile (bookings, returns, statements) is in the pickup folder when the call returns.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import httpx

from cli.stack.errors import StackError
from domain.payment import DebtorAccount

ROUTING_NUMBER = "999999992"  # the bank's own, which no real bank can have
OPENING_BALANCE = Decimal("25000000.00")
Behaviour = Literal[
    "accept",
    "closed-account",
    "insufficient-funds",
    "bad-bank-id",
    "return-later",
    "reject-file",
    "duplicate-file",
    "silent",
    "statement-gap",
]
Format = Literal["iso20022", "nacha"]


class MockBank:
    """Calls to a running bank; each raises StackError when the bank is away or refuses."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def healthy(self) -> bool:
        """Whether it answers."""
        try:
            await self._call("GET", "health")
        except StackError:
            return False
        return True

    async def advance(self, days: int) -> date:
        """Move the bank's clock by calendar days; returns its new day."""
        return _day(await self._call("POST", "advance", params={"days": days}))

    async def advance_to(self, day: date) -> date:
        """Move the bank's clock to midnight of a day that is not past; returns its new day."""
        return _day(await self._call("POST", "advance", params={"to": day.isoformat()}))

    async def today(self) -> date:
        """The bank's present day."""
        return _day(await self._call("GET", "state"))

    async def set_behaviour(self, account: str, behaviour: Behaviour, **parameters: object) -> None:
        """What the bank does with payments from, or to, an account. For 'return-later': `days`, `reason` and
        `end_to_end_id`.
        """
        changes = {"behaviour": behaviour, "parameters": parameters}
        await self._call("PATCH", f"accounts/{account}", json=changes)

    async def set_closed(self, account: str, *, closed: bool) -> None:
        await self._call("PATCH", f"accounts/{account}", json={"closed": int(closed)})

    async def set_holidays(self, days: Iterable[date]) -> None:
        """The whole list of days on which the bank settles nothing."""
        await self._call("PUT", "holidays", json=sorted(day.isoformat() for day in days))

    async def accounts(self) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = await self._call("GET", "accounts")
        return found

    async def account_with(self, number: str) -> str:
        """The id of the account with a number, or with a company identification; empty when there is none."""
        found = [str(each["id"]) for each in await self.accounts() if each["account_number"] == number]
        return found[0] if found else ""

    async def payments(self) -> Sequence[Mapping[str, Any]]:
        """Every payment that the bank decided on, the newest first."""
        found: Sequence[Mapping[str, Any]] = await self._call("GET", "payments")
        return found

    async def messages(self) -> Sequence[Mapping[str, Any]]:
        """Every message that the bank released, the oldest first."""
        found: Sequence[Mapping[str, Any]] = await self._call("GET", "messages")
        return found

    async def queue(self) -> Sequence[Mapping[str, Any]]:
        """What the bank will send when its time comes, the soonest first."""
        found: Sequence[Mapping[str, Any]] = await self._call("GET", "queue")
        return found

    async def scan(self) -> Sequence[Mapping[str, Any]]:
        """Read the drop folder now; what became of each file."""
        found: Sequence[Mapping[str, Any]] = (await self._call("POST", "drop/scan"))["files"]
        return found

    async def reset(self) -> None:
        """Forget everything: the bank is as new, and its clock where it started."""
        await self._call("POST", "reset")

    async def open_account(
        self, account: str, name: str, number: str, form: Format, *, iban: str = "", bic: str = ""
    ) -> None:
        """An account in USD; one with that id or number keeps its balance and its behaviour."""
        if any(account == each["id"] or number == each["account_number"] for each in await self.accounts()):
            return
        fields: dict[str, object] = {
            "id": account,
            "name": name,
            "iban": iban or iban_of(number),
            "bic": bic,
            "currency": "USD",
            "balance": int(OPENING_BALANCE * 100),
            "format": form,
            "account_number": number,
        }
        await self._call("POST", "accounts", json=fields)

    async def _call(self, method: str, path: str, **options: Any) -> Any:
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
                answer = await client.request(method, f"{self._url}/_mock/{path}", **options)
        except httpx.TransportError as error:
            raise StackError(f"The bank at {self._url} does not answer: {error}") from error
        if answer.is_error:
            raise StackError(f"The bank refuses {method} {path}: {answer.text.strip()}")
        return answer.json()


async def open_debtor_accounts(bank: MockBank, debtors: Iterable[DebtorAccount]) -> None:
    """The accounts that money leaves from: '<facility>' answers in ISO 20022, '<facility>-ach' as ACH banks do.

    They are two because the bank writes for each account in one format, and because it knows the sender of a NACHA
    file by the company identification, where it knows that of a pain.001 by the account. Facilities with one company
    identification share the account of the first. Accounts in other currencies are left out. Raises StackError for an
    identification that is not all digits, which this bank cannot hold.
    """
    for debtor in debtors:
        if debtor.currency != "USD":
            continue
        account = debtor.account
        number = _digits(account.account_number) or _digits(account.iban)
        await bank.open_account(
            debtor.facility, debtor.name, number[-17:], "iso20022", iban=account.iban, bic=account.bic
        )
        company = debtor.company_id.strip()
        if company != _digits(company):
            raise StackError(
                f"The bank knows companies by digits: {company!r} of {debtor.facility} has other characters."
            )
        if company and company != number[-17:]:
            await bank.open_account(f"{debtor.facility}-ach", debtor.name, company, "nacha")


async def close_seeded_accounts(bank: MockBank) -> None:
    """mock-bank starts with accounts in euros that nobody here has; closed ones get no statements."""
    for each in await bank.accounts():
        if each["currency"] != "USD" and not each["closed"]:
            await bank.set_closed(str(each["id"]), closed=True)


def iban_of(number: str) -> str:
    """An IBAN with right check digits that belongs to nobody, for a domestic account number."""
    inner = f"MOCK{number:0>10}"
    digits = "".join(str(int(letter, 36)) for letter in f"{inner}US00")
    return f"US{98 - int(digits) % 97:02d}{inner}"


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


def _day(answer: Mapping[str, Any]) -> date:
    clock = answer.get("clock", answer)
    moment = clock.get("now") or clock.get("today") or clock["to"]
    return date.fromisoformat(str(moment)[:10])
