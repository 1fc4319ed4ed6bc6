"""Whose accounts are whose, and who holds what, in memory. No method pauses, so that concurrent calls of one event loop
never interleave."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

from domain.accounts import HeldAccount, HeldEntitlement, name_key
from domain.outside_errors import RefusedError

SYSTEM = "access-register"


def _now() -> datetime:
    return datetime.now(UTC)


class MemoryAccessRegister:
    """`domain.ports.identity.AccessRegister`. `clock` says when (UTC) something was revoked."""

    def __init__(self, clock: Callable[[], datetime] = _now) -> None:
        self._clock = clock
        self._accounts: dict[tuple[str, str], HeldAccount] = {}
        self._entitlements: list[HeldEntitlement] = []

    @property
    def entitlements(self) -> tuple[HeldEntitlement, ...]:
        """Every entry in the order of the grants, those that were revoked included: for those who count."""
        return tuple(self._entitlements)

    async def claim_name(self, held: HeldAccount) -> HeldAccount:
        known = self._accounts.get((held.system, held.worker_id))
        if known is not None:
            return known
        self._require_free(held.system, lambda each: name_key(each.user_name) == name_key(held.user_name))
        if held.account_id:
            self._require_other(held.system, held.worker_id, held.account_id)
        self._accounts[held.system, held.worker_id] = held
        return held

    def _require_free(self, system: str, same: Callable[[HeldAccount], bool]) -> None:
        if any(each.system == system and same(each) for each in self._accounts.values()):
            raise RefusedError(SYSTEM, "username-taken", "the user name is claimed for another worker")

    def _require_other(self, system: str, worker_id: str, account_id: str) -> None:
        others = (each for each in self._accounts.values() if each.system == system and each.worker_id != worker_id)
        if any(each.account_id == account_id for each in others):
            raise RefusedError(SYSTEM, "account-conflict", "the account is another worker's")

    async def bind(self, system: str, worker_id: str, account_id: str) -> None:
        known = self._accounts.get((system, worker_id))
        if known is None:
            raise RefusedError(SYSTEM, "name-not-claimed", "no user name is claimed for the worker")
        self._require_other(system, worker_id, account_id)
        self._accounts[system, worker_id] = known.model_copy(update={"account_id": account_id})

    async def account_of(self, system: str, worker_id: str) -> HeldAccount | None:
        return self._accounts.get((system, worker_id))

    async def accounts(self, worker_id: str) -> tuple[HeldAccount, ...]:
        found = (each for each in self._accounts.values() if each.worker_id == worker_id)
        return tuple(sorted(found, key=lambda each: each.system))

    async def free(self, system: str, worker_id: str, case_id: str) -> None:
        known = self._accounts.get((system, worker_id))
        if known is not None and known.case_id == case_id:
            del self._accounts[system, worker_id]

    async def grant(self, held: HeldEntitlement) -> None:
        if self._place(held.worker_id, held.system, held.entitlement) is None:
            self._entitlements.append(held.model_copy(update={"revoked_at": None, "revoked_by": ""}))

    async def revoke(self, worker_id: str, system: str, entitlement: str, case_id: str, by: str) -> None:  # noqa: ARG002 - only the database keeps which case revoked
        place = self._place(worker_id, system, entitlement)
        if place is not None:
            ended = {"revoked_at": self._clock(), "revoked_by": by}
            self._entitlements[place] = self._entitlements[place].model_copy(update=ended)

    async def held(self, worker_id: str) -> tuple[HeldEntitlement, ...]:
        return tuple(each for each in self._entitlements if each.worker_id == worker_id and each.revoked_at is None)

    async def ending(self, on: date, limit: int) -> tuple[HeldEntitlement, ...]:
        over = (each for each in self._entitlements if each.revoked_at is None and each.until and each.until < on)
        return tuple(sorted(over, key=lambda each: each.until or on)[:limit])

    def _place(self, worker_id: str, system: str, entitlement: str) -> int | None:
        wanted = (worker_id, system, entitlement)
        for place, each in enumerate(self._entitlements):
            if each.revoked_at is None and (each.worker_id, each.system, each.entitlement) == wanted:
                return place
        return None

    def forget(self, case_id: str) -> None:
        """Remove what the case granted and is not held any more; what is held stays, and so do accounts."""
        kept = (each for each in self._entitlements if each.case_id != case_id or each.revoked_at is None)
        self._entitlements = list(kept)

    def replace_text(self, case_id: str, text: str, by: str) -> None:
        self._entitlements = [
            each.model_copy(update={"reason": each.reason.replace(text, by)}) if each.case_id == case_id else each
            for each in self._entitlements
        ]
