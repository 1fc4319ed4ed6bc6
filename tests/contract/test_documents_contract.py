"""What every store of documents does, wherever it keeps them."""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal

import pytest

from domain.capture import StatedTerms
from domain.invoice import PaymentTerms
from domain.outside_errors import RefusedError
from domain.ports.documents import DocumentStore
from tests.fixtures.payable_stores import ISSUED, PayableStores, a_copy, a_document, invoice_case, usd

CONTENT = b"<Invoice>\x00\xff</Invoice>"


@pytest.fixture
def store(payable_stores: PayableStores) -> DocumentStore:
    return payable_stores.documents


async def test_an_original_comes_back_byte_by_byte(store: DocumentStore) -> None:
    document = a_document(CONTENT)
    assert await store.keep(document, CONTENT) == document
    assert await store.document(document.sha256) == document
    assert await store.content(document.sha256) == CONTENT
    assert await store.document("f" * 64) is None
    assert await store.content("f" * 64) is None


async def test_the_first_that_was_kept_under_a_hash_stays(store: DocumentStore) -> None:
    first = a_document(CONTENT)
    again = a_document(CONTENT, name="again.xml", channel="drop-folder", sender="acme")
    await store.keep(first, CONTENT)
    assert await store.keep(again, CONTENT) == first
    assert await store.document(first.sha256) == first


async def test_content_with_another_hash_is_refused(store: DocumentStore) -> None:
    document = a_document(CONTENT)
    with pytest.raises(RefusedError) as refused:
        await store.keep(document, CONTENT + b" ")
    assert refused.value.code == "hash-differs"
    assert await store.document(document.sha256) is None


async def test_the_same_file_twice_in_the_same_instant_is_kept_once(store: DocumentStore) -> None:
    named = [a_document(CONTENT, name=f"{number}.xml") for number in range(20)]
    kept = await asyncio.gather(*(store.keep(each, CONTENT) for each in named))
    assert len(set(kept)) == 1


async def test_copies_are_kept_by_case_and_version(store: DocumentStore) -> None:
    document = a_document(CONTENT)
    await store.keep(document, CONTENT)
    first = a_copy(document)
    second = a_copy(document, 2, by="ada", why="The date was\x00misread")
    elsewhere = a_copy(document, case_id=invoice_case(2))
    for copy in (second, first, elsewhere):
        assert await store.keep_copy(copy) == copy
    assert await store.copies(invoice_case(1)) == (first, second)
    assert await store.copy(invoice_case(1)) == second
    assert await store.copy(invoice_case(1), 1) == first
    assert await store.copy(invoice_case(1), 3) is None
    assert await store.copy(invoice_case(3)) is None
    assert await store.copies(invoice_case(3)) == ()


async def test_what_the_last_copies_state_is_read_of_many_at_once(store: DocumentStore) -> None:
    document = a_document(CONTENT)
    await store.keep(document, CONTENT)
    first = a_copy(document)
    terms = PaymentTerms(discount_percent=Decimal("2.5"), discount_days=10)
    line = first.invoice.lines[0].model_copy(update={"description": 'a \x00 "line" \\u0000'})
    corrected = first.invoice.model_copy(update={"terms": terms, "lines": (line,), "issued_on": date(2026, 2, 1)})
    last = a_copy(document, 2, invoice=corrected)
    other = a_copy(document, case_id=invoice_case(2), lines=3)
    for copy in (last, first, other):
        await store.keep_copy(copy)
    assert await store.stated_terms([invoice_case(2), invoice_case(3), invoice_case(1)]) == {
        invoice_case(1): StatedTerms(issued_on=date(2026, 2, 1), payable=usd("10.05"), terms=terms),
        invoice_case(2): StatedTerms(issued_on=ISSUED, payable=usd("30.15")),
    }
    assert await store.stated_terms([]) == {}


async def test_a_version_that_is_kept_is_not_replaced(store: DocumentStore) -> None:
    document = a_document(CONTENT)
    await store.keep(document, CONTENT)
    first = await store.keep_copy(a_copy(document))
    assert await store.keep_copy(a_copy(document, by="mallory")) == first
    assert await store.copies(invoice_case(1)) == (first,)


async def test_a_copy_needs_its_original(store: DocumentStore) -> None:
    with pytest.raises(RefusedError) as refused:
        await store.keep_copy(a_copy(a_document(CONTENT)))
    assert refused.value.code == "no-original"


async def test_an_invoice_of_ten_thousand_lines_is_a_copy_like_any_other(store: DocumentStore) -> None:
    document = a_document(CONTENT)
    await store.keep(document, CONTENT)
    copy = a_copy(document, lines=10_000)
    await store.keep_copy(copy)
    assert await store.copy(copy.case_id) == copy
