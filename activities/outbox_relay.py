"""The relay: takes notices out of the outbox and sends each once on each of its channels."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from domain.model import Value
from domain.outside_errors import OutsideError, RefusedError
from domain.ports.evidence import Delivery, Outbox
from domain.ports.notifier import Notifier

_log = logging.getLogger(__name__)


class RelaySettings(Value):
    """`batch` deliveries are held at a time, `parallel` of them sent side by side.

    The delay after a failure doubles from `first_delay` up to `longest_delay`, and there it stays: a notice is tried
    until it is sent or refused.
    """

    batch: int = 32
    parallel: int = 8
    send_timeout: timedelta = timedelta(seconds=30)
    first_delay: timedelta = timedelta(seconds=10)
    longest_delay: timedelta = timedelta(hours=1)
    poll_every: timedelta = timedelta(seconds=5)

    @property
    def lease(self) -> timedelta:
        """Longer than a batch can take, so that no other relay sends what this one still holds."""
        return self.send_timeout * math.ceil(self.batch / self.parallel) + timedelta(minutes=1)

    def delay(self, tries: int) -> timedelta:
        """How long to wait after the failure that follows `tries` earlier ones."""
        return min(self.first_delay * (1 << min(tries, 20)), self.longest_delay)


class OutboxRelay:
    """One per process. `clock` gives the current instant (UTC)."""

    def __init__(
        self,
        outbox: Outbox,
        notifiers: Sequence[Notifier],
        clock: Callable[[], datetime],
        settings: RelaySettings | None = None,
    ) -> None:
        self._outbox, self._clock = outbox, clock
        self._notifiers = {notifier.channel: notifier for notifier in notifiers}
        self._settings = settings or RelaySettings()
        self._kicked = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._unrecorded: dict[tuple[str, str], str] = {}
        """Proofs of what was sent but could not yet be marked as sent."""

    def kick(self) -> None:
        """Look for new notices now instead of at the next poll."""
        self._kicked.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop` is set; what is being sent then is finished. An outbox that is away is asked again."""
        while not stop.is_set():
            self._kicked.clear()
            try:
                taken = await self.drain_once(self._clock())
            except OutsideError as error:
                _log.warning("the outbox does not answer: %s", error)
                taken = 0
            if taken < self._settings.batch:
                await self._idle(stop)

    async def drain_once(self, now: datetime) -> int:
        """Send one batch of what is due at `now`; returns how many deliveries it held. Raises the outbox's errors."""
        async with self._one_at_a_time:
            settings = self._settings
            held = await self._outbox.take(tuple(self._notifiers), settings.batch, now, now + settings.lease)
            gate = asyncio.Semaphore(settings.parallel)
            outcomes = await asyncio.gather(*(self._deliver(each, gate) for each in held), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome  # only now, so that one that could not be recorded does not stop the others
        return len(held)

    async def _deliver(self, delivery: Delivery, gate: asyncio.Semaphore) -> None:
        notice_id, channel = delivery.notice.notice_id, delivery.channel
        async with gate:
            proof = self._unrecorded.get((notice_id, channel))
            if proof is None:
                proof = await self._send(delivery)
            if proof is not None:
                self._unrecorded[notice_id, channel] = proof
                await self._outbox.sent(notice_id, channel, self._clock(), proof)
                del self._unrecorded[notice_id, channel]

    async def _send(self, delivery: Delivery) -> str | None:
        """The proof, or None when it was not sent and the outbox knows why."""
        notice_id, channel = delivery.notice.notice_id, delivery.channel
        try:
            async with asyncio.timeout(self._settings.send_timeout.total_seconds()):
                return await self._notifiers[channel].send(delivery.notice)
        except RefusedError as error:
            _log.error("notice %s is refused for good by %s: %s", notice_id, channel, error)
            await self._outbox.park(notice_id, channel, self._clock(), str(error))
        except Exception as error:  # whatever went wrong, the notice must not be lost
            _log.warning("notice %s is not sent by %s yet: %s", notice_id, channel, error)
            now = self._clock()
            again_at = now + self._settings.delay(delivery.tries)
            reason = str(error) or type(error).__name__
            await self._outbox.failed(notice_id, channel, now, reason, again_at)
        return None

    async def _idle(self, stop: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(event.wait()) for event in (stop, self._kicked)]
        try:
            timeout = self._settings.poll_every.total_seconds()
            await asyncio.wait(waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
