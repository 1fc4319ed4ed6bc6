"""Hits on exclusion lists that people cleared, in memory."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import AwareDatetime

from domain.model import Value


class Clearing(Value):
    by: str
    reason: str
    case_id: str
    at: AwareDatetime


class MemoryScreeningRecords:
    """`domain.ports.credentials.ScreeningRecords`."""

    def __init__(self) -> None:
        self.clearings: dict[str, Clearing] = {}

    async def cleared(self, keys: Sequence[str]) -> frozenset[str]:
        return frozenset(key for key in keys if key in self.clearings)

    async def clear(self, key: str, by: str, reason: str, case_id: str, at: AwareDatetime) -> None:
        self.clearings.setdefault(key, Clearing(by=by, reason=reason, case_id=case_id, at=at))

    def forget(self, case_id: str) -> None:
        """That the hit was cleared stays, so that it is not asked again; who did and why goes."""
        self._change(case_id, {"by": "", "reason": ""})

    def replace_text(self, case_id: str, text: str, by: str) -> None:
        for key, each in self.clearings.items():
            if each.case_id == case_id:
                self.clearings[key] = each.model_copy(update={"reason": each.reason.replace(text, by)})

    def _change(self, case_id: str, update: dict[str, str]) -> None:
        for key, each in self.clearings.items():
            if each.case_id == case_id:
                self.clearings[key] = each.model_copy(update=update)
