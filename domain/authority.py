"""How much a level of the hierarchy may approve, and who of the requester's superiors has that authority."""

from __future__ import annotations

from domain.model import Value


class ChainMember(Value):
    """A superior of the requester. `job_level` grows with authority."""

    person: str
    job_level: int


class ApproverDirectory(Value):
    """What the people directory said when the request was checked: the requester's job level (None: unknown), their
    superiors from the direct manager to the top, and the active holders of the roles of which all must approve."""

    requester_level: int | None = None
    chain: tuple[ChainMember, ...] = ()
    holders: dict[str, tuple[str, ...]] = {}
