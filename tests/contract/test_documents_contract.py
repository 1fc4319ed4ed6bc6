"""What every store of documents does, wherever it keeps them."""

from __future__ import annotations

import asyncio

import pytest

from domain.outside_errors import RefusedError
from domain.ports.documents import DocumentStore
from tests.fixtures.payable_stores import PayableStores, a_copy, a_document, invoice_case

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
