"""What the systems outside hold at the end, read from them and never from Corridor."""

from __future__ import annotations

import email.policy
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from email.parser import BytesHeaderParser
from pathlib import Path

from adapters.erp.reference.install import OrderSummary, connected, order_summaries
from cli.demo.bills.counting import Outside
from cli.demo.bills.files import amounts_of
from cli.demo.hires.judge import HireOutside
from cli.erp_of_stack import payable_books
from cli.hires_of_stack import hires_of
from cli.stack import StackAddresses
from cli.stack.mock_bank import MockBank

_RECEIVED = """
SELECT m.order_number, l.line, sum(CASE m.kind WHEN 'RECEIPT' THEN l.quantity ELSE -l.quantity END) AS quantity
FROM erp.goods_movement m JOIN erp.goods_movement_line l ON l.movement = m.number GROUP BY 1, 2
"""
_SUBJECTS: Mapping[str, re.Pattern[str]] = {
    "order": re.compile(r"^Purchase order (\S+) from "),
    "cancellation": re.compile(r"^Cancellation of purchase order (\S+) from "),
}


@dataclass(frozen=True)
class Mail:
    """Of one mail to a supplier, by kind and order: the Message-IDs under which it came, with how often each did."""

    kind: str
    order: str
    ids: Mapping[str, int]


@dataclass(frozen=True)
class Found:
    """`received` is what came in of each line of an order, less what went back; `in_files` says of each payment in the
    files that the bank took in which of them it stands, and with which amount; `mails` counts all in the folder."""

    orders: tuple[OrderSummary, ...]
    received: Mapping[str, Mapping[int, Decimal]]
    money: Outside
    in_files: Mapping[str, tuple[tuple[str, Decimal], ...]]
    to_suppliers: tuple[Mail, ...]
    mails: int
    people: HireOutside


async def read_outside(addresses: StackAddresses, today: date) -> Found:
    """Raises the errors of `domain.outside_errors`, StackError, httpx.HTTPError."""
    dsn = addresses.dsn("erp")
    async with connected(dsn) as connection:
        rows = await connection.fetch(_RECEIVED)
    received: defaultdict[str, dict[int, Decimal]] = defaultdict(dict)
    for row in rows:
        received[row["order_number"]][row["line"]] = row["quantity"]
    mails, to_suppliers = _mails(addresses.mail_folder)
    at_bank = tuple(dict(each) for each in await MockBank(addresses.bank_url).payments())
    return Found(
        orders=await order_summaries(dsn),
        received=received,
        money=await payable_books(addresses, at_bank),
        in_files=_payments(addresses.bank_outbox),
        to_suppliers=to_suppliers,
        mails=mails,
        people=await hires_of(addresses, today).books(),
    )


def booked_on(found: Found) -> list[date]:
    """The days, by the bank's clock, on which it booked."""
    return [date.fromisoformat(str(each["booked_at"])[:10]) for each in found.money.bank if each.get("booked_at")]


def _payments(outbox: Path) -> dict[str, tuple[tuple[str, Decimal], ...]]:
    """Files that the bank took stand in 'processed', those it refused in 'failed'."""
    found: defaultdict[str, list[tuple[str, Decimal]]] = defaultdict(list)
    for path in sorted(each for each in outbox.rglob("*") if each.is_file() and not each.name.startswith(".")):
        try:
            amounts = amounts_of(path.read_text(encoding="utf-8"))
        except (ValueError, UnicodeDecodeError):
            continue  # what the bank writes beside a file about what became of it
        for payment, amount in amounts.items():
            found[payment].append((str(path.relative_to(outbox)), amount))
    return {payment: tuple(places) for payment, places in found.items()}


def _mails(folder: Path) -> tuple[int, tuple[Mail, ...]]:
    parser = BytesHeaderParser(policy=email.policy.default)
    found: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    files = sorted(folder.glob("[!.]*.eml"))
    for path in files:
        with path.open("rb") as file:
            letter = parser.parse(file)
        subject = str(letter["Subject"] or "").strip()  # a long one begins on the line after its name
        for kind, pattern in _SUBJECTS.items():
            named = pattern.match(subject)
            if named:
                found[(kind, named[1])][str(letter["Message-ID"])] += 1
    return len(files), tuple(Mail(kind, order, dict(ids)) for (kind, order), ids in found.items())
