"""Notices to people by e-mail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage

from adapters.mail.client import MailClient, Receipt, compose, message_id
from adapters.mail.errors import DEFERRED, SYSTEM
from adapters.mail.letters import Reader, to_all, to_one, to_one_as_html
from adapters.mail.links import MailLinks, asks
from adapters.mail.readers import Substitutes, concerned, readers_of
from adapters.mail.settings import MailSettings
from domain.case import Notice
from domain.outside_errors import RefusedError, TemporarilyUnavailableError
from domain.ports.directory import DirectoryPort

_MOST_UNFINISHED = 1000


class MailNotifier:
    """One mail per notice to all whom it concerns: the notice's subject, text and a link, never its data.

    A notice that asks people to answer a task goes to each of them, and to their substitutes, in a mail of their own:
    with a link that only they may decide by, where `links` are given.
    """

    channel = "email"

    def __init__(
        self,
        directory: DirectoryPort,
        settings: MailSettings,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        links: MailLinks | None = None,
        substitutes: Substitutes | None = None,
    ) -> None:
        self._directory, self._settings, self._clock = directory, settings, clock
        self._links, self._substitutes = links, substitutes
        self._client = MailClient(settings)
        self._sent: dict[str, dict[str, str]] = {}
        """Of notices that some got and some not yet: the proofs, so that whoever has the mail gets it no second time
        from this process."""

    async def send(self, notice: Notice) -> str:
        """The server's answer. Raises RefusedError when nobody can be reached, and the errors of the directory."""
        if notice.role is None and not notice.people:
            return "addressed to nobody in person"
        return await (self._send_to_each(notice) if asks(notice) else self._send_to_all(notice))

    async def _send_to_all(self, notice: Notice) -> str:
        addresses = sorted({person.email for person in await concerned(self._directory, notice)})
        if not addresses:
            raise _nobody(notice)
        message = self._message(notice, addresses, to_all(notice, self._settings.base_url), notice.notice_id)
        return _proof(message, await self._client.send(message, addresses))

    async def _send_to_each(self, notice: Notice) -> str:
        """A server that is away is left alone at once; what only one person cannot get is kept from nobody else. The
        notice counts as sent when everybody has it who can get it at all.
        """
        readers = await readers_of(self._directory, notice, self._substitutes, self._clock())
        if not readers:
            raise _nobody(notice)
        sent, refused, deferred = self._proofs(notice), [], []
        for reader in readers:
            try:
                if reader.key not in sent:
                    sent[reader.key] = await self._send_to_one(notice, reader)
            except RefusedError as error:
                refused.append(error)
            except TemporarilyUnavailableError as error:
                if error.code != DEFERRED:
                    raise
                deferred.append(error)
        if deferred:
            raise deferred[0]
        del self._sent[notice.notice_id]
        if not sent:
            raise refused[0]
        failed = f" (refused: {'; '.join(str(each) for each in refused)})" if refused else ""
        return "; ".join(sent.values()) + failed

    async def _send_to_one(self, notice: Notice, reader: Reader) -> str:
        base_url, address = self._settings.base_url, reader.person.email
        link = self._links.link(notice, reader, self._clock()) if self._links is not None else None
        text = to_one(notice, base_url, reader, link)
        message = self._message(notice, [address], text, f"{notice.notice_id}\n{reader.key}")
        if link is not None:
            message.add_alternative(to_one_as_html(notice, base_url, reader, link), subtype="html")
        return _proof(message, await self._client.send(message, [address]))

    def _message(self, notice: Notice, addresses: Sequence[str], text: str, key: str) -> EmailMessage:
        subject = f"[{notice.case_id}] {notice.subject}" if notice.case_id else notice.subject
        message = compose(self._settings, addresses, subject, text, self._clock())
        message["Message-ID"] = message_id(self._settings, "notice", key)
        if notice.case_id:  # mail readers show the mails of one case as one thread
            message["References"] = message_id(self._settings, "case", notice.case_id)
        return message

    def _proofs(self, notice: Notice) -> dict[str, str]:
        while len(self._sent) >= _MOST_UNFINISHED and notice.notice_id not in self._sent:
            del self._sent[next(iter(self._sent))]  # the worst that follows is a mail that comes twice, as one
        return self._sent.setdefault(notice.notice_id, {})


def _nobody(notice: Notice) -> RefusedError:
    whom = ", ".join(notice.people) or f"{notice.role} at {notice.facility}"
    return RefusedError(SYSTEM, "nobody-to-tell", f"no active person with a mail address: {whom}")


def _proof(message: EmailMessage, receipt: Receipt) -> str:
    refused = f" (refused: {'; '.join(receipt.refused)})" if receipt.refused else ""
    return f"{message['Message-ID']} {receipt.answer}{refused}"
