"""What a proof finds, and the words that all proofs share."""

from __future__ import annotations

from typing import get_args

from domain.model import Value
from domain.people import Role
from domain.requisition import Urgency

URGENCIES: tuple[str, ...] = get_args(Urgency)
ROLES: tuple[str, ...] = get_args(Role)
MAY_NOT_APPROVE = frozenset({"requester", "portal", "auditor"})
"""Those who ask, those who carry the question, and those who watch."""
UNLISTED = "(a category that the policy does not list)"


class Flaw(Value):
    """What a policy lacks. `part` and `name` say where: a 'rule' of the routing, a 'level', an 'exception', a row of
    another table under the table's key, or a part as a whole."""

    part: str
    name: str = ""
    reason: str
