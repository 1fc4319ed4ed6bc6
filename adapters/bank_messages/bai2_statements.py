"""BAI2 statements: balances in summary codes 010 and 015, bookings in detail records."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from bai2 import bai2  # type: ignore[import-untyped]  # the package carries no types

from adapters.bank_messages.accounts import KnownAccounts
from adapters.bank_messages.errors import UnreadableError
from adapters.bank_messages.facts import Facts
from adapters.bank_messages.reasons import plain
from domain.money import Money, minor_units
from domain.payment import StatementBalance

_OPENING_LEDGER, _CLOSING_LEDGER = "010", "015"
_CREDITS, _DEBITS = range(100, 400), range(400, 700)
# Codes of credits that are payments of ours coming back: 257 individual ACH return item, 252 debit reversal,
# 255 check posted and returned, 256 total ACH return items, 258 ACH reversal credit.
_COMING_BACK = frozenset({"252", "255", "256", "257", "258"})
_OWN_REFERENCE = re.compile(r"\bP[A-Z2-7]{14}\b")
# A NACHA file as banks call it (company, creation time, modifier), or the message id of a pain.001 of ours.
_OWN_FILE = re.compile(r"[A-Z0-9]{10}-\d{10}[A-Z0-9]|CP[A-Z2-7]{24}")
_LONGEST_ROUTING = 9


def statement_id(content: str) -> str:
    """Sender, day and number of the file, which BAI2 identifies it by."""
    fields = content.lstrip().split("\n", 1)[0].rstrip("/\r ").split(",")
    return plain("-".join((*fields[1:2], *fields[3:4], *fields[5:6])))


def read_bai2(content: str, accounts: KnownAccounts, facts: Facts) -> tuple[StatementBalance, ...]:
    """Raises UnreadableError for what does not agree with its own counts and control totals."""
    try:
        groups = bai2.parse_from_string(content).children
    except Exception as error:  # the parser lets through whatever a malformed field makes Python raise
        raise UnreadableError(f"it is no whole BAI2 file: {error or type(error).__name__}") from None
    return tuple(
        balance
        for group in groups
        for number, account in enumerate(group.children, 1)
        for balance in _read_account(group.header, account, number, accounts, facts)
    )


def _read_account(
    group: Any, account: Any, number: int, accounts: KnownAccounts, facts: Facts
) -> Iterable[StatementBalance]:
    currency = account.header.currency or group.currency or "USD"
    entries = Money.zero(currency)
    for position, detail in enumerate(account.children, 1):
        if detail.type_code is None or detail.amount is None:
            raise UnreadableError(f"booking {position} of account {number} has no type code or no amount")
        code = str(detail.type_code.code)
        amount = _money(detail.amount, currency)
        if not code.isdigit() or int(code) not in (*_CREDITS, *_DEBITS):
            continue
        credit = int(code) in _CREDITS
        entries = entries + (amount if credit else -amount)
        _add(detail, code, group.as_of_date, amount, f"{number}.{position}", facts, credit=credit)
    summary = {str(each.type_code.code): each.amount for each in account.header.summary_items if each.type_code}
    opening, closing = summary.get(_OPENING_LEDGER), summary.get(_CLOSING_LEDGER)
    if opening is None or closing is None:
        return
    routing = group.originator_id or ""
    yield StatementBalance(
        account_fingerprint=accounts.fingerprint(
            str(account.header.customer_account_number),
            routing if routing.isdigit() and len(routing) == _LONGEST_ROUTING else "",
        ),
        statement_id=f"{facts.source.removeprefix('bai2 ')}-{number}",
        on=group.as_of_date,
        opening=_money(opening, currency),
        closing=_money(closing, currency),
        entries_total=entries,
        reconciled=_money(opening, currency) + entries == _money(closing, currency),
    )


def _add(detail: Any, code: str, on: Any, amount: Money, reference: str, facts: Facts, *, credit: bool) -> None:
    words = [detail.bank_reference or "", detail.customer_reference or "", detail.text or ""]
    if credit and code not in _COMING_BACK:
        return
    facts.add(
        "payment-returned" if credit else "payment-booked",
        payment=_own_reference(words),
        file=words[1] if _OWN_FILE.fullmatch(words[1]) else "",
        reference=reference,
        amount=amount,
        on=on,
        text=plain(words[2]),
    )


def _own_reference(words: Iterable[str]) -> str:
    """Banks put the end-to-end id into any of these fields; it is known by its form, `domain.payment.payment_id`."""
    for each in words:
        found = _OWN_REFERENCE.search(each)
        if found:
            return found.group()
    return ""


def _money(cents: int, currency: str) -> Money:
    return Money(amount=Decimal(cents).scaleb(-minor_units(currency)), currency=currency)
