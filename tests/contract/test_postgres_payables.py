"""What the database itself refuses, whoever asks it: another payment, another text, an unmatched invoice."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import asyncpg
import pytest

from adapters.postgres.pool import Pool
from domain.outside_errors import TemporarilyUnavailableError
from domain.payment import BankFact
from tests.fixtures.payable_stores import (
    ACCOUNT,
    SINCE,
    PayableStores,
    a_confirmation,
    a_copy,
    a_document,
    a_payment,
    an_entry,
    an_offer,
    invoice_case,
    postgres_stores,
)

CONTENT = b"<Invoice/>"
ONE = an_offer(1)


@pytest.fixture
def stores(payables_pool: Pool) -> PayableStores:
    return postgres_stores(payables_pool)


@pytest.fixture
async def filled(stores: PayableStores) -> PayableStores:
    document = a_document(CONTENT)
    await stores.documents.keep(document, CONTENT)
    await stores.documents.keep_copy(a_copy(document))
    await stores.booked(ONE, an_offer(2))
    await stores.ledger.claim("run-1", [a_payment("P1", [ONE])])
    await stores.ledger.keep_file("run-1", "M1", "pain.xml", "<Document/>")
    return stores


@pytest.mark.parametrize("table", ["documents", "invoice_copies", "payment_files"])
@pytest.mark.parametrize("change", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"])
async def test_what_was_kept_is_neither_changed_nor_removed(
    filled: PayableStores, payables_pool: Pool, table: str, change: str
) -> None:
    column = {"documents": "sender", "invoice_copies": "made_by", "payment_files": "name"}[table]
    with pytest.raises(asyncpg.RestrictViolationError):
        await payables_pool.execute(change.format(table, column))


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM payments",
        "DELETE FROM payment_items",
        "UPDATE payment_items SET amount = 1",
        "UPDATE payment_items SET case_id = 'else'",
        "UPDATE account_confirmations SET supplier = 'S-9'",
        "DELETE FROM account_confirmations",
        "UPDATE bank_facts SET kind = 'payment-returned'",
        "DELETE FROM bank_facts",
    ],
)
async def test_history_is_only_added_to(filled: PayableStores, payables_pool: Pool, statement: str) -> None:
    await filled.register.confirm_account(a_confirmation())
    await filled.ledger.take_in("bank", "1", "a", "<a>", [BankFact(fact_id="F1", kind="payment-booked")], [])
    with pytest.raises(asyncpg.RestrictViolationError):
        await payables_pool.execute(statement)


async def test_a_claim_that_ended_does_not_live_again(filled: PayableStores, payables_pool: Pool) -> None:
    await filled.ledger.release("run-1", ["P1"], "withdrawn", "")
    with pytest.raises(asyncpg.RestrictViolationError):
        await payables_pool.execute("UPDATE payment_items SET active = true")


async def test_content_must_have_the_hash_that_names_it(filled: PayableStores, payables_pool: Pool) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await payables_pool.execute(
            "INSERT INTO documents (sha256, media_type, name, size, channel, sender, received_at, content)"
            " SELECT repeat('f', 64), media_type, name, size, channel, sender, received_at, content FROM documents"
        )


async def test_a_number_has_one_holder(filled: PayableStores, payables_pool: Pool) -> None:
    with pytest.raises(asyncpg.UniqueViolationError):
        await payables_pool.execute("UPDATE invoice_register SET number_key = 'F1'")


@pytest.mark.parametrize("state", ["registered", "matched", "rejected"])
async def test_an_unmatched_invoice_is_neither_offered_nor_claimed(
    filled: PayableStores, payables_pool: Pool, state: str
) -> None:
    await payables_pool.execute("UPDATE invoice_register SET state = $1 WHERE case_id = $2", state, invoice_case(2))
    for statement in (
        "UPDATE payables SET body = body WHERE case_id = $1",
        "INSERT INTO payment_items (payment_id, case_id, amount, discount) VALUES ('P1', $1, 1, 0)",
    ):
        with pytest.raises(asyncpg.CheckViolationError) as refused:
            await payables_pool.execute(statement, invoice_case(2))
        assert refused.value.constraint_name == "matched_before_paid"


async def test_a_held_invoice_is_not_claimed(filled: PayableStores, payables_pool: Pool) -> None:
    await filled.ledger.hold(invoice_case(2), "wait")
    with pytest.raises(asyncpg.CheckViolationError):
        await payables_pool.execute(
            "INSERT INTO payment_items (payment_id, case_id, amount, discount) VALUES ('P1', $1, 1, 0)", invoice_case(2)
        )


async def test_an_invoice_has_one_claim(filled: PayableStores, payables_pool: Pool) -> None:
    await filled.ledger.claim("run-2", [a_payment("P2", [an_offer(2)], "run-2")])
    with pytest.raises(asyncpg.UniqueViolationError):
        await payables_pool.execute(
            "INSERT INTO payment_items (payment_id, case_id, amount, discount) VALUES ('P2', $1, 1, 0)", ONE.case_id
        )


async def test_amounts_are_exact_and_account_numbers_stand_in_json_only(
    filled: PayableStores, payables_pool: Pool
) -> None:
    for table in ("payables", "payments", "payment_items", "invoice_register"):
        row = dict((await payables_pool.fetch(f"SELECT * FROM {table}"))[0])  # noqa: S608 - names are constants
        assert row["amount"] == Decimal("100.10")
        assert not [name for name, value in row.items() if name != "body" and ACCOUNT.iban in str(value)]


async def test_a_claim_and_a_state_that_ends_it_wait_for_one_another(
    filled: PayableStores, payables_pool: Pool
) -> None:
    """Whoever takes the invoice back while a run claims it finds it claimed, or keeps it from being claimed."""
    for number in range(10, 30):
        await filled.booked(an_offer(number))
    answers = await asyncio.gather(
        *(filled.ledger.claim(f"run-{n}", [a_payment(f"P{n}", [an_offer(n)])]) for n in range(10, 30)),
        *(filled.register.set_state(invoice_case(n), "cancelled") for n in range(10, 30)),
    )
    claimed = {case for answer in answers[:20] if answer is not None for case in answer.claimed}
    stored = await payables_pool.fetch("SELECT case_id FROM payment_items WHERE active")
    assert {row["case_id"] for row in stored} == claimed | {ONE.case_id}


async def test_whoever_registers_waits_for_those_of_the_same_supplier(
    stores: PayableStores, payables_pool: Pool
) -> None:
    async with payables_pool.acquire() as other, other.transaction():
        await other.execute("SELECT pg_advisory_xact_lock(hashtextextended('invoice-register:S-1', 0))")
        assert (await stores.register.register(an_entry(1, supplier="S-2"), SINCE)).registered
        waiting = asyncio.create_task(stores.register.register(an_entry(2), SINCE))
        async with asyncio.timeout(10):
            while not await payables_pool.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                pass
        assert not waiting.done()
    assert (await waiting).registered


async def test_a_database_that_is_gone_is_a_passing_fault(stores: PayableStores, payables_pool: Pool) -> None:
    await payables_pool.close()
    for call in (
        stores.documents.document("0" * 64),
        stores.register.register(an_entry(1), SINCE),
        stores.ledger.claim("run-1", [a_payment("P1", [ONE])]),
        stores.ledger.take_in("bank", "1", "a", "<a>", [], []),
    ):
        with pytest.raises(TemporarilyUnavailableError):
            await call
