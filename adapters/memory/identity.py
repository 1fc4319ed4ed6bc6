"""A target system with accounts and groups, in memory.

No method pauses, so that concurrent calls of one event loop never interleave. What shall fail is said with
`adapters.memory.faults`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

from domain.accounts import Account, AccountDraft, name_key
from domain.outside_errors import RefusedError


@dataclass
class _Held:
    account_id: str
    draft: AccountDraft
    active: bool = False


class MemoryIdentity:
    """`domain.ports.identity.IdentityPort`: a login is possible exactly while the account is active."""

    def __init__(self, system: str, groups: Iterable[str] = ()) -> None:
        self._system = system
        self._members: dict[str, set[str]] = {group: set() for group in groups}
        self._accounts: dict[str, _Held] = {}
        self._made = 0

    @property
    def system(self) -> str:
        return self._system

    @property
    def everything(self) -> tuple[Account, ...]:
        """Every account there is, in the order of their making: for those who count."""
        return tuple(self._shown(each) for each in self._accounts.values())

    def login_possible(self, user_name: str) -> bool:
        held = self._named(user_name)
        return held is not None and held.active

    def take_in(self, user_name: str, worker_number: str = "", active: bool = True) -> Account:
        """An account that others made, with or without a worker number."""
        name = {"family": user_name}
        draft = AccountDraft.model_validate(
            {"worker_id": "", "worker_number": worker_number, "user_name": user_name, "name": name}
        )
        held = self._add(draft)
        held.active = active
        return self._shown(held)

    async def health(self) -> None:
        return None

    async def account(self, account_id: str) -> Account | None:
        held = self._accounts.get(account_id)
        return self._shown(held) if held else None

    async def find(self, worker_number: str, user_name: str) -> Account | None:
        named = self._named(user_name)
        if named is not None and (not worker_number or named.draft.worker_number != worker_number):
            self._refuse("account-conflict", "The account of that name is not this worker's.")
        numbered = self._numbered(worker_number)
        if len(numbered) > 1:
            self._refuse("account-conflict", "Several accounts have the worker's number.")
        return self._shown(numbered[0]) if numbered else None

    async def name_taken(self, user_name: str) -> bool:
        return self._named(user_name) is not None

    async def create(self, draft: AccountDraft) -> Account:
        named, numbered = self._named(draft.user_name), self._numbered(draft.worker_number)
        if named is not None and named not in numbered:
            self._refuse("username-taken", "The user name is somebody else's.")
        if any(each is not named for each in numbered):
            self._refuse("account-conflict", "The worker has another account already.")
        return self._shown(named or self._add(draft))

    async def change(self, account_id: str, draft: AccountDraft) -> Account:
        held = self._held(account_id)
        if any(each is not held for each in self._numbered(draft.worker_number)):
            self._refuse("account-conflict", "The worker has another account already.")
        held.draft = draft.model_copy(update={"user_name": held.draft.user_name})
        return self._shown(held)

    async def enable(self, account_id: str) -> Account:
        held = self._held(account_id)
        held.active = True
        return self._shown(held)

    async def disable(self, account_id: str) -> Account:
        held = self._held(account_id)
        held.active = False
        return self._shown(held)

    async def delete(self, account_id: str) -> None:
        self._accounts.pop(account_id, None)
        for members in self._members.values():
            members.discard(account_id)

    async def join(self, account_id: str, group: str) -> None:
        if group not in self._members:
            self._refuse("group-unknown", f"There is no group {group}.")
        self._members[group].add(self._held(account_id).account_id)

    async def leave(self, account_id: str, group: str) -> None:
        self._members.get(group, set()).discard(account_id)

    def _add(self, draft: AccountDraft) -> _Held:
        self._made += 1
        held = _Held(f"{self._system}-{self._made}", draft)
        self._accounts[held.account_id] = held
        return held

    def _named(self, user_name: str) -> _Held | None:
        key = name_key(user_name)
        return next((each for each in self._accounts.values() if name_key(each.draft.user_name) == key), None)

    def _numbered(self, worker_number: str) -> list[_Held]:
        held = self._accounts.values()
        return [each for each in held if worker_number and each.draft.worker_number == worker_number]

    def _held(self, account_id: str) -> _Held:
        held = self._accounts.get(account_id)
        return held if held is not None else self._refuse("account-gone", "The account is not there any more.")

    def _shown(self, held: _Held) -> Account:
        groups = (name for name, members in self._members.items() if held.account_id in members)
        return Account(
            account_id=held.account_id,
            user_name=held.draft.user_name,
            worker_number=held.draft.worker_number,
            active=held.active,
            groups=tuple(sorted(groups)),
            display_name=held.draft.name.full,
            department=held.draft.department,
            title=held.draft.title,
        )

    def _refuse(self, code: str, message: str) -> NoReturn:
        raise RefusedError(self._system, code, message)
