"""What becomes of documents, the register and payments when their case is purged or redacted, on both stores."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from adapters.memory.checkpoints import MemoryCheckpoints
from adapters.memory.documents import MemoryDocuments
from adapters.memory.evidence import MemoryEvidence
from adapters.memory.invoice_register import MemoryInvoiceRegister
from adapters.memory.keeping import MemoryKeeper
from adapters.memory.payment_ledger import MemoryPaymentLedger
from adapters.postgres.checkpoints import PostgresCheckpoints
from adapters.postgres.evidence import PostgresEvidence
from adapters.postgres.keeping import PostgresKeeper
from adapters.postgres.pool import Pool
from domain.claiming import anonymous
from domain.keeping import Order, purge, redact
from domain.payment import BankFact
from domain.people import Actor
from domain.ports.checkpoints import CheckpointStore
from domain.ports.evidence import EvidenceWriter
from domain.ports.keeping import EvidenceKeeper
from tests.fixtures.evidence import START, a_journal, an_entry
from tests.fixtures.payable_stores import (
    PayableStores,
    a_confirmation,
    a_copy,
    a_document,
    a_payment,
    an_offer,
    invoice_case,
    postgres_stores,
)

RUN, OTHER_RUN = "payment-run.north.RUN-1", "payment-run.north.RUN-2"
ONE, TWO, THREE = an_offer(1), an_offer(2), an_offer(3)
WHY = Order(
    actor=Actor(person="cleo", roles=("compliance-officer",)),
    reason="The law wants it",
    at=datetime(2034, 1, 1, tzinfo=UTC),
)
OWN, SHARED = b"<Invoice>1</Invoice>", b"<Invoice>2</Invoice>"


@dataclass(frozen=True)
class House:
    stores: PayableStores
    writer: EvidenceWriter
    checkpoints: CheckpointStore
    keeper: EvidenceKeeper
    memory: MemoryPaymentLedger | None = None
    pool: Pool | None = None

    async def purge(self, case_id: str) -> None:
        assert await self.keeper.change(case_id, lambda case: purge(case, 7, "retention", WHY))

    async def message(self, key: str) -> str:
        if self.memory is not None:
            return self.memory.message("bank", key)
        assert self.pool is not None
        content = await self.pool.fetchval("SELECT content FROM bank_messages WHERE key = $1", key)
        return bytes(content).decode()


def _memory() -> House:
    evidence, register = MemoryEvidence(), MemoryInvoiceRegister()
    documents, ledger = MemoryDocuments(), MemoryPaymentLedger(register)
    keeper = MemoryKeeper(evidence, beside=(documents, register, ledger))
    stores = PayableStores(documents, register, ledger)
    return House(stores, evidence, MemoryCheckpoints(evidence), keeper, memory=ledger)


def _postgres(pool: Pool) -> House:
    checkpoints, keeper = PostgresCheckpoints(pool), PostgresKeeper(pool)
    return House(postgres_stores(pool), PostgresEvidence(pool), checkpoints, keeper, pool=pool)


@pytest.fixture(params=["memory", "postgres"])
def empty_house(request: pytest.FixtureRequest) -> House:
    return _memory() if request.param == "memory" else _postgres(request.getfixturevalue("payables_pool"))


@pytest.fixture
async def house(empty_house: House) -> House:
    """Two invoices of one shared document and one of its own, paid by two runs; all cases are closed and sealed."""
    await _fill(empty_house)
    return empty_house


async def _fill(house: House) -> None:
    stores = house.stores
    for content in (OWN, SHARED):
        await stores.documents.keep(a_document(content), content)
    for number, content in ((1, OWN), (1, SHARED), (2, SHARED)):
        version = 2 if (number, content) == (1, SHARED) else 1
        await stores.documents.keep_copy(a_copy(a_document(content), version, case_id=invoice_case(number)))
    await stores.booked(ONE, TWO, THREE)
    await stores.register.confirm_account(a_confirmation())
    await stores.ledger.hold(THREE.case_id, "Mrs. Smith said so")
    await stores.ledger.claim(RUN, [a_payment("P1", [ONE], RUN)])
    await stores.ledger.claim(OTHER_RUN, [a_payment("P2", [TWO], OTHER_RUN)])
    for payment in ("P1", "P2"):
        await stores.ledger.set_state([payment], "booked", "as Mrs. Smith said")
    await stores.ledger.keep_file(RUN, "M1", "pain.xml", "<Document/>")
    facts = [BankFact(fact_id=f"F{name}", kind="payment-booked", payment_id=name) for name in ("P1", "P2")]
    await stores.ledger.take_in("bank", "1", "one", "P1 is booked", facts[:1], [])
    await stores.ledger.take_in("bank", "2", "both", "P1 and P2", [facts[1], _returned()], [])
    for case in (ONE.case_id, TWO.case_id, THREE.case_id, RUN, OTHER_RUN):
        closed = START + timedelta(days=30)
        await house.writer.record(a_journal(case, 1, an_entry(1), status="completed", closed_at=closed))
    await house.checkpoints.seal(START + timedelta(days=31))


def _returned() -> BankFact:
    return BankFact(fact_id="FR", kind="payment-returned", payment_id="P1")


async def test_documents_go_with_the_last_case_that_has_copies_of_them(house: House) -> None:
    documents = house.stores.documents
    await house.purge(ONE.case_id)
    assert await documents.copies(ONE.case_id) == ()
    assert await documents.document(a_document(OWN).sha256) is None
    assert await documents.content(a_document(SHARED).sha256) == SHARED
    await house.purge(TWO.case_id)
    assert await documents.document(a_document(SHARED).sha256) is None
    assert await documents.keep(a_document(OWN), OWN) == a_document(OWN)


async def test_the_register_forgets_the_invoice(house: House) -> None:
    await house.purge(ONE.case_id)
    assert await house.stores.register.entry(ONE.case_id) is None
    assert await house.stores.register.confirmations("S-1") == ()
    assert await house.stores.register.entry(TWO.case_id) is not None


async def test_payments_stay_when_an_invoice_of_theirs_goes(house: House) -> None:
    before = await house.stores.ledger.payments_of(RUN)
    await house.purge(ONE.case_id)
    assert await house.stores.ledger.payments_of(RUN) == before
    assert (await house.stores.ledger.claim(OTHER_RUN, [a_payment("P9", [ONE], OTHER_RUN)])).claimed == ()


async def test_payments_lose_whom_they_went_to_with_their_run(house: House) -> None:
    ledger = house.stores.ledger
    (before,) = await ledger.payments_of(RUN)
    await house.purge(RUN)
    assert await ledger.payments_of(RUN) == (anonymous(before),)
    assert await ledger.file("M1") is None
    (kept,) = await ledger.payments_of(OTHER_RUN)
    assert kept.account == TWO.account
    assert not (await ledger.claim(OTHER_RUN, [a_payment("P8", [ONE], OTHER_RUN)])).claimed  # it is paid as ever


async def test_messages_of_the_bank_are_emptied_when_all_payments_that_they_name_are_purged(house: House) -> None:
    await house.purge(RUN)
    assert (await house.message("1"), await house.message("2")) == ("", "P1 and P2")
    await house.purge(OTHER_RUN)
    assert (await house.message("1"), await house.message("2")) == ("", "")
    assert await house.stores.ledger.take_in("bank", "3", "late", "P1 again", [_returned()], []) == ()


async def test_a_redacted_text_goes_from_reasons_too(house: House) -> None:
    for case_id in (THREE.case_id, RUN):
        await house.writer.record(a_journal(case_id, 2, an_entry(2, summary="Mrs. Smith"), status="completed"))
        assert await house.keeper.change(case_id, lambda case: redact(case, "Mrs. Smith", WHY))
    ((_, reason),) = await house.stores.ledger.held("north", "USD", 10)
    assert reason == "[redacted] said so"
    reasons = [(await house.stores.ledger.payments_of(run))[0].reason for run in (RUN, OTHER_RUN)]
    assert reasons == ["as [redacted] said", "as Mrs. Smith said"]


async def test_nothing_of_a_case_that_is_kept_may_be_removed(payables_pool: Pool) -> None:
    """The tombstone of one case opens no other."""
    house = _postgres(payables_pool)
    await _fill(house)
    await house.purge(ONE.case_id)
    for statement in ("DELETE FROM invoice_copies", "DELETE FROM documents", "DELETE FROM payment_files"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await payables_pool.execute(statement)
