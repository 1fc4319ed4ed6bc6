"""Accounts that a document offers to pay to."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml import etree

from adapters.invoice_documents.terms import Terms
from adapters.invoice_documents.words import is_iban, is_routing_number
from domain.invoice import PayeeAccount

_LONGEST = {"iban": 42, "account_number": 34, "bic": 11, "routing_number": 9}


def account_of(
    terms: Terms, element: etree._Element | None, number: str, bank: str, name: str, iban: bool | None = None
) -> PayeeAccount:
    """`bank` is a BIC or an ABA routing number; whether `number` is an IBAN shows in its form where it is not said."""
    plain_bank = re.sub(r"\s", "", bank.upper())
    fields = {
        "iban" if iban or (iban is None and is_iban(number)) else "account_number": number,
        "routing_number" if is_routing_number(plain_bank) else "bic": plain_bank,
    }
    for field, value in fields.items():
        if len(value) > _LONGEST[field]:
            # The value itself stays out of the message: bank numbers are shown masked or not at all.
            terms.note("account", f"the {field.replace('_', ' ')} has {len(value)} characters and is not kept", element)
            fields[field] = ""
    return PayeeAccount(name=name, **fields)


def each_once(accounts: Iterable[PayeeAccount]) -> list[PayeeAccount]:
    """The first of each identity: the same account is often repeated for several means of payment."""
    known: dict[str, PayeeAccount] = {}
    for account in accounts:
        if account.identity:
            known.setdefault(account.identity, account)
    return list(known.values())
