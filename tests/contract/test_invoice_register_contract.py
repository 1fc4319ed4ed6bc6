"""What every register of invoices does, wherever it keeps its entries."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest

from domain.outside_errors import RefusedError
from domain.ports.invoice_register import InvoiceRegister, InvoiceState
from tests.fixtures.payable_stores import (
    ISSUED,
    NOW,
    SINCE,
    PayableStores,
    a_confirmation,
    an_entry,
    invoice_case,
    usd,
)


@pytest.fixture
def register(payable_stores: PayableStores) -> InvoiceRegister:
    return payable_stores.register


class TestRegistering:
    async def test_enters_an_invoice_once(self, register: InvoiceRegister) -> None:
        entry = an_entry(order_numbers=("PO-1", "PO-2"))
        for _ in range(2):
            answer = await register.register(entry, SINCE)
            assert (answer.registered, answer.holder, answer.similar) == (True, None, ())
        assert await register.entry(entry.case_id) == entry
        assert await register.entry(invoice_case(2)) is None

    async def test_tells_the_states_of_many_at_once(self, register: InvoiceRegister) -> None:
        for number in (1, 2):
            await register.register(an_entry(number), SINCE)
        await register.register(an_entry(3, number="F-1"), SINCE)
        await register.set_state(invoice_case(2), "posted")
        wanted = [invoice_case(number) for number in (4, 3, 2)]
        assert await register.states(wanted) == {invoice_case(2): "posted", invoice_case(3): "duplicate"}
        assert await register.states([]) == {}

    @pytest.mark.parametrize("number", ["F-1", " f 1", "F-1/", "f.1"])
    async def test_tells_who_holds_the_number_however_it_is_written(
        self, register: InvoiceRegister, number: str
    ) -> None:
        await register.register(an_entry(1), SINCE)
        answer = await register.register(an_entry(2, number=number, amount=usd(7)), SINCE)
        assert (answer.registered, answer.holder) == (False, an_entry(1))
        assert answer.similar == (an_entry(1),)
        refused = await register.entry(invoice_case(2))
        assert refused is not None
        assert refused.state == "duplicate"

    @pytest.mark.parametrize("changes", [{"supplier": "S-2"}, {"kind": "credit-note"}, {"number": "F-10"}])
    async def test_another_supplier_kind_or_number_is_another_invoice(
        self, register: InvoiceRegister, changes: dict[str, str]
    ) -> None:
        await register.register(an_entry(1), SINCE)
        assert (await register.register(an_entry(2, **{"number": "F-1"} | changes), SINCE)).registered

    async def test_a_number_without_letters_and_digits_is_taken_as_it_is(self, register: InvoiceRegister) -> None:
        await register.register(an_entry(1, number="--"), SINCE)
        assert (await register.register(an_entry(2, number="/"), SINCE)).registered
        assert not (await register.register(an_entry(3, number=" -- "), SINCE)).registered

    async def test_of_a_hundred_at_once_exactly_one_is_registered_and_all_others_see_it(
        self, register: InvoiceRegister
    ) -> None:
        entries = [an_entry(number, number="F-77") for number in range(100)]
        answers = await asyncio.gather(*(register.register(entry, SINCE) for entry in entries))
        (winner,) = [entry for entry, answer in zip(entries, answers, strict=True) if answer.registered]
        losers = [answer for answer in answers if not answer.registered]
        assert len(losers) == 99
        assert {answer.holder for answer in losers} == {winner}

    async def test_of_many_that_only_resemble_each_other_all_but_one_see_another(
        self, register: InvoiceRegister
    ) -> None:
        answers = await asyncio.gather(*(register.register(an_entry(number), SINCE) for number in range(30)))
        assert all(answer.registered for answer in answers)
        assert sorted(len(answer.similar) for answer in answers) == list(range(30))

    @pytest.mark.parametrize("state", ["rejected", "cancelled", "duplicate"])
    async def test_an_invoice_that_came_to_nothing_frees_its_number(
        self, register: InvoiceRegister, state: InvoiceState
    ) -> None:
        await register.register(an_entry(1), SINCE)
        await register.set_state(invoice_case(1), state)
        answer = await register.register(an_entry(2, number="F-1"), SINCE)
        assert (answer.registered, answer.similar) == (True, ())

    @pytest.mark.parametrize("changes", [{"number": "F-9"}, {"supplier": "S-9"}, {"kind": "credit-note"}])
    async def test_a_correction_frees_the_old_number(self, register: InvoiceRegister, changes: dict[str, str]) -> None:
        await register.register(an_entry(1), SINCE)
        later = NOW + timedelta(days=1)
        assert (await register.register(an_entry(1, registered_at=later, **changes), SINCE)).registered
        assert await register.entry(invoice_case(1)) == an_entry(1, **changes)
        assert (await register.register(an_entry(2, number="F-1"), SINCE)).registered

    async def test_a_correction_to_a_number_that_is_held_holds_neither(self, register: InvoiceRegister) -> None:
        await register.register(an_entry(1), SINCE)
        await register.register(an_entry(2), SINCE)
        answer = await register.register(an_entry(2, number="F-1"), SINCE)
        assert (answer.registered, answer.holder) == (False, an_entry(1))
        assert (await register.register(an_entry(3, number="F-2"), SINCE)).registered

    async def test_a_duplicate_holds_the_number_once_it_is_free_and_registered_again(
        self, register: InvoiceRegister
    ) -> None:
        await register.register(an_entry(1), SINCE)
        await register.register(an_entry(2, number="F-1"), SINCE)
        await register.set_state(invoice_case(1), "rejected")
        assert (await register.register(an_entry(2, number="F-1"), SINCE)).registered
        assert await register.entry(invoice_case(2)) == an_entry(2, number="F-1")

    @pytest.mark.parametrize("state", ["posted", "payable", "paid"])
    async def test_what_is_booked_stays_as_it_is(self, register: InvoiceRegister, state: InvoiceState) -> None:
        await register.register(an_entry(1), SINCE)
        await register.set_state(invoice_case(1), state)
        assert (await register.register(an_entry(1, number="F-9", amount=usd(1)), SINCE)).registered
        assert await register.entry(invoice_case(1)) == an_entry(1, state=state)

    async def test_what_is_only_matched_must_be_matched_again(self, register: InvoiceRegister) -> None:
        await register.register(an_entry(1), SINCE)
        await register.set_state(invoice_case(1), "matched")
        await register.register(an_entry(1, amount=usd(1)), SINCE)
        assert await register.entry(invoice_case(1)) == an_entry(1, amount=usd(1))

    async def test_an_unknown_state_is_refused(self, register: InvoiceRegister) -> None:
        with pytest.raises(RefusedError) as refused:
            await register.register(an_entry(state="lost"), SINCE)
        assert refused.value.code == "unknown-state"


class TestSimilar:
    async def test_same_amount_or_a_common_order_and_the_nearest_first(self, register: InvoiceRegister) -> None:
        known = [
            an_entry("order", amount=usd(1), order_numbers=("PO-1", "PO-7")),
            an_entry("amount", amount=usd("55.500")),
            an_entry("later", amount=usd("55.5"), issued_on=ISSUED + timedelta(days=1)),
            an_entry("neither", amount=usd(2), order_numbers=("PO-2",)),
            an_entry("other-supplier", supplier="S-2", amount=usd("55.5")),
            an_entry("credit", kind="credit-note", amount=usd("55.5")),
            an_entry("euro", amount={"amount": "55.5", "currency": "EUR"}),
        ]
        for entry in known:
            await register.register(entry, SINCE)
        answer = await register.register(an_entry("new", amount=usd("55.5"), order_numbers=("PO-3", "PO-7")), SINCE)
        assert [each.number for each in answer.similar] == ["F-later", "F-amount", "F-order"]

    async def test_the_same_number_of_the_other_kind_and_the_same_document_of_anybody(
        self, register: InvoiceRegister
    ) -> None:
        sent = "a" * 64
        await register.register(an_entry(1, kind="credit-note"), SINCE)
        old = an_entry(2, supplier="S-2", document_sha256=sent, issued_on=date(2020, 1, 1))
        await register.register(old, SINCE)
        await register.register(an_entry(3, supplier="S-2", number="F-1"), SINCE)
        answer = await register.register(an_entry(4, number="F-1", document_sha256=sent, amount=usd(7)), SINCE)
        assert answer.registered
        assert [each.case_id for each in answer.similar] == [invoice_case(2), invoice_case(1)]

    async def test_only_those_issued_since(self, register: InvoiceRegister) -> None:
        await register.register(an_entry(1, issued_on=date(2026, 1, 9)), SINCE)
        await register.register(an_entry(2, issued_on=date(2026, 1, 10)), SINCE)
        answer = await register.register(an_entry(3), date(2026, 1, 10))
        assert [each.case_id for each in answer.similar] == [invoice_case(2)]

    async def test_never_itself(self, register: InvoiceRegister) -> None:
        await register.register(an_entry(1, order_numbers=("PO-1",)), SINCE)
        assert (await register.register(an_entry(1, order_numbers=("PO-1",)), SINCE)).similar == ()

    async def test_at_most_a_hundred(self, register: InvoiceRegister) -> None:
        for number in range(105):
            await register.register(an_entry(number, amount=usd(number + 1), order_numbers=("PO-1",)), SINCE)
        answer = await register.register(an_entry("new", amount=usd(5), order_numbers=("PO-1",)), SINCE)
        assert len(answer.similar) == 100
        assert answer.similar[0].amount == usd(5)


class TestStates:
    async def test_a_state_set_twice_is_set_once(self, register: InvoiceRegister) -> None:
        await register.register(an_entry(1), SINCE)
        for _ in range(2):
            await register.set_state(invoice_case(1), "matched")
        assert await register.entry(invoice_case(1)) == an_entry(1, state="matched")

    async def test_an_invoice_that_was_never_registered_has_no_state(self, register: InvoiceRegister) -> None:
        await register.set_state(invoice_case(1), "rejected")
        assert await register.entry(invoice_case(1)) is None

    async def test_no_state_takes_the_number_from_its_holder(self, register: InvoiceRegister) -> None:
        await register.register(an_entry(1), SINCE)
        await register.register(an_entry(2, number="F-1"), SINCE)
        with pytest.raises(RefusedError) as refused:
            await register.set_state(invoice_case(2), "matched")
        assert refused.value.code == "number-held"


class TestFinding:
    async def test_by_number_for_credit_notes(self, register: InvoiceRegister) -> None:
        await register.register(an_entry(1), SINCE)
        await register.set_state(invoice_case(1), "rejected")
        for entry in (an_entry(2, number="F-1"), an_entry(3, number="f1"), an_entry(4, supplier="S-2", number="F-1")):
            await register.register(entry, SINCE)
        await register.register(an_entry(5, kind="credit-note"), SINCE)
        found = await register.find("S-1", ["F 1", "F-5", "F-6"])
        assert [each.case_id for each in found] == [invoice_case(2), invoice_case(1)]
        assert await register.find("S-1", []) == ()

    async def test_by_order(self, register: InvoiceRegister) -> None:
        await register.register(an_entry(1, order_numbers=("PO-1", "PO-2")), SINCE)
        await register.register(an_entry(2, order_numbers=("PO-2",)), SINCE)
        await register.register(an_entry(3), SINCE)
        assert await register.cases_of_orders(["PO-2", "PO-9"]) == (invoice_case(1), invoice_case(2))
        assert await register.cases_of_orders(["PO-1"]) == (invoice_case(1),)
        assert await register.cases_of_orders([]) == ()


class TestConfirmedAccounts:
    async def test_once_per_supplier_account_and_case(self, register: InvoiceRegister) -> None:
        first, second = a_confirmation(), a_confirmation(case_id=invoice_case(2), at=NOW + timedelta(days=1))
        for each in (second, first, a_confirmation(confirmed_by=("mallory",)), a_confirmation(supplier="S-2")):
            await register.confirm_account(each)
        assert await register.confirmations("S-1") == (first, second)
        assert await register.confirmations("S-3") == ()
