"""What every outbox does, checked on the one in memory and on PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from adapters.memory.notices import MemoryNotices
from adapters.memory.outbox import MemoryOutbox
from adapters.postgres.notices import PostgresNotices
from domain.ports.evidence import Delivery, NoticeBoard
from tests.fixtures.evidence import CASE, CHANNELS, START, Store, a_journal, a_notice

MINUTE = timedelta(minutes=1)


async def _record(store: Store, *ids: str) -> None:
    await store.writer.record(a_journal(CASE, 1, notices=tuple(a_notice(notice_id) for notice_id in ids)))


def _names(deliveries: tuple[Delivery, ...]) -> list[tuple[str, str]]:
    return [(delivery.notice.notice_id, delivery.channel) for delivery in deliveries]


async def test_a_notice_is_due_once_on_every_channel(store: Store) -> None:
    await _record(store, "N-2", "N-1")
    taken = await store.outbox.take(CHANNELS, 10, START, START + MINUTE)
    assert _names(taken) == [(notice, channel) for notice in ("N-2", "N-1") for channel in CHANNELS]
    assert taken[0].notice == a_notice("N-2")
    assert await store.outbox.take(CHANNELS, 10, START, START + MINUTE) == ()


async def test_a_relay_takes_only_its_channels_and_no_more_than_its_limit(store: Store) -> None:
    await _record(store, "N-1", "N-2", "N-3")
    assert _names(await store.outbox.take(["email"], 2, START, START + MINUTE)) == [("N-1", "email"), ("N-2", "email")]
    assert _names(await store.outbox.take(["email"], 2, START, START + MINUTE)) == [("N-3", "email")]
    assert await store.outbox.take([], 2, START, START + MINUTE) == ()
    assert len(await store.outbox.take(["webhook:portal"], 9, START, START + MINUTE)) == 3


async def test_what_a_dead_relay_held_is_free_after_its_lease(store: Store) -> None:
    await _record(store, "N-1")
    await store.outbox.take(["email"], 1, START, START + MINUTE)
    assert await store.outbox.take(["email"], 1, START + MINUTE / 2, START + MINUTE) == ()
    assert _names(await store.outbox.take(["email"], 1, START + MINUTE, START + 2 * MINUTE)) == [("N-1", "email")]


async def test_a_failure_on_one_channel_never_repeats_another(store: Store) -> None:
    await _record(store, "N-1")
    await store.outbox.take(CHANNELS, 9, START, START + MINUTE)
    await store.outbox.sent("N-1", "email", START, "250 ok")
    await store.outbox.failed("N-1", "webhook:portal", START, "503", START + 5 * MINUTE)
    assert await store.outbox.take(CHANNELS, 9, START + 4 * MINUTE, START + 9 * MINUTE) == ()
    again = await store.outbox.take(CHANNELS, 9, START + 5 * MINUTE, START + 9 * MINUTE)
    assert [(delivery.channel, delivery.tries) for delivery in again] == [("webhook:portal", 1)]


async def test_what_was_refused_is_kept_aside_with_its_error(store: Store) -> None:
    await _record(store, "N-1", "N-2")
    await store.outbox.take(["email"], 9, START, START + MINUTE)
    await store.outbox.failed("N-1", "email", START, "451 later", START + MINUTE)
    await store.outbox.park("N-1", "email", START, "550 no such user")
    await store.outbox.sent("N-2", "email", START, "250 ok")
    await store.outbox.park("N-2", "email", START, "a late answer to what was sent")
    assert await store.outbox.take(["email"], 9, START + 9 * MINUTE, START + 10 * MINUTE) == ()
    (parked,) = await store.outbox.parked(9)
    assert (parked.notice_id, parked.case_id, parked.channel) == ("N-1", CASE, "email")
    assert (parked.tries, parked.error) == (2, "550 no such user")


async def test_relays_side_by_side_never_hold_the_same_notice(store: Store) -> None:
    await _record(store, *(f"N-{number}" for number in range(30)))
    takes = await asyncio.gather(*(store.outbox.take(CHANNELS, 7, START, START + MINUTE) for _ in range(12)))
    names = [name for taken in takes for name in _names(taken)]
    assert len(names) == len(set(names)) == 60


async def test_a_notice_of_no_case_is_due_once_as_well(store: Store, request: pytest.FixtureRequest) -> None:
    if isinstance(store.outbox, MemoryOutbox):
        notices: NoticeBoard = MemoryNotices(store.outbox, CHANNELS)
    else:
        notices = PostgresNotices(request.getfixturevalue("evidence_pool"), CHANNELS)
    notice = a_notice("N-1").model_copy(update={"case_id": ""})
    for _ in range(2):
        await notices.tell(notice)
    taken = await store.outbox.take(CHANNELS, 10, START, START + MINUTE)
    assert _names(taken) == [("N-1", channel) for channel in CHANNELS]
    assert taken[0].notice == notice
