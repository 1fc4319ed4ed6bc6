"""One thread over the cases of a family, on the store in memory and on PostgreSQL."""

from __future__ import annotations

import pytest

from domain.ports.evidence import FamilyEntry, InvalidCursorError
from tests.fixtures.evidence import Store, a_journal, an_entry

PURCHASE = "procure-to-pay.north.REQ-1"
INVOICE = "invoice-to-payment.north.INV-1"
RUN = "payment-run.north.RUN-1"
STRANGER = "procure-to-pay.north.REQ-2"


@pytest.fixture
async def family(store: Store) -> Store:
    """The invoice names the purchase, the run the invoice; they take turns, and somebody else is always in between."""
    for seq in (1, 2):
        await store.writer.record(a_journal(PURCHASE, seq, an_entry(seq, kind="ordered")))
        await store.writer.record(a_journal(STRANGER, seq, an_entry(seq)))
        await store.writer.record(a_journal(INVOICE, seq, an_entry(seq, kind="matched"), linked=(PURCHASE,)))
        await store.writer.record(a_journal(RUN, seq, an_entry(seq, kind="paid"), linked=(INVOICE,)))
    return store


async def thread(store: Store, case_id: str, limit: int = 100) -> list[FamilyEntry]:
    found: list[FamilyEntry] = []
    cursor: str | None = None
    while True:
        page = await store.reader.family_timeline(case_id, cursor, limit)
        assert len(page.items) <= limit
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


@pytest.mark.parametrize("case_id", [PURCHASE, INVOICE, RUN])
async def test_everything_of_a_family_is_one_thread_in_order_of_recording(family: Store, case_id: str) -> None:
    found = await thread(family, case_id)
    assert [(each.case_id, each.entry.entry.seq) for each in found] == [
        (case, seq) for seq in (1, 2) for case in (PURCHASE, INVOICE, RUN)
    ]
    own = (await family.reader.timeline(case_id, None, 10)).items
    assert tuple(each.entry for each in found if each.case_id == case_id) == own


@pytest.mark.parametrize("limit", [1, 2, 4, 6])
async def test_pages_join_without_gap_and_overlap(family: Store, limit: int) -> None:
    assert await thread(family, INVOICE, limit) == await thread(family, INVOICE)


async def test_what_is_recorded_meanwhile_comes_at_the_end(family: Store) -> None:
    page = await family.reader.family_timeline(PURCHASE, None, 5)
    await family.writer.record(a_journal(PURCHASE, 3, an_entry(3)))
    rest = await family.reader.family_timeline(PURCHASE, page.next_cursor, 5)
    assert [(each.case_id, each.entry.entry.seq) for each in rest.items] == [(RUN, 2), (PURCHASE, 3)]


async def test_entries_of_one_instant_are_in_order_of_their_places(store: Store) -> None:
    """A journal is recorded at one instant."""
    await store.writer.record(a_journal(PURCHASE, 1, *(an_entry(seq) for seq in range(1, 8))))
    assert [each.entry.position for each in await thread(store, PURCHASE, 3)] == [1, 2, 3, 4, 5, 6, 7]


async def test_a_case_alone_is_its_own_thread_and_an_unknown_one_has_none(family: Store) -> None:
    assert [each.case_id for each in await thread(family, STRANGER)] == [STRANGER, STRANGER]
    assert await thread(family, "procure-to-pay.north.REQ-9") == []


async def test_a_cursor_of_another_list_is_refused(family: Store) -> None:
    cursor = (await family.reader.timeline(PURCHASE, None, 1)).next_cursor
    with pytest.raises(InvalidCursorError):
        await family.reader.family_timeline(PURCHASE, cursor, 10)
