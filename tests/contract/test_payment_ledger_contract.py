"""What every payment ledger does: offers, holds, claims and what becomes of payments."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date

import pytest

from domain.outside_errors import RefusedError
from domain.payment import PayableInvoice, Payment, PaymentItem
from domain.ports.invoice_register import InvoiceState, PaymentLedger
from tests.fixtures.payable_stores import (
    OTHER_ACCOUNT,
    SINCE,
    PayableStores,
    a_payment,
    an_entry,
    an_offer,
    invoice_case,
    usd,
)

ONE, TWO, THREE = an_offer(1), an_offer(2), an_offer(3)


@pytest.fixture
def ledger(payable_stores: PayableStores) -> PaymentLedger:
    return payable_stores.ledger


async def payable(ledger: PaymentLedger, limit: int = 100) -> list[str]:
    return [each.case_id for each in await ledger.payable("north", "USD", limit)]


def kept(discount: str, offer: PayableInvoice) -> tuple[PaymentItem, ...]:
    """The offer in a payment that keeps so much of it."""
    (item,) = a_payment("any", [offer]).items
    return (item.model_copy(update={"discount": usd(discount)}),)


class TestTheGate:
    @pytest.mark.parametrize("state", ["registered", "matched", "paid", "rejected", "duplicate", "cancelled"])
    async def test_only_what_is_matched_and_posted_is_offered(
        self, payable_stores: PayableStores, state: InvoiceState
    ) -> None:
        await payable_stores.register.register(an_entry(1), SINCE)
        await payable_stores.register.set_state(invoice_case(1), state)
        with pytest.raises(RefusedError) as refused:
            await payable_stores.ledger.offer(ONE)
        assert refused.value.code == "not-matched"
        assert await payable(payable_stores.ledger) == []

    async def test_what_is_not_in_the_register_is_not_offered(self, ledger: PaymentLedger) -> None:
        with pytest.raises(RefusedError) as refused:
            await ledger.offer(ONE)
        assert refused.value.code == "not-matched"

    @pytest.mark.parametrize("state", ["registered", "cancelled"])
    async def test_what_is_no_longer_matched_is_not_claimed(
        self, payable_stores: PayableStores, state: InvoiceState
    ) -> None:
        await payable_stores.booked(ONE, state="payable")
        await payable_stores.register.set_state(ONE.case_id, state)
        assert await payable(payable_stores.ledger) == []
        assert (await payable_stores.ledger.claim("run-1", [a_payment("P1", [ONE])])).claimed == ()

    async def test_nobody_pays_what_was_never_offered(self, payable_stores: PayableStores) -> None:
        await payable_stores.register.register(an_entry(1, state="posted"), SINCE)
        assert (await payable_stores.ledger.claim("run-1", [a_payment("P1", [ONE])])).claimed == ()
        assert await payable_stores.ledger.payment("P1") is None


class TestOffers:
    async def test_are_listed_by_facility_and_currency_the_earliest_due_first(
        self, payable_stores: PayableStores
    ) -> None:
        late, early = an_offer("late", due_on=date(2026, 4, 1)), an_offer("early", due_on=date(2026, 3, 1))
        south = an_offer("south", facility="south")
        euro = an_offer("euro", amount={"amount": "1.10", "currency": "EUR"})
        await payable_stores.booked(late, early, south, euro)
        ledger = payable_stores.ledger
        assert await ledger.payable("north", "USD", 10) == (early, late)
        assert await ledger.payable("north", "USD", 1) == (early,)
        assert await ledger.payable("north", "EUR", 10) == (euro,)
        assert await ledger.payable("north", "USD", 0) == ()
        assert await ledger.pays() == (("north", "EUR"), ("north", "USD"), ("south", "USD"))

    async def test_offering_again_updates_until_it_is_claimed(self, payable_stores: PayableStores) -> None:
        ledger, cheaper = payable_stores.ledger, an_offer(1, amount=usd(90))
        await payable_stores.booked(ONE)
        await ledger.offer(cheaper)
        assert await ledger.payable("north", "USD", 10) == (cheaper,)
        await ledger.claim("run-1", [a_payment("P1", [cheaper])])
        await ledger.offer(ONE)
        await ledger.release("run-1", ["P1"], "withdrawn", "not approved")
        assert await ledger.payable("north", "USD", 10) == (cheaper,)

    async def test_a_withdrawn_offer_is_not_paid(self, payable_stores: PayableStores) -> None:
        ledger = payable_stores.ledger
        await payable_stores.booked(ONE)
        for _ in range(2):
            assert await ledger.withdraw_offer(ONE.case_id)
        assert await payable(ledger) == []
        assert (await ledger.claim("run-1", [a_payment("P1", [ONE])])).claimed == ()
        await ledger.offer(ONE)
        assert await payable(ledger) == [ONE.case_id]

    async def test_what_a_run_has_claimed_can_neither_be_withdrawn_nor_held(
        self, payable_stores: PayableStores
    ) -> None:
        ledger = payable_stores.ledger
        await payable_stores.booked(ONE)
        await ledger.claim("run-1", [a_payment("P1", [ONE])])
        assert not await ledger.withdraw_offer(ONE.case_id)
        assert not await ledger.hold(ONE.case_id, "wait")
        await ledger.release("run-1", ["P1"], "withdrawn", "not approved")
        assert await payable(ledger) == [ONE.case_id]


class TestHolds:
    async def test_keep_an_invoice_out_until_it_is_resumed(self, payable_stores: PayableStores) -> None:
        ledger = payable_stores.ledger
        await payable_stores.booked(ONE, TWO)
        for _ in range(2):
            assert await ledger.hold(ONE.case_id, "Account changed")
        assert await payable(ledger) == [TWO.case_id]
        assert await ledger.held("north", "USD", 10) == ((ONE, "Account changed"),)
        assert await ledger.held("north", "USD", 0) == ()
        assert (await ledger.claim("run-1", [a_payment("P1", [ONE])])).claimed == ()
        for _ in range(2):
            await ledger.resume(ONE.case_id)
        assert await payable(ledger) == [ONE.case_id, TWO.case_id]
        assert await ledger.held("north", "USD", 10) == ()

    async def test_hold_what_is_offered_only_later(self, payable_stores: PayableStores) -> None:
        assert await payable_stores.ledger.hold(ONE.case_id, "Account changed")
        assert await payable_stores.ledger.held("north", "USD", 10) == ()
        await payable_stores.booked(ONE)
        assert await payable(payable_stores.ledger) == []
        assert await payable_stores.ledger.held("north", "USD", 10) == ((ONE, "Account changed"),)

    async def test_a_facility_whose_invoices_are_all_held_pays_nothing(self, payable_stores: PayableStores) -> None:
        await payable_stores.booked(ONE)
        await payable_stores.ledger.hold(ONE.case_id, "wait")
        assert await payable_stores.ledger.pays() == ()


class TestClaims:
    async def test_store_the_payments_of_which_every_invoice_was_free(self, payable_stores: PayableStores) -> None:
        ledger = payable_stores.ledger
        await payable_stores.booked(ONE, TWO)
        first, second = a_payment("P1", [ONE, TWO]), a_payment("P2", [THREE])
        for _ in range(2):
            answer = await ledger.claim("run-1", [first, second])
            assert answer.claimed == (ONE.case_id, TWO.case_id)
        assert await ledger.payments_of("run-1") == (first,)
        assert {each.case_id for each in await ledger.claimed("run-1")} == {ONE.case_id, TWO.case_id}
        assert await ledger.claimed("run-2") == ()
        assert await ledger.payment("P1") == first
        assert await ledger.payment("P2") is None
        assert await payable(ledger) == []

    async def test_an_invoice_belongs_to_one_run(self, payable_stores: PayableStores) -> None:
        ledger = payable_stores.ledger
        await payable_stores.booked(ONE, TWO, THREE)
        await ledger.claim("run-1", [a_payment("P1", [TWO])])
        answer = await ledger.claim("run-2", [a_payment("P2", [ONE, TWO], "run-2"), a_payment("P3", [THREE], "run-2")])
        assert answer.claimed == (THREE.case_id,)
        assert [each.payment_id for each in await ledger.payments_of("run-2")] == ["P3"]
        assert await payable(ledger) == [ONE.case_id]

    async def test_two_payments_of_one_run_do_not_share_an_invoice(self, payable_stores: PayableStores) -> None:
        await payable_stores.booked(ONE, TWO)
        await payable_stores.ledger.claim("run-1", [a_payment("P1", [ONE]), a_payment("P2", [ONE, TWO])])
        assert [each.payment_id for each in await payable_stores.ledger.payments_of("run-1")] == ["P1"]

    @pytest.mark.parametrize(
        "payment",
        [
            a_payment("P1", [ONE, ONE]),
            a_payment("P1", [ONE], account=OTHER_ACCOUNT),
            a_payment("P1", [ONE], supplier="S-2"),
            a_payment("P1", [an_offer(1, amount=usd("100.11"))]),
            a_payment("P1", [an_offer(1, amount=usd(-5))]),
            a_payment("P1", [an_offer(1, amount={"amount": "100.10", "currency": "EUR"})]),
            a_payment("P1", [ONE], items=()),
        ],
        ids=["twice", "other account", "other supplier", "too much", "other sign", "other currency", "nothing"],
    )
    async def test_a_payment_that_is_not_what_is_offered_is_not_stored(
        self, payable_stores: PayableStores, payment: Payment
    ) -> None:
        await payable_stores.booked(ONE)
        assert (await payable_stores.ledger.claim("run-1", [payment])).claimed == ()
        assert await payable_stores.ledger.payments_of("run-1") == ()

    async def test_a_credit_note_is_netted_with_an_invoice(self, payable_stores: PayableStores) -> None:
        credit = an_offer(2, kind="credit-note", amount=usd("-20.05"))
        await payable_stores.booked(ONE, credit)
        netted = a_payment("P1", [ONE, credit])
        await payable_stores.ledger.claim("run-1", [netted])
        assert await payable_stores.ledger.payments_of("run-1") == (netted,)

    async def test_of_many_overlapping_runs_at_once_each_invoice_is_in_one(self, payable_stores: PayableStores) -> None:
        offers = [an_offer(f"{number:02}") for number in range(24)]
        await payable_stores.booked(*offers)
        answers = await asyncio.gather(*(self.run_over(payable_stores.ledger, offers, run) for run in range(12)))
        stored = [payment for payments in answers for payment in payments]
        carried = Counter(item.case_id for payment in stored for item in payment.items)
        assert set(carried.values()) == {1}
        # Each run groups differently, so that they overlap in part; what is left was not wholly free for anybody.
        left = set(await payable(payable_stores.ledger))
        assert left | set(carried) == {offer.case_id for offer in offers}
        assert not left & set(carried)

    async def run_over(self, ledger: PaymentLedger, offers: list[PayableInvoice], run: int) -> tuple[Payment, ...]:
        size, turned = 1 + run % 4, offers[run:] + offers[:run]
        if run % 2:
            turned.reverse()
        groups = [turned[start : start + size] for start in range(0, len(turned), size)]
        name = f"run-{run}"
        payments = [a_payment(f"P{run}-{number}", group, name) for number, group in enumerate(groups)]
        claimed = set((await ledger.claim(name, payments)).claimed)
        stored = await ledger.payments_of(name)
        assert claimed == {item.case_id for payment in stored for item in payment.items}
        assert set(stored) <= set(payments)
        return stored

    async def test_a_run_repeated_while_it_still_runs_claims_once(self, payable_stores: PayableStores) -> None:
        await payable_stores.booked(ONE, TWO)
        payments = [a_payment("P1", [ONE, TWO])]
        answers = await asyncio.gather(*(payable_stores.ledger.claim("run-1", payments) for _ in range(10)))
        assert {answer.claimed for answer in answers} == {(ONE.case_id, TWO.case_id)}
        assert await payable_stores.ledger.payments_of("run-1") == tuple(payments)

    async def test_a_hold_and_a_claim_at_once_never_both_succeed(self, payable_stores: PayableStores) -> None:
        offers = [an_offer(f"{number:02}") for number in range(20)]
        await payable_stores.booked(*offers)
        ledger = payable_stores.ledger

        async def one(offer: PayableInvoice) -> bool:
            claim = ledger.claim("run-1", [a_payment(f"P{offer.number}", [offer])])
            held, claimed = await asyncio.gather(ledger.hold(offer.case_id, "wait"), claim)
            return held != bool(claimed.claimed)

        assert all(await asyncio.gather(*(one(offer) for offer in offers)))


class TestReleasing:
    async def test_frees_the_invoices_and_keeps_the_history(self, payable_stores: PayableStores) -> None:
        ledger = payable_stores.ledger
        await payable_stores.booked(ONE, TWO)
        await ledger.claim("run-1", [a_payment("P1", [ONE]), a_payment("P2", [TWO])])
        for _ in range(2):
            await ledger.release("run-1", ["P1"], "returned", "R02: account closed")
        returned = a_payment("P1", [ONE], state="returned", reason="R02: account closed")
        assert await ledger.payment("P1") == returned
        assert await payable(ledger) == [ONE.case_id]
        again = a_payment("P9", [ONE], "run-2")
        assert (await ledger.claim("run-2", [again])).claimed == (ONE.case_id,)
        assert await ledger.payments_for(ONE.case_id) == (returned, again)
        assert await ledger.payments_for(TWO.case_id) == (a_payment("P2", [TWO]),)
        assert await ledger.payments_for(THREE.case_id) == ()

    async def test_what_was_kept_as_a_discount_counts_once_the_bank_has_booked_it(
        self, payable_stores: PayableStores
    ) -> None:
        ledger = payable_stores.ledger
        await payable_stores.booked(ONE, TWO, THREE)
        returned, booked, proposed = (
            a_payment("P1", [ONE], items=kept("1.00", ONE)),
            a_payment("P2", [ONE, TWO], "run-2", items=(*kept("2.05", ONE), *kept("0", TWO))),
            a_payment("P3", [THREE], "run-3", items=kept("3.00", THREE)),
        )
        await ledger.claim("run-1", [returned])
        await ledger.release("run-1", ["P1"], "returned", "R02: account closed")
        for payment in (booked, proposed):
            assert (await ledger.claim(payment.run_id, [payment])).claimed
        await ledger.set_state(["P2"], "booked")
        wanted = [ONE.case_id, TWO.case_id, THREE.case_id, "none"]
        assert await ledger.discounts_kept(wanted) == {ONE.case_id: usd("2.05"), TWO.case_id: usd(0)}
        assert await ledger.discounts_kept([TWO.case_id]) == {TWO.case_id: usd(0)}
        assert await ledger.discounts_kept([]) == {}

    async def test_a_late_repeat_frees_nothing_of_the_next_payment(self, payable_stores: PayableStores) -> None:
        ledger = payable_stores.ledger
        await payable_stores.booked(ONE)
        await ledger.claim("run-1", [a_payment("P1", [ONE])])
        await ledger.release("run-1", ["P1"], "withdrawn", "not approved")
        await ledger.claim("run-2", [a_payment("P2", [ONE], "run-2")])
        await ledger.release("run-1", ["P1"], "withdrawn", "not approved")
        assert await payable(ledger) == []
        assert (await ledger.claim("run-1", [a_payment("P1", [ONE])])).claimed == ()

    async def test_a_run_releases_its_own_payments_only(self, payable_stores: PayableStores) -> None:
        ledger = payable_stores.ledger
        await payable_stores.booked(ONE)
        await ledger.claim("run-1", [a_payment("P1", [ONE])])
        await ledger.release("run-2", ["P1", "P7"], "withdrawn", "")
        assert await ledger.payment("P1") == a_payment("P1", [ONE])
        assert await payable(ledger) == []

    async def test_a_released_id_is_not_used_again(self, payable_stores: PayableStores) -> None:
        ledger = payable_stores.ledger
        await payable_stores.booked(ONE)
        await ledger.claim("run-1", [a_payment("P1", [ONE])])
        await ledger.release("run-1", ["P1"], "withdrawn", "")
        assert (await ledger.claim("run-1", [a_payment("P1", [ONE])])).claimed == ()
        assert await payable(ledger) == [ONE.case_id]


class TestStates:
    async def test_follow_what_is_reported_and_repeats_change_nothing(self, payable_stores: PayableStores) -> None:
        ledger = payable_stores.ledger
        await payable_stores.booked(ONE, TWO)
        await ledger.claim("run-1", [a_payment("P1", [ONE]), a_payment("P2", [TWO])])
        for state in ("released", "delivered", "delivered", "booked"):
            await ledger.set_state(["P1", "P7"], state)
        await ledger.set_state(["P2"], "rejected", "AC04\x00")
        states = [(each.state, each.reason.rstrip("\x00\ufffd")) for each in await ledger.payments_of("run-1")]
        assert states == [("booked", ""), ("rejected", "AC04")]
        assert await payable(ledger) == []  # still claimed: nobody has released them

    async def test_a_report_that_comes_late_moves_nothing_back(self, payable_stores: PayableStores) -> None:
        ledger = payable_stores.ledger
        await payable_stores.booked(ONE, TWO)
        await ledger.claim("run-1", [a_payment("P1", [ONE]), a_payment("P2", [TWO])])
        await ledger.set_state(["P1"], "booked")
        await ledger.set_state(["P1"], "accepted")
        await ledger.release("run-1", ["P2"], "rejected", "AC04")
        await ledger.set_state(["P2"], "accepted")
        assert [each.state for each in await ledger.payments_of("run-1")] == ["booked", "rejected"]
        await ledger.set_state(["P1"], "returned", "R03")
        assert await ledger.payment("P1") == a_payment("P1", [ONE], state="returned", reason="R03")


async def test_a_file_is_kept_once_for_its_message_id(ledger: PaymentLedger) -> None:
    content = "<Document>Müller & Söhne\x00\n</Document>"
    await ledger.keep_file("run-1", "M1", "pain.xml", content)
    await ledger.keep_file("run-2", "M1", "other.xml", "else")
    assert await ledger.file("M1") == ("pain.xml", content)
    assert await ledger.run_of("M1") == "run-1"
    assert (await ledger.file("M2"), await ledger.run_of("M2")) == (None, None)
