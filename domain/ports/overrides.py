"""Where leave to combine duties is kept: who asked for it, who gave it, when it ends, and where it was used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from pydantic import AwareDatetime

from domain.duties import SegregationOverride
from domain.model import Value
from domain.ports.evidence import Page


class OverrideUse(Value):
    """A decision that was handed in on the strength of an override."""

    decision_id: str
    task_id: str
    case_id: str
    at: AwareDatetime


class OverrideRecord(Value):
    """An override from the request to its end. It holds from its approval until `valid_until` or until it is ended."""

    override_id: str
    person: str
    rule: str
    facility: str
    case_id: str | None = None
    reason: str
    valid_until: AwareDatetime
    requested_by: str
    requested_at: AwareDatetime
    approved_by: str | None = None
    approved_at: AwareDatetime | None = None
    ended_by: str | None = None
    ended_at: AwareDatetime | None = None
    uses: tuple[OverrideUse, ...] = ()

    def holds_at(self, instant: datetime) -> bool:
        """Whether it is approved and neither over nor ended."""
        begun = self.approved_at is not None and self.approved_at <= instant
        return begun and instant < self.valid_until and (self.ended_at is None or instant < self.ended_at)

    def granted(self) -> SegregationOverride | None:
        """What decisions carry; None until somebody approved it."""
        if self.approved_by is None or self.approved_at is None:
            return None
        return SegregationOverride(
            override_id=self.override_id,
            person=self.person,
            rule=self.rule,
            facility=self.facility,
            case_id=self.case_id,
            reason=self.reason,
            approved_by=self.approved_by,
            valid_from=self.approved_at,
            valid_until=self.valid_until,
        )


class OverrideFilter(Value):
    """Conditions that all hold. `facilities` are those that the caller may see ('*': all); the period, its end
    exclusive, is that of the request.
    """

    facilities: tuple[str, ...]
    facility: str | None = None
    person: str | None = None
    requested_from: datetime | None = None
    requested_until: datetime | None = None


class OverridePage(Page):
    """The latest request first."""

    items: tuple[OverrideRecord, ...]


class OverrideTakenError(ValueError):
    """The id stands for another override."""


class SegregationOverrides(Protocol):
    """Overrides stay for ever: they are reported after their end. Instants in UTC."""

    async def request(self, asked: OverrideRecord) -> OverrideRecord:
        """Keep the request and return what is kept: asking again is no change, whenever that is (`requested_at`) and
        whatever became of it since. Raises OverrideTakenError when its id stands for another one.
        """

    async def get(self, override_id: str) -> OverrideRecord | None: ...

    async def approve(self, override_id: str, by: str, at: datetime) -> OverrideRecord | None:
        """The first approval stands, and what is ended is not approved any more. None when there is no such override.
        Who may approve is the caller's to check.
        """

    async def end(self, override_id: str, by: str, at: datetime) -> OverrideRecord | None:
        """End it for good; the first end stands. None when there is no such override."""

    async def active_for(self, people: Sequence[str], facility: str, at: datetime) -> tuple[SegregationOverride, ...]:
        """What holds for these people at the facility at this instant, of one case or of all, in order of ids."""

    async def used(self, override_id: str, use: OverrideUse) -> None:
        """Note a use, once for its decision."""

    async def page(self, where: OverrideFilter, cursor: str | None, limit: int) -> OverridePage:
        """Raises InvalidCursorError."""
