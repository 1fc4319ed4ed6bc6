"""Payments under any sequence of offers, holds, claims and releases: no invoice twice, no payment in part."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any, get_args

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.outside_errors import RefusedError
from domain.payment import Payment
from domain.ports.invoice_register import InvoiceState
from domain.registering import PAYABLE
from tests.fixtures.payable_stores import SINCE, a_payment, an_entry, an_offer, memory_stores

OFFERS = [an_offer(number) for number in range(5)]
ENDS = ("withdrawn", "rejected", "returned")

invoices = st.sampled_from(OFFERS)
runs = st.sampled_from(("run-1", "run-2", "run-3"))
groups = st.lists(st.lists(invoices, min_size=1, max_size=3), min_size=1, max_size=3)


class Ledger(RuleBasedStateMachine):
    """Five invoices of one supplier, and three runs that want them in whatever groups."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stores = memory_stores()
        self.ids = 0
        self.released: set[str] = set()

    def teardown(self) -> None:
        self.loop.close()

    def do(self, operation: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(operation)

    def payments(self, run: str) -> tuple[Payment, ...]:
        stored: tuple[Payment, ...] = self.do(self.stores.ledger.payments_of(run))
        return stored

    def all_payments(self) -> list[Payment]:
        return [payment for number in (1, 2, 3) for payment in self.payments(f"run-{number}")]

    def free(self) -> set[str]:
        return {each.case_id for each in self.do(self.stores.ledger.payable("north", "USD", 100))}

    @initialize()
    def registered(self) -> None:
        for offer in OFFERS:
            self.do(self.stores.register.register(an_entry(case_id=offer.case_id, number=offer.number), SINCE))

    @rule(invoice=invoices, state=st.sampled_from(get_args(InvoiceState)))
    def set_register_state(self, invoice: Any, state: InvoiceState) -> None:
        self.do(self.stores.register.set_state(invoice.case_id, state))

    @rule(invoice=invoices)
    def offer(self, invoice: Any) -> None:
        entry = self.do(self.stores.register.entry(invoice.case_id))
        try:
            self.do(self.stores.ledger.offer(invoice))
        except RefusedError:
            assert entry.state not in PAYABLE
        else:
            assert entry.state in PAYABLE

    @rule(invoice=invoices, withdraw=st.booleans())
    def keep_back(self, invoice: Any, withdraw: bool) -> None:
        ledger = self.stores.ledger
        done = self.do(ledger.withdraw_offer(invoice.case_id) if withdraw else ledger.hold(invoice.case_id, "wait"))
        assert done != (invoice.case_id in self.claims())
        assert not done or invoice.case_id not in self.free()

    @rule(invoice=invoices)
    def resume(self, invoice: Any) -> None:
        self.do(self.stores.ledger.resume(invoice.case_id))

    @rule(run=runs, wanted=groups)
    def claim(self, run: str, wanted: list[list[Any]]) -> None:
        free, before = self.free(), self.payments(run)
        payments = []
        for group in wanted:
            self.ids += 1
            payments.append(a_payment(f"P{self.ids}", group, run))
        answer = self.do(self.stores.ledger.claim(run, payments))
        fresh = self.payments(run)[len(before) :]
        assert set(fresh) <= set(payments)
        assert {item.case_id for payment in fresh for item in payment.items} <= free
        assert self.do(self.stores.ledger.claim(run, payments)) == answer
        assert self.payments(run) == (*before, *fresh)
        mine = {item.case_id for payment in self.active(run) for item in payment.items}
        assert set(answer.claimed) == mine & {item.case_id for payment in payments for item in payment.items}

    @rule(run=runs, state=st.sampled_from(ENDS), data=st.data())
    def release(self, run: str, state: Any, data: st.DataObject) -> None:
        known = [payment.payment_id for payment in self.all_payments()]
        some = data.draw(st.lists(st.sampled_from(known), max_size=3)) if known else []
        own = {payment.payment_id for payment in self.payments(run)}
        for _ in range(2):
            self.do(self.stores.ledger.release(run, some, state, "why"))
        self.released |= own & set(some)

    def active(self, run: str) -> list[Payment]:
        return [payment for payment in self.payments(run) if payment.payment_id not in self.released]

    def claims(self) -> Counter[str]:
        alive = [payment for payment in self.all_payments() if payment.payment_id not in self.released]
        return Counter(item.case_id for payment in alive for item in payment.items)

    @invariant()
    def an_invoice_is_in_one_living_payment_at_most_and_then_not_free(self) -> None:
        claims = self.claims()
        assert max(claims.values(), default=1) == 1
        assert not self.free() & set(claims)

    @invariant()
    def history_is_never_lost(self) -> None:
        for offer in OFFERS:
            carried = [each for each in self.all_payments() if offer.case_id in {item.case_id for item in each.items}]
            told = self.do(self.stores.ledger.payments_for(offer.case_id))
            assert set(told) == set(carried)


Ledger.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestPaymentLedger = Ledger.TestCase
