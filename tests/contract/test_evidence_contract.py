"""What every evidence store does, checked on the one in memory and on PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from domain.case import Journal, StoredEntry
from domain.chain import body_of, chain_hash, sha256
from domain.people import Actor
from domain.ports.evidence import CaseFilter, InvalidCursorError
from tests.fixtures.evidence import CASE, START, Store, a_journal, a_notice, a_snapshot, a_task, an_entry

ALL = CaseFilter(facilities=("*",))
OWNER = Actor(person="b.brown", roles=("cost-centre-owner",), facilities=("north",))


async def _timeline(store: Store, case_id: str = CASE, page: int = 3) -> list[StoredEntry]:
    entries: list[StoredEntry] = []
    cursor = None
    while True:
        found = await store.reader.timeline(case_id, cursor, page)
        entries.extend(found.items)
        cursor = found.next_cursor
        if cursor is None:
            return entries


async def _case_ids(store: Store, where: CaseFilter = ALL, page: int = 2) -> list[str]:
    ids: list[str] = []
    cursor = None
    while True:
        found = await store.reader.cases(where, cursor, page)
        ids.extend(case.case_id for case in found.items)
        cursor = found.next_cursor
        if cursor is None:
            return ids


async def _task_ids(store: Store, actor: Actor, page: int = 2) -> list[str]:
    ids: list[str] = []
    cursor = None
    while True:
        found = await store.reader.worklist(actor, cursor, page)
        ids.extend(item.task.task_id for item in found.items)
        cursor = found.next_cursor
        if cursor is None:
            return ids


# Recording


async def test_the_entries_of_many_cases_are_read_at_once(store: Store) -> None:
    """In the order of recording, which is not that of their numbers for what came late."""
    others = [f"{CASE}-{number}" for number in range(3)]
    await store.writer.record(a_journal(CASE, 1, an_entry(5)))
    await store.writer.record(a_journal(others[0], 1, an_entry(1), an_entry(2)))
    await store.writer.record(a_journal(others[1], 1, an_entry(1)))
    await store.writer.record(a_journal(CASE, 2, an_entry(4)))
    found = await store.reader.timelines([others[2], CASE, others[0]])
    assert {case: [entry.seq for entry in entries] for case, entries in found.items()} == {
        CASE: [5, 4],
        others[0]: [1, 2],
    }
    assert found[CASE] == tuple(stored.entry for stored in await _timeline(store))
    assert await store.reader.timelines([]) == {}


async def test_what_is_recorded_is_read_back_unchanged(store: Store) -> None:
    snapshot = a_snapshot(
        suppliers=("S-1", "S-2"), order_numbers=("PO-7",), due_at=START, awaiting_since=START, awaiting_role="buyer"
    )
    entry = an_entry(1, on_behalf_of="c.clark", detail={"amount": "10.00", "ratio": 1e16, "näme": [1, {"a": None}]})
    task = a_task("T-1", due_at=START, subject={"lines": [1, 2]}, excluded=("n.adams",))
    await store.writer.record(Journal(snapshot=snapshot, entries=(entry,), tasks=(task,)))
    assert await store.reader.case(CASE) == snapshot
    assert [stored.entry for stored in await _timeline(store)] == [entry]
    assert await store.reader.tasks_of_case(CASE) == (task,)
    found = await store.reader.task("T-1")
    assert found is not None
    assert (found.task, found.claim) == (task, None)


async def test_what_is_not_there_is_none(store: Store) -> None:
    assert await store.reader.case(CASE) is None
    assert await store.reader.task("T-1") is None
    assert await store.reader.case_of_order("PO-1") is None
    assert await store.reader.tasks_of_case(CASE) == ()
    assert (await store.reader.timeline(CASE, None, 10)).items == ()
    assert await store.reader.verify(CASE) == (0, ())


async def test_a_journal_recorded_again_changes_nothing(store: Store) -> None:
    journal = a_journal(CASE, 1, an_entry(1), an_entry(2), tasks=(a_task("T-1"),), notices=(a_notice("N-1"),))
    await store.writer.record(journal)
    before = await _timeline(store)
    await store.writer.record(journal)
    assert await _timeline(store) == before
    assert len(await store.outbox.take(["email"], 10, START, START + timedelta(minutes=1))) == 1
    assert await store.outbox.take(["email"], 10, START, START + timedelta(minutes=1)) == ()


async def test_a_fact_that_is_known_by_its_number_stays_as_it_was(store: Store) -> None:
    await store.writer.record(a_journal(CASE, 1, an_entry(1)))
    await store.writer.record(a_journal(CASE, 2, an_entry(1, summary="another story"), an_entry(2)))
    assert [stored.entry for stored in await _timeline(store)] == [an_entry(1), an_entry(2)]


async def test_a_snapshot_of_a_lower_version_never_replaces_a_later_one(store: Store) -> None:
    await store.writer.record(a_journal(CASE, 5, an_entry(5), stage="ordering", suppliers=("S-2",)))
    await store.writer.record(a_journal(CASE, 4, an_entry(4), stage="approval", suppliers=("S-1",)))
    case = await store.reader.case(CASE)
    assert case is not None
    assert (case.version, case.stage) == (5, "ordering")
    assert [stored.entry.seq for stored in await _timeline(store)] == [5, 4]  # no fact is lost for being late
    assert await _case_ids(store, CaseFilter(facilities=("*",), supplier="S-1")) == []
    assert await _case_ids(store, CaseFilter(facilities=("*",), supplier="S-2")) == [CASE]


async def test_each_entry_is_chained_to_the_one_before_it(store: Store) -> None:
    await store.writer.record(a_journal(CASE, 1, an_entry(1), an_entry(2, detail={"b": 1, "a": "é\n\"\\'"})))
    await store.writer.record(a_journal(CASE, 2, an_entry(3)))
    previous = ""
    for position, stored in enumerate(await _timeline(store), start=1):
        assert (stored.position, stored.previous_hash) == (position, previous)
        assert stored.hash == chain_hash(previous, CASE, sha256(body_of(stored.entry)), stored.recorded_at)
        previous = stored.hash
    assert await store.reader.verify(CASE) == (3, ())


async def test_concurrent_records_of_one_case_keep_the_chain_whole(store: Store) -> None:
    journals = [a_journal(CASE, seq, an_entry(seq), an_entry(seq + 1)) for seq in range(1, 40)]
    await asyncio.gather(*(store.writer.record(journal) for journal in journals))
    entries = await _timeline(store)
    assert [stored.position for stored in entries] == list(range(1, 41))
    assert sorted(stored.entry.seq for stored in entries) == list(range(1, 41))
    assert await store.reader.verify() == (40, ())
    case = await store.reader.case(CASE)
    assert case is not None
    assert case.version == 39


async def test_text_that_a_database_may_not_hold_does_not_stop_the_record(store: Store) -> None:
    entry = an_entry(1, summary="a\x00b \\u0000 \\\x00")
    await store.writer.record(a_journal(CASE, 1, entry, title="a\x00b", tasks=(a_task("T-1", why="\x00"),)))
    assert len(await _timeline(store)) == 1
    assert (await store.reader.verify())[1] == ()


async def test_an_order_number_leads_to_its_case(store: Store) -> None:
    await store.writer.record(a_journal(CASE, 1, order_numbers=("PO-1",)))
    await store.writer.record(a_journal(CASE, 2, order_numbers=("PO-1", "PO-2")))
    assert await store.reader.case_of_order("PO-2") == CASE
    assert await store.reader.case_of_order("PO-3") is None


# Tasks


async def test_a_closed_task_is_never_opened_again_by_an_older_write(store: Store) -> None:
    closed = a_task("T-1", status="done", outcome="approve", closed_at=START)
    await store.writer.record(a_journal(CASE, 2, tasks=(closed,)))
    await store.writer.record(a_journal(CASE, 1, tasks=(a_task("T-1"),)))
    await store.writer.record(a_journal(CASE, 3, tasks=(a_task("T-1", status="cancelled"),)))
    assert await store.reader.tasks_of_case(CASE) == (closed,)
    assert await _task_ids(store, OWNER) == []


async def test_an_open_task_follows_the_later_journal(store: Store) -> None:
    later = a_task("T-1", role="finance-controller", escalated_from="cost-centre-owner")
    await store.writer.record(a_journal(CASE, 3, tasks=(later,)))
    await store.writer.record(a_journal(CASE, 2, tasks=(a_task("T-1"),)))
    assert await store.reader.tasks_of_case(CASE) == (later,)
    assert await _task_ids(store, OWNER) == []
    controller = Actor(person="f.frank", roles=("finance-controller",), facilities=("north",))
    assert await _task_ids(store, controller) == ["T-1"]


async def test_a_worklist_holds_what_the_actor_may_act_on(store: Store) -> None:
    tasks = (
        a_task("role"),
        a_task("other-role", role="buyer"),
        a_task("other-place", facility="south"),
        a_task("named", role="buyer", people=("b.brown", "c.clark")),
        a_task("others-named", people=("c.clark",)),
        a_task("excluded", excluded=("x.young", "b.brown")),
        a_task("named-and-excluded", people=("b.brown",), excluded=("b.brown",)),
        a_task("done", status="done"),
    )
    await store.writer.record(a_journal(CASE, 1, tasks=tasks))
    assert sorted(await _task_ids(store, OWNER)) == ["named", "role"]
    everywhere = OWNER.model_copy(update={"facilities": ("*", "north"), "roles": ("cost-centre-owner", "buyer")})
    assert sorted(await _task_ids(store, everywhere)) == ["named", "other-place", "other-role", "role"]
    nobody = Actor(person="n.adams")
    assert await _task_ids(store, nobody) == []


async def test_a_worklist_shows_the_most_urgent_first_page_by_page(store: Store) -> None:
    def due(hours: int) -> datetime:
        return START + timedelta(hours=hours)

    tasks = (
        a_task("never-b"),
        a_task("never-a"),
        a_task("late", due_at=due(9)),
        a_task("soon-younger", opened_at=START + timedelta(minutes=1), due_at=due(1)),
        a_task("soon", due_at=due(1)),
        a_task("named", people=("b.brown",), due_at=due(5)),
    )
    await store.writer.record(a_journal(CASE, 1, tasks=tasks))
    expected = ["soon", "soon-younger", "named", "late", "never-a", "never-b"]
    for page in (1, 2, 3, 100):
        assert await _task_ids(store, OWNER, page) == expected


async def test_the_first_claim_stands(store: Store) -> None:
    await store.writer.record(a_journal(CASE, 1, tasks=(a_task("T-1"),)))
    first = await store.reader.claim("T-1", "b.brown", START)
    again = await store.reader.claim("T-1", "b.brown", START + timedelta(hours=1))
    second = await store.reader.claim("T-1", "c.clark", START + timedelta(hours=2))
    assert first is not None
    assert first.claim is not None
    assert (first.claim.person, first.claim.at) == ("b.brown", START)
    assert first == again == second == await store.reader.task("T-1")
    await store.reader.unclaim("T-1", "c.clark")
    assert await store.reader.task("T-1") == first
    await store.reader.unclaim("T-1", "b.brown")
    free = await store.reader.task("T-1")
    assert free is not None
    assert free.claim is None


async def test_a_claim_outlives_a_later_write_of_its_task_and_closed_tasks_have_no_new_one(store: Store) -> None:
    await store.writer.record(a_journal(CASE, 1, tasks=(a_task("T-1"), a_task("T-2", status="done"))))
    await store.reader.claim("T-1", "b.brown", START)
    await store.writer.record(a_journal(CASE, 2, tasks=(a_task("T-1", title="Approve more gloves"),)))
    found = await store.reader.task("T-1")
    assert found is not None
    assert found.claim is not None
    assert found.task.title == "Approve more gloves"
    assert await store.reader.claim("T-2", "b.brown", START) is None
    assert await store.reader.claim("T-9", "b.brown", START) is None


# Lists


async def test_the_list_of_cases_is_complete_while_new_ones_come_in(store: Store) -> None:
    async def submit(number: int, place: str) -> str:
        case_id = f"procure-to-pay.{place}.REQ-{number:03}"
        # Three cases share each instant, so that pages are cut between equal ones.
        await store.writer.record(a_journal(case_id, 1, submitted_at=START + timedelta(minutes=number // 3)))
        return case_id

    places = ("north", "south", "elm-clinic")
    old = [await submit(number, places[number % 3]) for number in range(20)]
    seen: list[str] = []
    cursor, number = None, 20
    while True:
        page = await store.reader.cases(ALL, cursor, 3)
        seen.extend(case.case_id for case in page.items)
        await submit(number, places[number % 3])
        number += 1
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    assert len(seen) == len(set(seen))
    assert sorted(seen) == sorted(old)
    newest_first = sorted(old, key=lambda case: (int(case[-3:]) // 3, case), reverse=True)
    assert seen == newest_first


async def test_each_condition_narrows_the_list(store: Store) -> None:
    north, south = "procure-to-pay.north.A", "procure-to-pay.south.B"
    await store.writer.record(
        a_journal(
            north,
            1,
            stage="budget",
            suppliers=("S-1", "S-2"),
            order_numbers=("PO-6", "PO-7"),
            requester="c.clark",
            awaiting_role="finance-controller",
            awaiting_since=START,
            exception_code="budget-exceeded",
            emergency=True,
        )
    )
    await store.writer.record(
        a_journal(south, 1, status="completed", stage="closed", submitted_at=START + timedelta(days=2))
    )

    async def listed(**conditions: object) -> list[str]:
        given = {"facilities": ("north", "south")} | conditions
        return await _case_ids(store, CaseFilter.model_validate(given), page=1)

    assert await listed() == [south, north]
    assert await listed(facilities=("*",), facility="north") == [north]
    assert await listed(facilities=("north",), facility="south") == []
    assert await listed(facilities=("north", "north")) == [north]
    assert await listed(facilities=()) == []
    assert await listed(process="procure-to-pay") == [south, north]
    assert await listed(process="hire-to-provision") == []
    assert await listed(stage="budget") == [north]
    assert await listed(status="completed") == [south]
    assert await listed(supplier="S-2") == [north]
    assert await listed(supplier="S-2", facility="south") == []
    assert await listed(order_number="PO-7", supplier="S-2") == [north]
    assert await listed(order_number="PO-8") == []
    assert await listed(supplier="S-2", stage="budget", submitted_before=START + timedelta(days=1)) == [north]
    assert await listed(requester="n.adams") == [south]
    assert await listed(awaiting_role="finance-controller") == [north]
    assert await listed(exception_code="budget-exceeded") == [north]
    assert await listed(emergency=True) == [north]
    assert await listed(emergency=False) == [south]
    assert await listed(submitted_before=START + timedelta(days=1)) == [north]
    assert await listed(submitted_before=START) == []
    assert await listed(waiting_since_before=START) == []
    assert await listed(waiting_since_before=START + timedelta(seconds=1)) == [north]


async def test_a_page_of_one_supplier_goes_on_where_it_ended(store: Store) -> None:
    ids = [f"procure-to-pay.{place}.REQ-{number}" for number in range(4) for place in ("north", "south")]
    for case_id in ids:
        await store.writer.record(a_journal(case_id, 1, suppliers=("S-1", "S-2")))
    where = CaseFilter(facilities=("*",), supplier="S-1")
    assert await _case_ids(store, where, page=3) == sorted(ids, reverse=True)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "?",
        "no cursor",
        "bnVsbA==",  # null
        "WyJvdGhlciIsMV0=",  # ["other",1]
        "WyJjYXNlcyJd",  # ["cases"]
        "WyJjYXNlcyIsMSwyXQ==",  # ["cases",1,2]
        "WyJ0aW1lbGluZSIsLTFd",  # ["timeline",-1]
        "WyJ3b3JrbGlzdCIsIjIwMjYtMDMtMDIiLCIyMDI2LTAzLTAyIiwiVC0xIl0=",  # ["worklist","2026-03-02","2026-03-02","T-1"]
        "WyJjYXNlcyIsIjAwMDEtMDEtMDFUMDA6MDA6MDArMTQ6MDAiLCJhIl0=",  # ["cases","0001-01-01T00:00:00+14:00","a"]
        "ééé",
    ],
)
async def test_a_cursor_that_was_not_issued_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(InvalidCursorError):
        await store.reader.cases(ALL, cursor, 10)
    with pytest.raises(InvalidCursorError):
        await store.reader.timeline(CASE, cursor, 10)
    with pytest.raises(InvalidCursorError):
        await store.reader.worklist(OWNER, cursor, 10)


async def test_an_order_is_of_the_purchase_that_placed_it_and_listed_with_all_that_name_it(store: Store) -> None:
    invoice = "invoice-to-payment.north.INV-1"
    named = {"order_numbers": ("PO-7", "PO-8"), "process": "invoice-to-payment"}
    await store.writer.record(a_journal(invoice, 1, submitted_at=START + timedelta(days=1), **named))
    await store.writer.record(a_journal(CASE, 1, order_numbers=("PO-7",)))
    assert (await store.reader.case_of_order("PO-7"), await store.reader.case_of_order("PO-8")) == (CASE, None)
    assert await _case_ids(store, CaseFilter(facilities=("*",), order_number="PO-7")) == [invoice, CASE]
