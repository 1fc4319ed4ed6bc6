"""What a case starts with, as Temporal keeps it. Most of it is the frozen policy, which is the same for many cases and
therefore put into JSON once.
"""

from __future__ import annotations

from typing import Protocol

from pydantic_core import to_json
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue

from api.recent import Recent
from domain.policy.model import FrozenPolicy

REMEMBERED_POLICIES = 100
_ENCODING = {"encoding": b"json/plain"}  # as the pydantic converter marks what it encodes


class CaseInput(Protocol):
    """The input of a process, a pydantic model with at least one more field."""

    @property
    def policy(self) -> FrozenPolicy: ...


class PolicyTexts:
    """JSON of the policies that were last asked for, of each facility with the rules of hires and without."""

    def __init__(self) -> None:
        self._known: Recent[tuple[str, bool], tuple[FrozenPolicy, bytes]] = Recent(REMEMBERED_POLICIES)

    def of(self, policy: FrozenPolicy) -> bytes:
        key = policy.facility.code, policy.hire is not None
        known = self._known.get(key)
        if known is None or known[0] != policy:
            known = policy, to_json(policy)
        self._known.put(key, known)
        return known[1]


_POLICY_TEXTS = PolicyTexts()


def start_payload(given: CaseInput, texts: PolicyTexts = _POLICY_TEXTS) -> RawValue:
    """The same JSON as the pydantic converter makes of `given`, but for the policy's place at its end. It is encrypted
    as every payload is.
    """
    rest = to_json(given, exclude={"policy"})
    data = rest[:-1] + b',"policy":' + texts.of(given.policy) + b"}"
    return RawValue(Payload(metadata=_ENCODING, data=data))
