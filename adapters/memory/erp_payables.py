"""The payables side of the ERP in memory: bills and payments over the same orders, with a general ledger."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from adapters.memory import erp_vouchers as rules
from adapters.memory.erp_books import HeldOrder, MasterFile, refuse
from adapters.memory.erp_ledger import Entry, MemoryLedger, accrual_entries, charged
from adapters.memory.erp_vouchers import BookedPayment, Voucher
from domain import voucher_rules
from domain.payables import (
    InvoicePosting,
    OrderPosition,
    PayableSupplier,
    PaymentPosting,
    PostedInvoice,
    SupplierQuery,
)
from domain.payment import DebtorAccount
from domain.similar_names import resembles

_MAX_CANDIDATES = 20


class MemoryPayables:
    """`domain.ports.payables.PayablesPort`. Every method runs without a pause, as those of the ERP port do."""

    def __init__(self) -> None:
        self._master = MasterFile()
        self._orders: dict[str, HeldOrder] = {}
        self._numbers: Counter[str] = Counter()
        self._vouchers: dict[str, Voucher] = {}
        self._voucher_keys: dict[tuple[str, str], str] = {}
        self._payments: dict[str, BookedPayment] = {}
        self._ledger = MemoryLedger()

    @property
    def invoices(self) -> tuple[tuple[InvoicePosting, PostedInvoice], ...]:
        """Every bill in the books, reversed ones included: for those who count."""
        return tuple((each.posting, each.view()) for each in self._vouchers.values())

    @property
    def payments(self) -> tuple[PaymentPosting, ...]:
        """Every payment in the books that was not reversed."""
        return tuple(each.posting for each in self._payments.values() if not each.reversed)

    def trial_balance(self) -> dict[str, Decimal]:
        """By general ledger account, debits less credits; all together they are zero."""
        return self._ledger.balances()

    def accrual_of(self, order_number: str) -> Decimal:
        """What is owed for goods of the order that no bill names yet, at the order's prices."""
        return self._ledger.credit_of(self._master.posting_accounts.accrual, order_number)

    async def payable_suppliers(self, query: SupplierQuery) -> tuple[PayableSupplier, ...]:
        every = (self._master.payable(code) for code in sorted(self._master.suppliers))
        known = [each for each in every if _names(query, each)]
        exact = {each.code for each in known}
        candidates = (self._master.payable(code) for code in sorted(self._master.suppliers) if code not in exact)
        similar = [each for each in candidates if query.name and resembles(query.name, each.name)]
        return tuple(sorted((*known, *similar[:_MAX_CANDIDATES]), key=lambda each: each.code))

    async def order_positions(self, numbers: Sequence[str]) -> tuple[OrderPosition, ...]:
        found = (self._orders[number] for number in sorted(set(numbers)) if number in self._orders)
        return tuple(order.position(self._master) for order in found)

    async def open_order_positions(self, supplier: str, facility: str, limit: int) -> tuple[OrderPosition, ...]:
        found = [
            order
            for order in self._orders.values()
            if (order.draft.supplier, order.draft.facility) == (supplier, facility) and order.status != "cancelled"
            if any(got > order.billed.get(line, Decimal(0)) for line, got in order.received.items())
        ]
        found.sort(key=lambda order: (order.draft.ordered_on, order.number), reverse=True)
        return tuple(order.position(self._master) for order in found[:limit])

    async def post_invoice(self, posting: InvoicePosting) -> PostedInvoice:
        known = self._vouchers.get(posting.external_id)
        if known is None:
            self._require_supplier(posting.supplier, "posting")
            self._master.require_open_period(posting.facility, posting.posted_on)
            voucher_rules.check_bill(posting)
            new = Voucher("", posting)
            self._require_new(new)
            rules.require_coding(posting, self._master)
            known = self._posted(new, rules.billed_orders(posting, self._orders))
        return known.view()

    def _require_new(self, new: Voucher) -> None:
        twin = self._vouchers.get(self._voucher_keys.get(new.key, ""))
        if twin is not None and not twin.reversed:
            refuse("duplicate-suspected", f"Bill {new.posting.number} of {new.posting.supplier} is {twin.number}.")

    def _posted(self, new: Voucher, orders: dict[str, HeldOrder]) -> Voucher:
        posting = new.posting
        number = self._next_number(f"IV-{posting.posted_on.year}")
        entries = self._invoice_entries(posting, orders)
        self._ledger.book(number, posting.facility, posting.currency, posting.posted_on, entries)
        for order in orders.values():
            self._orders[order.number] = replace(order, accrued={line: order.unbilled(line) for line in order.lines})
        self._vouchers[posting.external_id] = replace(new, number=number)
        self._voucher_keys[new.key] = posting.external_id
        return self._vouchers[posting.external_id]

    def _invoice_entries(self, posting: InvoicePosting, orders: dict[str, HeldOrder]) -> list[Entry]:
        """Costs, accrual, variance and tax against what is owed. The accrual is cleared to what is left unbilled, so
        that no cent stays when an order is billed in parts.
        """
        accounts, owed = self._master.posting_accounts, posting.amount.amount
        entries = [Entry(accounts.tax, posting.tax.amount)]
        for line in posting.lines:
            if line.order_line is None:
                entries += charged(line.amount.amount, line.costs, posting.currency)
            else:
                entries.append(Entry(accounts.variance, line.amount.amount, "", line.order_number, line.order_line))
        for order in orders.values():
            for number in order.lines:
                cleared = order.accrued.get(number, Decimal(0)) - order.unbilled(number)
                entries.append(Entry(accounts.accrual, cleared, "", order.number, number))
                entries.append(Entry(accounts.variance, -cleared, "", order.number, number))
        entries.append(Entry(accounts.disputed, -posting.withheld.amount))
        return [*entries, Entry(accounts.payables, posting.withheld.amount - owed)]

    async def find_posted(self, external_id: str) -> PostedInvoice | None:
        found = self._vouchers.get(external_id)
        return None if found is None else found.view()

    async def reverse_invoice(self, external_id: str, reason: str, on: date) -> PostedInvoice | None:  # noqa: ARG002 - the books in memory keep no reasons
        found = self._vouchers.get(external_id)
        if found is None:
            return None
        if not found.reversed:
            if any(external_id == item.invoice_external_id for paid in self.payments for item in paid.items):
                refuse("invoice-paid", f"Something was paid on bill {found.number}.")
            self._master.require_open_period(found.posting.facility, on)
            self._give_back(found, on)
            self._vouchers[external_id] = replace(found, reversed=True)
        return self._vouchers[external_id].view()

    def _give_back(self, voucher: Voucher, on: date) -> None:
        """Mirror the bill, and accrue again what it billed: at the order's price of today, should it have changed."""
        posting = voucher.posting
        self._ledger.reverse(voucher.number, self._next_number(f"RI-{on.year}"), on)
        mirrored = self._ledger.documents.get(voucher.number)
        touched: set[str] = set()
        for line in posting.lines:
            if line.order_line is not None:
                order, quantity = self._orders[line.order_number], voucher_rules.billed_quantity(line)
                self._orders[order.number] = rules.with_billed(order, line.order_line, -quantity, -line.amount.amount)
                touched.add(order.number)
        for entry in mirrored.entries if mirrored else ():
            if entry.account == self._master.posting_accounts.accrual and entry.order_line is not None:
                order = self._orders[entry.order_number]
                accrued = order.accrued.get(entry.order_line, Decimal(0)) + entry.amount
                self._orders[order.number] = replace(order, accrued={**order.accrued, entry.order_line: accrued})
        for number in sorted(touched):
            self._orders[number] = self._accrue(self._orders[number], "RV", on)

    async def post_payment(self, payment: PaymentPosting) -> str:
        known = self._payments.get(payment.external_id)
        if known is None:
            self._require_supplier(payment.supplier, "payment")
            self._master.require_open_period(payment.facility, payment.paid_on)
            voucher_rules.check_payment(payment)
            self._vouchers |= rules.settled(payment, self._vouchers)
            known = BookedPayment(self._next_number(f"PY-{payment.paid_on.year}"), payment)
            self._payments[payment.external_id] = known
            self._book_payment(known)
        return known.number

    def _book_payment(self, booked: BookedPayment) -> None:
        payment, accounts = booked.posting, self._master.posting_accounts
        entries = [Entry(accounts.bank, -payment.amount.amount)]
        for item in payment.items:
            entries.append(Entry(accounts.payables, item.amount.amount))
            entries.append(Entry(accounts.discounts, -item.discount.amount))
        self._ledger.book(booked.number, payment.facility, payment.amount.currency, payment.paid_on, entries)

    async def reverse_payment(self, external_id: str, reason: str, on: date) -> None:  # noqa: ARG002 - the books in memory keep no reasons
        found = self._payments.get(external_id)
        if found is None or found.reversed:
            return
        self._master.require_open_period(found.posting.facility, on)
        for item in found.posting.items:
            voucher = self._vouchers[item.invoice_external_id]
            self._vouchers[item.invoice_external_id] = replace(voucher, paid=voucher.paid - item.amount.amount)
        self._ledger.reverse(found.number, self._next_number(f"RP-{on.year}"), on)
        self._payments[external_id] = replace(found, reversed=True)

    async def debtor_accounts(self, facility: str) -> tuple[DebtorAccount, ...]:
        shared, own = (
            {currency: each for (owner, currency), each in self._master.debtors.items() if owner == code}
            for code in (self._master.shared_facility, facility)
        )
        return tuple(each for _, each in sorted({**shared, **own}.items()))

    def _require_supplier(self, code: str, what: str) -> None:
        if what in self._master.payable(code).blocked_for:
            refuse("supplier-blocked", f"Supplier {code} is blocked for {what}.")

    def _accrue(self, order: HeldOrder, kind: str, day: date) -> HeldOrder:
        """The order with its accrual booked as its quantities and prices now want it."""
        entries = accrual_entries(order, self._master.posting_accounts)
        if any(each.amount for each in entries):
            number = self._next_number(f"{kind}-{day.year}")
            self._ledger.book(number, order.draft.facility, order.draft.currency, day, entries)
        return replace(order, accrued={line: order.unbilled(line) for line in order.lines})

    def _order(self, number: str) -> HeldOrder:
        if number not in self._orders:
            refuse("order-unknown", f"There is no order {number}.")
        return self._orders[number]

    def _next_number(self, kind: str) -> str:
        self._numbers[kind] += 1
        return f"{kind}-{self._numbers[kind]:06}"


def _names(query: SupplierQuery, supplier: PayableSupplier) -> bool:
    """Whether the query names the supplier for certain. Tax ids are compared by letters and digits only."""
    return (
        supplier.code in query.codes
        or bool(supplier.gln and supplier.gln in query.glns)
        or bool(supplier.tax_id and _plain(supplier.tax_id) in {_plain(each) for each in query.tax_ids})
        or any(each.account.fingerprint in query.account_fingerprints for each in supplier.accounts)
    )


def _plain(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", text.upper())
