"""Duties of a case that one person must not combine, and who did which."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from domain.model import Value

Duty = Literal[
    "requester",
    "approver",
    "buyer",
    "receiver",
    "invoice-entry",
    "invoice-approver",
    "bank-detail-changer",
    "payment-approver",
    "payment-releaser",
    "identity-administrator",
]


class DutyDone(Value):
    """A person exercised a duty in a case. Whoever acts for somebody else exercises it too: both are recorded."""

    person: str
    duty: Duty
    case_id: str
    at: AwareDatetime


class SegregationOverride(Value):
    """Leave to combine two duties for a time, given by somebody else than the person who uses it.

    `rule` is the name of the segregation rule; without a `case_id` it holds for all cases of the facility.
    Both instants are in UTC, the end is exclusive.
    """

    override_id: str
    person: str
    rule: str
    facility: str
    case_id: str | None = None
    reason: str
    approved_by: str
    valid_from: AwareDatetime
    valid_until: AwareDatetime
