"""Where the controls write down what they found: at most one finding per code, in the order in which they looked."""

from __future__ import annotations

from collections.abc import Collection

from domain.exceptions import CATALOGUE, Finding
from domain.invoice import Invoice
from domain.policy.model import AcceptanceRule, FrozenPolicy
from domain.policy.tables import accepted_by_rule

_LETS_PASS = frozenset({"accept", "verify", "not-duplicate", "confirm"})
_NEVER_BY_WORD = frozenset({"bank-account-changed"})
"""Passes by a recorded confirmation of two persons alone."""
_NEVER_BY_RULE = frozenset({"capture-uncertain"})
"""A rule is judged by the amount, which is uncertain itself."""


def may_pass(code: str) -> bool:
    """Whether people may let a finding of this code pass by their word."""
    return code not in _NEVER_BY_WORD and not _LETS_PASS.isdisjoint(CATALOGUE[code].actions)


class ControlLog:
    """The findings and notes of one round. What people `accepted`, and what a rule of the policy accepts, becomes a
    note.
    """

    def __init__(self, invoice: Invoice, policy: FrozenPolicy, accepted: Collection[str] = ()) -> None:
        self._invoice, self._policy = invoice, policy
        self._accepted = frozenset(code for code in accepted if code in CATALOGUE and may_pass(code))
        self._categories = frozenset(line.category for line in invoice.lines if line.category)
        self.findings: list[Finding] = []
        self.notes: list[str] = []

    def ask(self, code: str, message: str, **evidence: object) -> None:
        """Ask people, unless they let it pass before or a rule does."""
        if code in self._accepted:
            self.note(f"{message} Let pass by a person ({code}).")
        elif (rule := self._rule(code)) is not None:
            self.note(f"{message} Accepted by rule {rule.name} ({code}): {rule.reason}.")
        else:
            self.findings.append(Finding(code=code, message=message, evidence=evidence))

    def is_open(self, code: str) -> bool:
        return any(finding.code == code for finding in self.findings)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def _rule(self, code: str) -> AcceptanceRule | None:
        """The limits of the rules are in the facility's currency: a bill in another one is accepted by none."""
        amount = self._invoice.totals.payable
        if amount.currency != self._policy.facility.currency or code in _NEVER_BY_RULE or self.is_open("not-balanced"):
            return None
        return accepted_by_rule(self._policy, code, amount, self._categories)
