"""Facts with ids that are the same whenever the bank says the same thing again.

A booking is `<payment>:<day>:booked` and a return `<payment>:<day>:returned`, whichever message tells it: a
notification, the day's statement and a statement that came twice are one booking. What else a message says is
`<message>:<reference>:<kind>`. A second one of the same id within one message is `...:2`: a payment that the bank
debited twice on one day must not look like one.
"""

from __future__ import annotations

import hashlib
from datetime import date

from pydantic import ValidationError

from adapters.bank_messages.errors import UnreadableError
from domain.money import Money
from domain.payment import BankFact, BankFactKind

NOT_GIVEN = frozenset({"NOTPROVIDED", "NOTAPPLICABLE", "NONREF", "NONE"})
_WORDS: dict[BankFactKind, str] = {"payment-booked": "booked", "payment-returned": "returned"}


class Facts:
    """Collects the facts of one message. `source` names it for people, `message` in ids."""

    def __init__(self, source: str, message: str, content: str) -> None:
        self.source = f"{source} {message}".strip()
        self._message = message or f"sha256-{hashlib.sha256(content.encode()).hexdigest()[:24]}"
        self._seen: dict[str, int] = {}
        self._found: list[BankFact] = []

    @property
    def found(self) -> tuple[BankFact, ...]:
        return tuple(self._found)

    def add(
        self,
        kind: BankFactKind,
        *,
        file: str = "",
        payment: str = "",
        reference: str = "",
        amount: Money | None = None,
        on: date | None = None,
        reason: str = "",
        text: str = "",
    ) -> None:
        """`file` is our message id, `payment` the end-to-end id, `reference` the bank's for what has neither."""
        payment = given(payment)
        self._found.append(
            BankFact(
                fact_id=self._id(kind, payment, reference or given(file), on),
                kind=kind,
                message_id=given(file),
                payment_id=payment,
                amount=amount,
                on=on,
                reason=reason,
                text=text,
                source=self.source,
            )
        )

    def _id(self, kind: BankFactKind, payment: str, reference: str, on: date | None) -> str:
        if payment and on is not None and kind in _WORDS:
            base = f"{payment}:{on.isoformat()}:{_WORDS[kind]}"
        else:
            base = f"{self._message}:{payment or reference}:{kind}"
        self._seen[base] = self._seen.get(base, 0) + 1
        return base if self._seen[base] == 1 else f"{base}:{self._seen[base]}"


def given(text: str | None) -> str:
    """A reference, or nothing where the bank writes one of the words that mean nothing."""
    text = (text or "").strip()
    return "" if text.upper() in NOT_GIVEN else text


def money(amount: str | None, currency: str | None) -> Money:
    """Raises UnreadableError for what is no amount."""
    try:
        read = Money.model_validate({"amount": (amount or "").strip(), "currency": (currency or "").strip()})
    except ValidationError:
        raise UnreadableError(f"{(amount or '')[:40]!r} {(currency or '')[:10]!r} is no amount of money") from None
    if read.amount < 0:
        raise UnreadableError(f"the amount {read} is negative")
    return read


def day(text: str | None) -> date | None:
    """The day of a date or of an instant, as the bank wrote it. Raises UnreadableError for what is neither."""
    if not text or not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        raise UnreadableError(f"{text[:40]!r} is no date") from None
