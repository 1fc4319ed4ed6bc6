"""Which of our accounts a statement is about, whatever the bank calls it."""

from __future__ import annotations

from collections.abc import Iterable

from domain.invoice import PayeeAccount
from domain.payment import DebtorAccount

_SHORTEST_NUMBER = 6


class KnownAccounts:
    """Statements name an account by its IBAN, by its number, or by the company identification of ACH."""

    def __init__(self, debtors: Iterable[DebtorAccount] = ()) -> None:
        self._debtors = tuple(debtors)

    def fingerprint(self, said: str, routing: str = "") -> str:
        """That of the debtor account which `said` names; of `said` itself when it is none that we know."""
        name = "".join(letter for letter in said.upper() if letter.isalnum())
        for debtor in self._debtors:
            if name in _names(debtor):
                return debtor.account.fingerprint
        # An IBAN ends in the domestic account number.
        ending = {
            debtor.account.fingerprint
            for debtor in self._debtors
            for own in _names(debtor)
            if len(own) >= _SHORTEST_NUMBER and name[:2].isalpha() and name.endswith(own)
        }
        if len(ending) == 1:
            return ending.pop()
        if name[:2].isalpha():
            return PayeeAccount(iban=name[:42]).fingerprint
        return PayeeAccount(routing_number=routing[:9], account_number=name[:34]).fingerprint


def _names(debtor: DebtorAccount) -> set[str]:
    account = debtor.account
    written = (account.iban, account.account_number, debtor.company_id)
    return {"".join(letter for letter in each.upper() if letter.isalnum()) for each in written} - {""}
