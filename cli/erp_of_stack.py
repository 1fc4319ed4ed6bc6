"""Where the demonstration counts in the ERP's own tables, whichever ERP the stack has."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from adapters.erp.reference import books as reference_books
from adapters.erp.reference.install import connected, order_summaries
from adapters.erp.tryton import payable_books as tryton_books
from adapters.erp.tryton.books import employees, purchase_summaries
from adapters.erp.tryton.install_books import CURRENCY
from cli.demo.bills.counting import BookBalance, BookedBill, BookedPayment, Outside
from cli.stack import StackAddresses
from cli.stack.tryton.part import DATABASE as TRYTON

_STATES = {"done": "CLOSED", "cancelled": "CANCELLED"}
"""What the reference ERP calls what Tryton has."""


async def orders_by_case(addresses: StackAddresses) -> Mapping[str, int]:
    """How many orders each case has, cancelled ones included."""
    return Counter({case: len(states) for case, states in (await order_states(addresses)).items()})


async def order_states(addresses: StackAddresses) -> Mapping[str, tuple[str, ...]]:
    """The states of each case's orders, in the words of the reference ERP where it has them."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    if addresses.tryton_url:
        for purchase in await purchase_summaries(addresses.dsn(TRYTON)):
            state = "done" if purchase.delivered else purchase.state
            found[purchase.case_id].append(_STATES.get(state, state))
    else:
        for order in await order_summaries(addresses.dsn("erp")):
            found[order.case_id].append(order.status)
    return {case: tuple(states) for case, states in found.items()}


async def payable_books(addresses: StackAddresses, bank: tuple[dict[str, Any], ...]) -> Outside:
    """The bills, payments and balances in the ERP's books, beside what the bank says."""
    if addresses.tryton_url:
        return await _payable_books_of_tryton(addresses.dsn(TRYTON), bank)
    dsn = addresses.dsn("erp")
    return Outside(
        invoices=tuple(
            BookedBill.model_validate(each.model_dump()) for each in await reference_books.invoice_summaries(dsn)
        ),
        payments=tuple(
            BookedPayment.model_validate(each.model_dump()) for each in await reference_books.payment_summaries(dsn)
        ),
        balances=tuple(
            BookBalance.model_validate(each.model_dump()) for each in await reference_books.trial_balance(dsn)
        ),
        bank=bank,
    )


async def _payable_books_of_tryton(dsn: str, bank: tuple[dict[str, Any], ...]) -> Outside:
    invoices = await tryton_books.invoice_summaries(dsn)
    payments = await tryton_books.payment_summaries(dsn)
    balances = await tryton_books.balances(dsn)
    return Outside(
        invoices=tuple(BookedBill.model_validate(each.model_dump()) for each in invoices),
        payments=tuple(BookedPayment.model_validate(each.model_dump()) for each in payments),
        balances=tuple(BookBalance(facility="", currency=CURRENCY, balance=each) for each in balances.values()),
        bank=bank,
    )


async def employees_of(addresses: StackAddresses) -> Mapping[str, bool]:
    """Whether each employee is active, by worker number."""
    if addresses.tryton_url:
        return await employees(addresses.dsn(TRYTON))
    async with connected(addresses.dsn("erp")) as connection:
        rows = await connection.fetch("SELECT worker_number, active FROM erp.employee")
    return {row["worker_number"]: row["active"] for row in rows}
