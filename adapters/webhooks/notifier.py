"""One subscriber's channel."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
from standardwebhooks import Webhook

from adapters.webhooks.errors import classify, translated
from adapters.webhooks.subscriber import Subscriber
from domain.case import Notice


class WebhookNotifier:
    """Each subscriber is a channel of its own, so that one who is down never makes another hear things twice.

    `client` is shared and owned by the caller. The body carries the notice's data and subject; never its text, nor the
    people whom it addresses.
    """

    def __init__(
        self,
        subscriber: Subscriber,
        client: httpx.AsyncClient,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.channel = f"webhook:{subscriber.name}"
        self._subscriber, self._client, self._clock = subscriber, client, clock
        self._signer = Webhook(subscriber.secret.get_secret_value())

    async def send(self, notice: Notice) -> str:
        """The subscriber's answer, or that it did not ask for this event. Raises `domain.outside_errors`."""
        if not self._subscriber.wants(notice):
            return "not subscribed"
        now = self._clock().astimezone(UTC)
        body = _body(notice, now)
        message_id = f"msg_{hashlib.sha256(notice.notice_id.encode()).hexdigest()[:32]}"
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,  # the same at every try: the receiver's key against duplicates
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(msg_id=message_id, timestamp=now, data=body),
        }
        with translated(self.channel):
            # Streamed and not read: what a subscriber writes into its answer is of no use here, and may be endless.
            async with self._client.stream(
                "POST",
                self._subscriber.url,
                content=body.encode(),
                headers=headers,
                timeout=self._subscriber.timeout_seconds,
                follow_redirects=False,
            ) as response:
                error = classify(self.channel, response.status_code)
        if error is not None:
            raise error
        return f"{message_id} answered {response.status_code}"


def _body(notice: Notice, now: datetime) -> str:
    data = {
        **notice.data,
        "notice_id": notice.notice_id,
        "case_id": notice.case_id,
        "facility": notice.facility,
        "subject": notice.subject,
    }
    content = {"type": notice.event, "timestamp": now.isoformat(timespec="seconds"), "data": data}
    return json.dumps(content, separators=(",", ":"), default=str)
