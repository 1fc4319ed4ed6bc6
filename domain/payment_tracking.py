"""What the bank's messages mean for the payments of a run, in whatever order and however often they come.

    delivered -> accepted -> booked -> (returned)
              -> rejected

A return that comes before its booking waits for nothing: the payment counts as booked and returned. A rejection after a
booking is a return. What repeats is ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from domain.model import Value
from domain.money import Money
from domain.payment import BankFact

TrackedState = Literal["delivered", "accepted", "booked", "rejected", "returned"]
FINAL: frozenset[str] = frozenset({"rejected", "returned"})


class Effects(Value):
    """What is to be done now, each list in the order of the facts. `unknown` are facts about no payment of the run;
    `differing` book or return another amount than was sent: a person has to look.
    """

    accepted: tuple[str, ...] = ()
    rejected: tuple[BankFact, ...] = ()
    booked: tuple[BankFact, ...] = ()
    returned: tuple[BankFact, ...] = ()
    unknown: tuple[BankFact, ...] = ()
    differing: tuple[BankFact, ...] = ()

    @property
    def anything(self) -> bool:
        return bool(self.accepted or self.rejected or self.booked or self.returned or self.unknown or self.differing)


class PaymentTracker:
    """The payments of the files of one run. `amounts` by payment id."""

    def __init__(self) -> None:
        self._amounts: dict[str, Money] = {}
        self._files: dict[str, tuple[str, ...]] = {}
        self.states: dict[str, TrackedState] = {}
        self._seen: set[str] = set()
        self._file_states: dict[str, str] = {}

    def sent(self, message_id: str, amounts: dict[str, Money]) -> None:
        """A file left for the bank. The same file again changes nothing."""
        self._files[message_id] = tuple(amounts)
        for payment, amount in amounts.items():
            self._amounts.setdefault(payment, amount)
            self.states.setdefault(payment, "delivered")

    def silent_files(self) -> tuple[str, ...]:
        """Files of which the bank has said nothing, and none of whose payments it has mentioned."""
        return tuple(
            file
            for file, payments in self._files.items()
            if file not in self._file_states and all(self.states[each] == "delivered" for each in payments)
        )

    def unbooked(self) -> tuple[str, ...]:
        """Payments that were sent and are neither booked nor refused."""
        return tuple(each for each, state in self.states.items() if state in ("delivered", "accepted"))

    def booked(self) -> tuple[str, ...]:
        return tuple(each for each, state in self.states.items() if state == "booked")

    def take(self, facts: Sequence[BankFact]) -> Effects:
        """Apply facts that were not seen before, and say what follows from them."""
        gathered: dict[str, list[BankFact]] = {name: [] for name in ("accepted", *Effects.model_fields)}
        for fact in facts:
            if fact.fact_id in self._seen:
                continue
            self._seen.add(fact.fact_id)
            for kind, single in self._meaning(fact):
                gathered[kind].append(single)
        accepted = tuple(each.payment_id for each in gathered.pop("accepted"))
        return Effects(accepted=accepted, **{kind: tuple(found) for kind, found in gathered.items()})

    def _meaning(self, fact: BankFact) -> Iterable[tuple[str, BankFact]]:
        if fact.kind == "file-duplicate":
            return  # a second copy was refused; the first one was taken
        if fact.kind in ("file-accepted", "file-rejected"):
            yield from self._of_file(fact)
        elif fact.payment_id not in self.states:
            yield "unknown", fact
        elif fact.amount is not None and fact.amount != self._amounts[fact.payment_id]:
            yield "differing", fact
        else:
            yield from self._of_payment(fact)

    def _of_file(self, fact: BankFact) -> Iterable[tuple[str, BankFact]]:
        payments = self._files.get(fact.message_id)
        if payments is None:
            yield "unknown", fact
            return
        self._file_states[fact.message_id] = fact.kind
        for payment in payments:
            if self.states[payment] in ("delivered", "accepted") and fact.kind == "file-rejected":
                self.states[payment] = "rejected"
                yield "rejected", fact.model_copy(update={"payment_id": payment})

    def _of_payment(self, fact: BankFact) -> Iterable[tuple[str, BankFact]]:
        payment, state = fact.payment_id, self.states[fact.payment_id]
        if fact.kind == "payment-accepted" and state == "delivered":
            self.states[payment] = "accepted"
            yield "accepted", fact
        elif fact.kind == "payment-booked" and state in ("delivered", "accepted"):
            self.states[payment] = "booked"
            yield "booked", fact
        elif fact.kind == "payment-rejected" and state in ("delivered", "accepted"):
            self.states[payment] = "rejected"
            yield "rejected", fact
        elif fact.kind in ("payment-returned", "payment-rejected") and state == "booked":
            self.states[payment] = "returned"
            yield "returned", fact
        elif fact.kind == "payment-returned" and state in ("delivered", "accepted"):
            self.states[payment] = "returned"
            yield "booked", fact
            yield "returned", fact
        elif fact.kind == "payment-booked" and state == "rejected":
            yield "unknown", fact  # refused first and booked after all: a person has to look
