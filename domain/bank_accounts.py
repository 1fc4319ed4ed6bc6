"""Whether an account can be paid to at all, by the check digits that its number carries."""

from __future__ import annotations

import re

from domain.invoice import PayeeAccount
from domain.payables import PaymentMethod

MAX_ACH_ACCOUNT = 17
"""Characters of the DFI account number in a NACHA entry (Operating Rules, Appendix Three)."""
MAX_OTHER_ACCOUNT = 34
"""Characters of an account identification in ISO 20022 (Max34Text)."""

_ABA_WEIGHTS = (3, 7, 1) * 3
_NACHA_ACCOUNT = re.compile(r"[A-Za-z0-9-]+( [A-Za-z0-9-]+)*")
_ISO_ACCOUNT = re.compile(r"[A-Za-z0-9-]+([ /.][A-Za-z0-9-]+)*")


def is_routing_number(text: str) -> bool:
    """Nine digits, of which the last checks the others (ABA routing number policy, weights 3-7-1)."""
    if not re.fullmatch(r"[0-9]{9}", text):
        return False
    return sum(int(digit) * weight for digit, weight in zip(text, _ABA_WEIGHTS, strict=True)) % 10 == 0


def is_iban(text: str) -> bool:
    """ISO 13616 with its check digits (ISO 7064 MOD 97-10); spaces are let pass."""
    plain = text.replace(" ", "").upper()
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", plain):
        return False
    return int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 == 1


def reaches(account: PayeeAccount, method: PaymentMethod, currency: str) -> bool:
    """Whether the method can carry money of this currency to the account.

    ACH moves dollars between accounts with an ABA routing number; a credit transfer takes an IBAN as well.
    """
    routing, number = account.routing_number.strip(), account.account_number.strip()
    if method == "ach":
        fits = len(number) <= MAX_ACH_ACCOUNT and bool(_NACHA_ACCOUNT.fullmatch(number))
        return currency == "USD" and is_routing_number(routing) and fits
    if account.iban:
        return is_iban(account.iban)
    fits = len(number) <= MAX_OTHER_ACCOUNT and bool(_ISO_ACCOUNT.fullmatch(number))
    return is_routing_number(routing) and fits
