"""The register of invoices in memory. No method pauses, so that concurrent calls of one event loop never interleave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import get_args

from domain.invoice_control import AccountConfirmation, RegisteredInvoice
from domain.outside_errors import RefusedError
from domain.ports.invoice_register import InvoiceState, Registration
from domain.registering import (
    MAX_SIMILAR,
    entered,
    holds_number,
    nearness,
    number_key,
    resembles,
    same_number,
)

SYSTEM = "invoice-register"


class MemoryInvoiceRegister:
    """`domain.ports.invoice_register.InvoiceRegister`."""

    def __init__(self) -> None:
        self._entries: dict[str, RegisteredInvoice] = {}
        self._confirmations: dict[tuple[str, str, str], AccountConfirmation] = {}

    async def register(self, invoice: RegisteredInvoice, since: date) -> Registration:
        if invoice.state not in get_args(InvoiceState):
            raise RefusedError(SYSTEM, "unknown-state", f"{invoice.state} is no state of an invoice")
        holder = self._holder(invoice)
        entry = entered(invoice, self._entries.get(invoice.case_id), holder)
        self._entries[invoice.case_id] = entry
        similar = (other for other in self._entries.values() if resembles(invoice, other, since))
        nearest = sorted(similar, key=lambda other: nearness(invoice, other))
        registered = holds_number(entry)
        return Registration(
            registered=registered, holder=None if registered else holder, similar=tuple(nearest[:MAX_SIMILAR])
        )

    def _holder(self, invoice: RegisteredInvoice) -> RegisteredInvoice | None:
        others = (other for other in self._entries.values() if other.case_id != invoice.case_id)
        return next((other for other in others if holds_number(other) and same_number(invoice, other)), None)

    async def set_state(self, case_id: str, state: InvoiceState) -> None:
        entry = self._entries.get(case_id)
        if entry is None:
            return
        changed = entry.model_copy(update={"state": state})
        if holds_number(changed) and self._holder(entry) is not None:
            raise RefusedError(SYSTEM, "number-held", "another case holds the number of the invoice")
        self._entries[case_id] = changed

    async def entry(self, case_id: str) -> RegisteredInvoice | None:
        return self._entries.get(case_id)

    async def states(self, case_ids: Sequence[str]) -> Mapping[str, str]:
        return {each: self._entries[each].state for each in case_ids if each in self._entries}

    async def find(self, supplier: str, numbers: Sequence[str]) -> tuple[RegisteredInvoice, ...]:
        wanted = {number_key(number) for number in numbers}
        found = [
            entry
            for entry in self._entries.values()
            if (entry.supplier, entry.kind) == (supplier, "invoice")
            and entry.state != "duplicate"
            and number_key(entry.number) in wanted
        ]
        return tuple(sorted(found, key=lambda each: (not holds_number(each), each.registered_at, each.case_id)))

    async def cases_of_orders(self, order_numbers: Sequence[str]) -> tuple[str, ...]:
        wanted = set(order_numbers)
        found = [entry for entry in self._entries.values() if wanted & set(entry.order_numbers)]
        return tuple(each.case_id for each in sorted(found, key=lambda each: (each.registered_at, each.case_id)))

    async def confirm_account(self, confirmation: AccountConfirmation) -> None:
        key = (confirmation.supplier, confirmation.account_fingerprint, confirmation.case_id)
        self._confirmations.setdefault(key, confirmation)

    async def confirmations(self, supplier: str) -> tuple[AccountConfirmation, ...]:
        found = [each for each in self._confirmations.values() if each.supplier == supplier]
        return tuple(sorted(found, key=lambda each: (each.at, each.case_id, each.account_fingerprint)))

    def state_of(self, case_id: str) -> str | None:
        """The entry's state, for the gate of payments; None when there is no entry."""
        entry = self._entries.get(case_id)
        return entry.state if entry else None

    def forget(self, case_id: str) -> None:
        """Remove the case's entry, and the confirmations that were given in it."""
        self._entries.pop(case_id, None)
        self._confirmations = {key: each for key, each in self._confirmations.items() if key[2] != case_id}

    def replace_text(self, case_id: str, text: str, by: str) -> None:
        """The register holds nothing that people write freely."""
