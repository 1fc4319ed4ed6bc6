"""The links that mails carry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError

from adapters.mail.letters import Link, Reader
from domain.case import Notice
from domain.decision_links import DEFAULT_VALIDITY, LinkClaims, expiry, link_id, sign
from domain.keys import KeyRing


def asks(notice: Notice) -> bool:
    """Whether the notice asks each of its readers to answer a task: then it says which version of it."""
    version = notice.data.get("subject_version")
    return isinstance(notice.data.get("task_id"), str) and isinstance(version, int) and not isinstance(version, bool)


@dataclass(frozen=True)
class MailLinks:
    """Signs links with the ring's current key. `base_url` is where the gateway is reached from outside."""

    ring: Callable[[], KeyRing]
    base_url: str
    validity: timedelta = DEFAULT_VALIDITY

    def link(self, notice: Notice, reader: Reader, now: datetime) -> Link | None:
        """The reader's own link; the same when the mail is sent again. None for what no link can be made of."""
        ring, person = self.ring(), reader.person.person
        behalf = reader.stands_in_for.person if reader.stands_in_for is not None else None
        expires_at = expiry(now, self.validity)
        try:
            claims = LinkClaims(
                link_id=link_id(ring, notice.notice_id, person, behalf),
                task_id=notice.data["task_id"],
                case_id=notice.case_id,
                person=person,
                on_behalf_of=behalf,
                subject_version=notice.data["subject_version"],
                expires_at=expires_at,
            )
        except ValidationError:
            return None
        return Link(f"{self.base_url.rstrip('/')}/v1/links/{sign(claims, ring)}", expires_at)
