"""What is owed for goods without a bill. Tryton books nothing when goods come in: the adapter does, line by line at the
order's price, and keeps with the order what it booked.

A booking that is due is kept with the order before it is made, so that whoever comes next makes it, once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from adapters.erp.tryton.documents import ZERO, HeldPurchase, OrderDocument, order_key, received, standing_lines
from adapters.erp.tryton.ledger import ACCRUAL, LedgerEntry, LedgerMove, order_note
from adapters.erp.tryton.moves import TrytonMoves
from domain import voucher_rules
from domain.ports.erp_claims import ClaimTurn
from domain.reference_system import PostingAccounts


def unbilled(document: OrderDocument, held: HeldPurchase) -> dict[int, Decimal]:
    """The accrual that each line ought to have: what was received and not billed, at the order's price."""
    came = received(document, held)
    return {
        number: line.unit_price.times(came.get(number, ZERO) - document.billed.get(number, ZERO)).rounded().amount
        for number, line in standing_lines(document, held).items()
    }


def changes(document: OrderDocument, held: HeldPurchase) -> dict[int, Decimal]:
    """By how much each line's accrual is to grow; lines that stay as they are are left out."""
    due = {number: amount - document.accrued.get(number, ZERO) for number, amount in unbilled(document, held).items()}
    return {number: change for number, change in sorted(due.items()) if change}


def with_accrual(
    document: OrderDocument, held: HeldPurchase, external_id: str, on: date, accounts: PostingAccounts
) -> OrderDocument:
    """The order with the accrual that its quantities and prices want, and the move that is still to be booked for
    it."""
    due = changes(document, held)
    if not due:
        return document
    move = LedgerMove(external_id=f"{ACCRUAL}{external_id}", on=on, entries=_entries(document, due, accounts.accrual))
    accrued = {number: document.accrued.get(number, ZERO) + change for number, change in due.items()}
    return document.model_copy(
        update={"accrued": {**document.accrued, **accrued}, "unbooked": (*document.unbooked, move)}
    )


def _entries(document: OrderDocument, due: Mapping[int, Decimal], accrual: str) -> tuple[LedgerEntry, ...]:
    entries: list[LedgerEntry] = []
    for number, change in due.items():
        note, costs = order_note(document.number, number), document.lines[number].costs
        entries += (
            LedgerEntry(account=share.account or "", amount=part, cost_centre=share.cost_centre, note=note)
            for share, part in voucher_rules.charged(change, costs, document.draft.currency)
            if part
        )
        entries.append(LedgerEntry(account=accrual, amount=-change, note=note))
    return tuple(entries)


class TrytonAccruals(TrytonMoves):
    async def _settle(self, turn: ClaimTurn, document: OrderDocument) -> OrderDocument:
        """Book what is due for the order."""
        for move in document.unbooked:
            await self._book_move(move)
        if not document.unbooked:
            return document
        settled = document.model_copy(update={"unbooked": ()})
        await turn.write({order_key(document.draft.external_id): settled.model_dump_json()})
        return settled

    @property
    def _posting_accounts(self) -> PostingAccounts:
        return self._supplement.posting_accounts
