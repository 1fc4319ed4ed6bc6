"""Payments of Tryton, from the draft to the booked money: who prepares one does not approve it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from adapters.erp.tryton import wire
from adapters.erp.tryton.bills import INVOICE, TrytonBills
from adapters.erp.tryton.errors import drifted
from domain.outside_errors import RefusedError

PAYMENT, LINE = "account.payment", "account.move.line"
_STEPS = {"draft": "submitted", "submitted": "approved", "approved": "processing", "processing": "succeeded"}
_PREPARED = ("draft", "submitted", "approved")


class TrytonTransfers(TrytonBills):
    async def _transfer(self, payments: Sequence[int], on: date, new: bool) -> None:
        """Bring the payments to success. Tryton's refusal counts only when they are still where they were."""
        states = dict.fromkeys(payments, "draft") if new else await self._states(payments)
        for step, following in _STEPS.items():
            mine = [each for each in payments if states[each] == step]
            if not mine:
                continue
            try:
                await self._step(step, mine, on)
            except RefusedError:
                states = await self._states(payments)
                if any(states[each] == step for each in mine):
                    raise
            else:
                states |= dict.fromkeys(mine, following)

    async def _step(self, state: str, payments: list[int], on: date) -> None:
        match state:
            case "draft":
                await self._client.press(PAYMENT, "submit", payments)
            case "submitted":
                # Tryton wants a session that is not older than minutes; one that is, is replaced.
                await self._approver.press(PAYMENT, "approve", payments)
            case "approved":
                await self._process(payments)
            case _:
                told = {"clearing_date": on}
                await self._client.call(f"model.{PAYMENT}.succeed", payments, context=told, again=True)

    async def _process(self, payments: list[int]) -> None:
        """Hand the payments over, all in one group. The wizard passes over those that are not approved, so that it may
        be repeated."""
        await self._wizard("account.payment.process", PAYMENT, payments)

    async def _states(self, payments: Sequence[int]) -> dict[int, str]:
        rows = await self._client.read(PAYMENT, payments, ["state"])
        if len(rows) != len(payments):
            raise drifted(f"{PAYMENT}, which is gone")
        return {int(row["id"]): str(row["state"]) for row in rows}

    async def _withdraw(self, payments: Sequence[int]) -> bool:
        """Whether the payments are gone: those that were handed over stay."""
        states = await self._states(payments)
        if any(state not in _PREPARED for state in states.values()):
            return False
        if begun := [each for each, state in states.items() if state != "draft"]:
            await self._client.press(PAYMENT, "draft", begun)
        if payments:
            await self._client.call(f"model.{PAYMENT}.delete", list(payments))
        return True

    async def _fail(self, payments: Sequence[int], clearing: Sequence[int]) -> None:
        """The money came back: Tryton cancels what booked it, and the cancellation is posted."""
        states = await self._states(payments)
        if succeeded := [each for each, state in states.items() if state == "succeeded"]:
            await self._client.press(PAYMENT, "fail", succeeded)
        origins = [f"account.move,{each}" for each in clearing]
        found = await self._client.search_read("account.move", [["origin", "in", origins]], ["id"])
        await self._post_moves([int(row["id"]) for row in found])

    async def _payment_journal(self, currency: str) -> int:
        if currency not in self._payment_journals:
            domain = [
                ["process_method", "=", "manual"],
                ["currency.code", "=", currency],
                ["clearing_account.code", "=", self._posting_accounts.bank],
            ]
            found = await self._client.search_read("account.payment.journal", domain, ["id"], limit=1)
            if not found:
                raise drifted(f"no manual payment journal in {currency} that clears on {self._posting_accounts.bank}")
            self._payment_journals[currency] = int(found[0]["id"])
        return self._payment_journals[currency]

    async def _reconcile(self, invoices: Sequence[int]) -> None:
        """Tie each invoice that is paid in full to all that paid it, so that Tryton calls it paid too."""
        rows = await self._rows(wire.InvoiceToPay, [["id", "in", list(invoices)], ["state", "=", "posted"]])
        payables = await self._account_ids([self._posting_accounts.payables])
        for row in rows:
            cleared = [line for each in row.lines_to_pay for line in await self._cleared_by(each.id)]
            lines: dict[int, wire.LedgerLine] = {
                each.id: each
                for each in (*row.lines_to_pay, *row.payment_lines, *cleared)
                if each.account == payables[self._posting_accounts.payables] and each.reconciliation is None
            }
            if lines and not sum(each.debit - each.credit for each in lines.values()):
                await self._tie(lines)

    async def _cleared_by(self, line: int) -> list[wire.LedgerLine]:
        """The lines of the money that was paid on a line."""
        domain = [["line", "=", line], ["state", "=", "succeeded"]]
        rows = await self._rows(wire.Payment, domain)
        moves = [row.clearing_move for row in rows if row.clearing_move is not None]
        return await self._rows(wire.LedgerLine, [["move", "in", moves]]) if moves else []

    async def _tie(self, lines: Mapping[int, wire.LedgerLine]) -> None:
        await self._wizard("account.move.reconcile_lines", LINE, sorted(lines))

    async def _untie(self, lines: Sequence[wire.LedgerLine]) -> None:
        if tied := [each.id for each in lines if each.reconciliation is not None]:
            await self._wizard("account.move.unreconcile_lines", LINE, tied)

    async def _link(self, invoice: int, lines: Sequence[int], how: str) -> None:
        """'add' lines to what pays the invoice, or 'remove' them."""
        await self._client.call(
            f"model.{INVOICE}.write", [invoice], {"payment_lines": [[how, list(lines)]]}, again=True
        )
