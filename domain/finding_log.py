"""Where checks write down what they found."""

from __future__ import annotations

from collections.abc import Callable, Set

from domain.exceptions import CATALOGUE, Finding
from domain.money import Money
from domain.policy.model import AcceptanceRule


class FindingLog:
    """The findings and notes of one round of checks.

    What a person `accepted`, as (code, line), is not asked again, provided that the catalogue of exceptions lets
    people accept it at all.
    """

    def __init__(self, accepted: Set[tuple[str, int | None]] = frozenset()) -> None:
        self._accepted = frozenset(pair for pair in accepted if pair[0] in CATALOGUE and _acceptable(pair[0]))
        self.findings: list[Finding] = []
        self.notes: list[str] = []

    def ask(self, code: str, message: str, line: int | None = None, **evidence: object) -> None:
        """Ask people, unless they accepted the same before."""
        self.ask_of(Finding(code=code, message=message, line=line, evidence=evidence))

    def ask_of(self, finding: Finding) -> None:
        if not self.accepted(finding.code, finding.line):
            self.findings.append(finding)

    def accepted(self, code: str, line: int | None = None) -> bool:
        return (code, line) in self._accepted

    def note(self, line: int | None, text: str) -> None:
        self.notes.append(text if line is None else f"Line {line}: {text}")

    def accept_by(self, rule_for: Callable[[Finding], AcceptanceRule | None]) -> None:
        """Turn every finding that a rule accepts into a note that names the rule and why it exists."""
        asked = self.findings
        self.findings = []
        for finding in asked:
            rule = rule_for(finding)
            if rule is None:
                self.findings.append(finding)
            else:
                self.note(
                    finding.line, f"{finding.message} Accepted by rule {rule.name} ({finding.code}): {rule.reason}."
                )


def _acceptable(code: str) -> bool:
    return "accept" in CATALOGUE[code].actions


def exact(price: Money | None) -> str | None:
    """A price as evidence shows it: with all of its decimal places."""
    return None if price is None else f"{price.amount:f} {price.currency}"
