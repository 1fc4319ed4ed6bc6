"""The relay sends every notice once on each channel, whatever fails in between."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from activities.outbox_relay import OutboxRelay, RelaySettings
from adapters.memory.notifier import MemoryNotifier
from adapters.memory.outbox import MemoryOutbox
from domain.case import Notice
from domain.outside_errors import RefusedError, TemporarilyUnavailableError
from domain.ports.notifier import Notifier
from tests.fixtures.evidence import START, a_notice

DOWN = TemporarilyUnavailableError("mail", "smtp-451", "try again later")


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **parts: float) -> datetime:
        self.now += timedelta(**parts)
        return self.now


class ForgetfulOutbox(MemoryOutbox):
    """Loses the next few confirmations that something was sent."""

    def __init__(self, losing: int) -> None:
        super().__init__()
        self.losing = losing

    async def sent(self, notice_id: str, channel: str, at: datetime, proof: str) -> None:
        if self.losing:
            self.losing -= 1
            raise TemporarilyUnavailableError("evidence-store", "unreachable", "connection lost")
        await super().sent(notice_id, channel, at, proof)


class SlowNotifier:
    """Never comes back, and counts how many wait in it."""

    channel = "slow"

    def __init__(self) -> None:
        self.inside = self.most = 0
        self.asked: list[str] = []

    async def send(self, notice: Notice) -> str:
        self.asked.append(notice.notice_id)
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await asyncio.Event().wait()
        finally:
            self.inside -= 1
        return "never"


class BrokenNotifier:
    channel = "broken"

    async def send(self, notice: Notice) -> str:
        raise KeyError(notice.data["no such key"])


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _relay(outbox: MemoryOutbox, clock: Clock, *notifiers: Notifier, **settings: object) -> OutboxRelay:
    for number in (1, 2, 3):
        outbox.add(a_notice(f"N-{number}"), [notifier.channel for notifier in notifiers])
    return OutboxRelay(outbox, notifiers, clock, RelaySettings.model_validate(settings))


def _ids(notifier: MemoryNotifier) -> list[str]:
    return [notice.notice_id for notice in notifier.sent]


async def test_every_notice_goes_out_once_on_each_channel(clock: Clock) -> None:
    mail, hook = MemoryNotifier("email"), MemoryNotifier("webhook:portal")
    relay = _relay(MemoryOutbox(), clock, mail, hook)
    assert await relay.drain_once(clock.now) == 6
    assert await relay.drain_once(clock.forward(days=1)) == 0
    assert sorted(_ids(mail)) == sorted(_ids(hook)) == ["N-1", "N-2", "N-3"]


async def test_a_failure_is_tried_again_later_and_only_there(clock: Clock) -> None:
    mail, hook = MemoryNotifier("email"), MemoryNotifier("webhook:portal")
    mail.fail_next = [DOWN]
    relay = _relay(MemoryOutbox(), clock, mail, hook, first_delay=timedelta(seconds=10))
    await relay.drain_once(clock.now)
    assert await relay.drain_once(clock.forward(seconds=9)) == 0
    assert await relay.drain_once(clock.forward(seconds=1)) == 1
    assert sorted(_ids(mail)) == sorted(_ids(hook)) == ["N-1", "N-2", "N-3"]


def test_the_delay_doubles_up_to_its_bound() -> None:
    settings = RelaySettings(first_delay=timedelta(seconds=10), longest_delay=timedelta(minutes=5))
    assert [settings.delay(tries).total_seconds() for tries in (0, 1, 2, 3, 4, 5, 99_999)] == [
        10, 20, 40, 80, 160, 300, 300,
    ]  # fmt: skip


async def test_what_is_refused_is_parked_with_its_error_and_not_tried_again(clock: Clock) -> None:
    mail, outbox = MemoryNotifier(), MemoryOutbox()
    mail.fail_next = [RefusedError("mail", "smtp-550", "no such user")]
    relay = _relay(outbox, clock, mail)
    await relay.drain_once(clock.now)
    assert await relay.drain_once(clock.forward(days=30)) == 0
    (parked,) = await outbox.parked(10)
    assert parked.notice_id == "N-1"
    assert "no such user" in parked.error
    assert sorted(_ids(mail)) == ["N-2", "N-3"]


async def test_what_was_sent_but_not_recorded_is_recorded_and_not_sent_again(clock: Clock) -> None:
    mail, outbox = MemoryNotifier(), ForgetfulOutbox(losing=3)
    relay = _relay(outbox, clock, mail)
    with pytest.raises(TemporarilyUnavailableError):
        await relay.drain_once(clock.now)
    assert sorted(_ids(mail)) == ["N-1", "N-2", "N-3"]
    assert await relay.drain_once(clock.forward(hours=1)) == 3
    assert await relay.drain_once(clock.forward(hours=1)) == 0
    assert sorted(_ids(mail)) == ["N-1", "N-2", "N-3"]


async def test_a_mistake_in_a_notifier_loses_nothing(clock: Clock) -> None:
    outbox = MemoryOutbox()
    relay = _relay(outbox, clock, BrokenNotifier())
    assert await relay.drain_once(clock.now) == 3
    (first, *_) = await outbox.take(["broken"], 9, clock.forward(hours=1), clock.now)
    assert first.tries == 1


async def test_a_send_that_never_ends_is_given_up_and_tried_again(clock: Clock) -> None:
    slow, outbox = SlowNotifier(), MemoryOutbox()
    relay = _relay(outbox, clock, slow, send_timeout=timedelta(milliseconds=20), parallel=2)
    assert await relay.drain_once(clock.now) == 3
    assert (slow.inside, slow.most, len(slow.asked)) == (0, 2, 3)
    assert len(await outbox.take(["slow"], 9, clock.forward(hours=1), clock.now)) == 3


async def test_a_batch_is_bounded_and_a_running_relay_takes_one_after_another(clock: Clock) -> None:
    mail = MemoryNotifier()
    relay = _relay(MemoryOutbox(), clock, mail, batch=2)
    assert await relay.drain_once(clock.now) == 2
    assert await relay.drain_once(clock.now) == 1


async def test_a_running_relay_wakes_when_it_is_kicked_and_stops_when_told(clock: Clock) -> None:
    told = asyncio.Event()

    class Telling(MemoryNotifier):
        async def send(self, notice: Notice) -> str:
            proof = await super().send(notice)
            if notice.notice_id in ("N-3", "N-4"):
                told.set()
            return proof

    mail, outbox, stop = Telling(), MemoryOutbox(), asyncio.Event()
    relay = _relay(outbox, clock, mail, poll_every=timedelta(hours=1), batch=1)
    running = asyncio.create_task(relay.run(stop))
    await asyncio.wait_for(told.wait(), 5)
    told.clear()
    outbox.add(a_notice("N-4"), ["email"])
    relay.kick()
    await asyncio.wait_for(told.wait(), 5)
    stop.set()
    await asyncio.wait_for(running, 5)
    assert _ids(mail) == ["N-1", "N-2", "N-3", "N-4"]


async def test_an_outbox_that_is_away_is_asked_again(clock: Clock) -> None:
    told = asyncio.Event()

    class Away(MemoryOutbox):
        asked = 0

        async def take(self, *_: object) -> tuple[()]:
            self.asked += 1
            if self.asked > 2:
                told.set()
            raise TemporarilyUnavailableError("evidence-store", "unreachable", "no route")

    stop = asyncio.Event()
    relay = OutboxRelay(Away(), [MemoryNotifier()], clock, RelaySettings(poll_every=timedelta(milliseconds=1)))
    running = asyncio.create_task(relay.run(stop))
    await asyncio.wait_for(told.wait(), 5)
    stop.set()
    await asyncio.wait_for(running, 5)
