"""Who may read encrypted payloads, and which of them: operators with a role for it, at the facilities they serve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from temporalio.api.common.v1 import Payload

from adapters.temporal_payloads import EncryptedPayloads, PayloadError, RingSource, case_of, is_encrypted
from api.codec_login import OidcLogin
from domain.case import parse_case_id
from domain.people import Actor

READERS = ("process-owner", "integration-support", "compliance-officer", "auditor")


@dataclass(frozen=True)
class Opened:
    """Payloads in their order: opened where that is allowed and possible, and as they were where not."""

    payloads: Sequence[Payload]
    cases: tuple[str, ...]
    opened: int


@dataclass(frozen=True)
class CodecDesk:
    """`web_ui_origins` are the only places whose pages may use an operator's session. `secure` cookies travel by TLS
    only. Without `login`, operators bring an access token.
    """

    ring: RingSource
    web_ui_origins: tuple[str, ...] = ()
    secure: bool = False
    login: OidcLogin | None = None

    async def open(self, actor: Actor, payloads: Sequence[Payload]) -> Opened:
        """Open what the actor may read. Whoever serves no facility of a payload gets it back as it is kept."""
        found: list[Payload] = []
        cases: dict[str, None] = {}
        opened = 0
        for payload in payloads:
            readable = await self._read(actor, payload)
            if readable is not None:
                opened += 1
                cases[case_of(payload)] = None
            found.append(readable or payload)
        return Opened(found, tuple(cases), opened)

    async def _read(self, actor: Actor, payload: Payload) -> Payload | None:
        if not is_encrypted(payload) or not _serves(actor, case_of(payload)):
            return None
        try:
            (opened,) = await EncryptedPayloads(self.ring).decode([payload])
        except PayloadError:
            return None
        return opened


def may_read(actor: Actor) -> bool:
    return any(actor.has_role(role) for role in READERS)


def _serves(actor: Actor, case: str) -> bool:
    """The case is bound under the payload's tag, so a payload that opens under this label is of this case."""
    key = parse_case_id(case)
    return "*" in actor.facilities if key is None else actor.serves(key.facility)
