"""The evidence store: timelines, the read model of cases and tasks, and the outbox of notices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from domain.case import CaseSnapshot, Journal, Notice, StoredEntry, TimelineEntry
from domain.duties import DutyDone
from domain.model import Value
from domain.people import Actor
from domain.tasks import Task

MAX_FAMILY = 500
"""Cases of one family whose duties are looked at. A family of honest needs has a few."""


class Claim(Value):
    """Who took a task off the team's list, and when (UTC)."""

    person: str
    at: datetime


class WorklistTask(Value):
    task: Task
    claim: Claim | None = None


class ActingFor(Value):
    """Somebody for whom the reader of a worklist may decide: with the roles that they carry here, or one task alone."""

    delegator: Actor
    task_id: str | None = None


class Page(Value):
    """`next_cursor` is opaque; None on the last page."""

    next_cursor: str | None = None


class CasePage(Page):
    items: tuple[CaseSnapshot, ...]


class TaskPage(Page):
    items: tuple[WorklistTask, ...]


class TimelinePage(Page):
    items: tuple[StoredEntry, ...]


class FamilyEntry(Value):
    """An entry of one of the cases of a family."""

    case_id: str
    entry: StoredEntry


class FamilyTimelinePage(Page):
    items: tuple[FamilyEntry, ...]


class CaseFilter(Value):
    """Conditions that all hold; one left out does not restrict. `facilities` are those that the caller may see
    ('*': all). `order_number` finds the purchase that placed an order, and the invoices that name it.

    `submitted_before` gives age; `waiting_since_before` answers who has waited for longer than some time.
    """

    facilities: tuple[str, ...]
    process: str | None = None
    facility: str | None = None
    stage: str | None = None
    status: str | None = None
    supplier: str | None = None
    order_number: str | None = None
    requester: str | None = None
    awaiting_role: str | None = None
    exception_code: str | None = None
    emergency: bool | None = None
    submitted_before: datetime | None = None
    waiting_since_before: datetime | None = None


class SpendLine(Value):
    """What somebody recently asked for, as far as the detection of split needs looks at it."""

    case_id: str
    requester: str
    cost_centres: tuple[str, ...]
    suppliers: tuple[str, ...]
    categories: tuple[str, ...]
    amount: Decimal
    submitted_on: date


class SpendFilter(Value):
    """Which requests may belong to one need with another: of the same facility and days (both inclusive), by its
    requester or on one of its cost centres, and each below an amount in the facility's currency.
    """

    facility: str
    since: date
    until: date
    requester: str
    cost_centres: tuple[str, ...]
    below: Decimal


MAX_FAULTS = 1000
"""Where more is wrong than this, a longer list would tell nobody more."""


class ChainFault(Value):
    """Where the evidence does not hold, and why: the row of `table` with this case and position.

    For `checkpoints` the position is the checkpoint's number, and `case_id` is empty.
    """

    table: str = "timeline"
    case_id: str
    position: int
    message: str


class InvalidCursorError(ValueError):
    """The cursor was not issued by this store."""


class EvidenceWriter(Protocol):
    async def record(self, journal: Journal) -> None:
        """Write all of it in one transaction. Entries known by (case, seq) and notices known by id stay as they are."""


class EvidenceReader(Protocol):
    async def case(self, case_id: str) -> CaseSnapshot | None: ...

    async def cases(self, where: CaseFilter, cursor: str | None, limit: int) -> CasePage: ...

    async def timeline(self, case_id: str, cursor: str | None, limit: int) -> TimelinePage: ...

    async def timelines(self, case_ids: Sequence[str]) -> Mapping[str, tuple[TimelineEntry, ...]]:
        """All entries of as many cases as a page holds, each case's in their order; one without any is left out."""

    async def case_of_order(self, order_number: str) -> str | None:
        """The purchase that placed the order; never an invoice or another case that only names it."""

    async def task(self, task_id: str) -> WorklistTask | None: ...

    async def tasks_of_case(self, case_id: str) -> tuple[Task, ...]: ...

    async def worklist(
        self, actor: Actor, cursor: str | None, limit: int, acting_for: Sequence[ActingFor] = ()
    ) -> TaskPage:
        """Open tasks that the actor may act on, or that those may for whom they act; the most urgent first, each once.

        Excluded persons never see theirs, nor do those who approved already: of a delegator's tasks the delegate sees
        none from which either of them is kept.
        """

    async def tasks_held_by(self, person: str, limit: int) -> tuple[WorklistTask, ...]:
        """Open tasks that name the person or that they claimed, in order of ids."""

    async def family_duties(self, case_id: str) -> tuple[DutyDone, ...]:
        """Who did what in the case and in all cases that are linked with it, directly or over others, whichever of two
        names the other. Those of the case itself come first; no more than MAX_FAMILY cases are looked at.
        """

    async def family_timeline(self, case_id: str, cursor: str | None, limit: int) -> FamilyTimelinePage:
        """One thread of what was recorded in the case and in all cases of its family (as in `family_duties`), in the
        order of recording. Who may see the case need not be allowed to see each of the others: the caller looks at
        that.
        """

    async def claim(self, task_id: str, person: str, at: datetime) -> WorklistTask | None:
        """Take an open task; the first claim stands (repeating one's own is no change). None when there is no open
        task.
        """

    async def unclaim(self, task_id: str, person: str) -> None: ...

    async def recent_spend(self, near: SpendFilter) -> Sequence[SpendLine]:
        """Requests that were not rejected, withdrawn or cancelled, the earliest first."""

    async def verify(self, case_id: str | None = None) -> tuple[int, tuple[ChainFault, ...]]:
        """Check the hash chains; returns the number of entries read and the faults, of which the first MAX_FAULTS."""


class Delivery(Value):
    """A notice that is due on one channel, after `tries` failures there."""

    notice: Notice
    channel: str
    tries: int = 0


class ParkedDelivery(Value):
    """A notice that a channel refused for good, and what it said."""

    notice_id: str
    case_id: str
    channel: str
    tries: int
    error: str


class NoticeBoard(Protocol):
    """Where notices are left that belong to no case (their `case_id` is empty)."""

    async def tell(self, notice: Notice) -> None:
        """Put it into the outbox, once for its id."""


class Outbox(Protocol):
    """Notices that wait to be sent, each on every channel that was set up when it was recorded.

    Channels are independent: one that fails never makes another send again. A notice is done when each has sent it.
    """

    async def take(
        self, channels: Sequence[str], limit: int, now: datetime, lease_until: datetime
    ) -> tuple[Delivery, ...]:
        """Deliveries that are due, the oldest first. Nobody else gets them until `lease_until`."""

    async def sent(self, notice_id: str, channel: str, at: datetime, proof: str) -> None:
        """It is sent: never to be taken again."""

    async def failed(self, notice_id: str, channel: str, at: datetime, error: str, again_at: datetime) -> None:
        """It is to be tried again at `again_at`."""

    async def park(self, notice_id: str, channel: str, at: datetime, error: str) -> None:
        """It was refused and is kept aside with its error."""

    async def parked(self, limit: int) -> tuple[ParkedDelivery, ...]:
        """What was refused, the oldest first."""
