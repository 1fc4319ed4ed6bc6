"""Notices to people by e-mail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote

from adapters.mail.client import MailClient, compose, message_id
from adapters.mail.errors import SYSTEM
from adapters.mail.settings import MailSettings
from domain.case import Notice
from domain.outside_errors import RefusedError
from domain.ports.directory import DirectoryPort


class MailNotifier:
    """One mail per notice to all whom it concerns: the notice's subject, text and a link, never its data."""

    channel = "email"

    def __init__(
        self,
        directory: DirectoryPort,
        settings: MailSettings,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._directory, self._settings, self._clock = directory, settings, clock
        self._client = MailClient(settings)

    async def send(self, notice: Notice) -> str:
        """The server's answer. Raises RefusedError when nobody can be reached, and the errors of the directory."""
        if notice.role is None and not notice.people:
            return "addressed to nobody in person"
        addresses = await self._addresses(notice)
        if not addresses:
            whom = ", ".join(notice.people) or f"{notice.role} at {notice.facility}"
            raise RefusedError(SYSTEM, "nobody-to-tell", f"no active person with a mail address: {whom}")
        subject = f"[{notice.case_id}] {notice.subject}"
        message = compose(self._settings, addresses, subject, self._text(notice), self._clock())
        message["Message-ID"] = message_id(self._settings, "notice", notice.notice_id)
        # Mail readers show the mails of one case as one thread.
        message["References"] = message_id(self._settings, "case", notice.case_id)
        receipt = await self._client.send(message, addresses)
        refused = f" (refused: {'; '.join(receipt.refused)})" if receipt.refused else ""
        return f"{message['Message-ID']} {receipt.answer}{refused}"

    async def _addresses(self, notice: Notice) -> list[str]:
        people = [await self._directory.person(person) for person in notice.people]
        if notice.role is not None:
            people.extend(await self._directory.holders(notice.role, notice.facility))
        return sorted({person.email for person in people if person is not None and person.active and person.email})

    def _text(self, notice: Notice) -> str:
        lines = [notice.text, "", f"Case: {notice.case_id}"]
        if self._settings.base_url:
            lines.append(f"Open:  {self._link(notice)}")
        return "\n".join([*lines, "", "Please do not answer this mail: decisions count where the case is open."])

    def _link(self, notice: Notice) -> str:
        task = notice.data.get("task_id")
        path = f"tasks/{quote(str(task), safe='')}" if task else f"cases/{quote(notice.case_id, safe='')}"
        return f"{self._settings.base_url.rstrip('/')}/v1/{path}"
