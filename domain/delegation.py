"""Somebody decides for somebody else: for a time, within a scope, and never further than one step."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from domain.model import Value
from domain.money import ExactDecimal
from domain.people import Actor, PersonId


class DelegationScope(Value):
    """What a delegation covers; a condition that is left empty does not restrict.

    `max_amount` is inclusive, in the facility's currency. `task_id` hands over one task alone.
    """

    facilities: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    max_amount: ExactDecimal | None = None
    task_id: str | None = None


class Delegation(Value):
    """`delegate` may decide on behalf of `delegator` from `valid_from` until `valid_until` (UTC, the end exclusive)."""

    delegation_id: Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
    delegator: PersonId
    delegate: PersonId
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    scope: DelegationScope = DelegationScope()
    reason: str = ""
    made_by: PersonId
    made_at: AwareDatetime
    revoked_at: AwareDatetime | None = None
    revoked_by: PersonId | None = None


class DelegatedAuthority(Value):
    """On whose authority a delegate decides: the delegation, and the delegator as the directory describes them."""

    delegation: Delegation
    delegator: Actor
