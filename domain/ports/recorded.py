"""What was asked for and decided before, as the evidence store remembers it: for simulations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Protocol

from pydantic import AwareDatetime

from domain.model import Value
from domain.routing import RequestFacts


class RecordedAnswer(Value):
    """An approval that was given, refused or returned: which role was asked, and when it answered (UTC)."""

    role: str
    level: str = ""
    asked_at: AwareDatetime
    answered_at: AwareDatetime


class RecordedRequest(Value):
    """A request as routing saw it last. The supplier's risk and the requester's job level are not recorded.

    `facts` have no category when the case ended before it was checked, and so before anybody was to approve it.
    """

    case_id: str
    facility: str
    submitted_at: AwareDatetime
    facts: RequestFacts
    policy_version: str = ""
    answers: tuple[RecordedAnswer, ...] = ()


class RecordedRequests(Protocol):
    """Requests that were submitted from `since` (inclusive) to `until` (exclusive), the oldest first.

    Both methods raise the errors of `domain.outside_errors`.
    """

    async def count(self, since: datetime, until: datetime) -> int: ...

    def requests(self, since: datetime, until: datetime) -> AsyncIterator[RecordedRequest]: ...
