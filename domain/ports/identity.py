"""Accounts and groups of one target system. One writer per worker: the hire's case.

Every method reads back what it did: the answer of a call says nothing until the system shows it. All raise the errors
of `domain.outside_errors`: 'username-taken' and 'account-conflict' (RefusedError) need the identity desk.
"""

from __future__ import annotations

from datetime import date
from typing import Protocol

from domain.accounts import Account, AccountDraft, HeldAccount, HeldEntitlement


class IdentityPort(Protocol):
    @property
    def system(self) -> str:
        """The name under which the policy knows the target, such as 'identity' or 'directory'."""

    async def health(self) -> None: ...

    async def account(self, account_id: str) -> Account | None: ...

    async def find(self, worker_number: str, user_name: str) -> Account | None:
        """The one account of this worker: by user name *and* by worker number where the system keeps one. Several, or
        one that belongs to another worker, is a RefusedError 'account-conflict'. None when there is none."""

    async def name_taken(self, user_name: str) -> bool:
        """Whether any account has the name, whatever its case."""

    async def create(self, draft: AccountDraft) -> Account:
        """Create the account, disabled. It is looked up first, and again when the answer was lost or was an error.
        RefusedError 'username-taken' when somebody else has the name."""

    async def change(self, account_id: str, draft: AccountDraft) -> Account:
        """Make the attributes those of the draft; the user name stays. RefusedError 'account-gone'."""

    async def enable(self, account_id: str) -> Account:
        """Done when a login is possible; RefusedError 'login-not-possible' when the system says enabled and it is
        not."""

    async def disable(self, account_id: str) -> Account:
        """Done when a login is refused; RefusedError 'login-still-possible'."""

    async def delete(self, account_id: str) -> None:
        """Done when it is not found any more. Nothing to do when there is none."""

    async def join(self, account_id: str, group: str) -> None:
        """A member once, however often it is called. RefusedError 'group-unknown'."""

    async def leave(self, account_id: str, group: str) -> None:
        """Not a member any more. Nothing to do when it is none, or the account or group is gone."""


class AccessRegister(Protocol):
    """Our own record of which account is whose, and who holds what and why: what leaver and mover will start from."""

    async def claim_name(self, held: HeldAccount) -> HeldAccount:
        """Claim a user name of a system for a worker. The worker's earlier account there comes back as it is, whatever
        name was asked for. RefusedError 'username-taken' when it is another worker's. Names differ by more than their
        case."""

    async def bind(self, system: str, worker_id: str, account_id: str) -> None:
        """Note the account's id. RefusedError 'account-conflict' when the account is another worker's."""

    async def account_of(self, system: str, worker_id: str) -> HeldAccount | None: ...

    async def accounts(self, worker_id: str) -> tuple[HeldAccount, ...]: ...

    async def free(self, system: str, worker_id: str, case_id: str) -> None:
        """The account is deleted: its name may be given again. Only the case that claimed it frees it."""

    async def grant(self, held: HeldEntitlement) -> None:
        """Repeating it changes nothing; granting again after a revocation opens a new entry."""

    async def revoke(self, worker_id: str, system: str, entitlement: str, case_id: str, by: str) -> None: ...

    async def held(self, worker_id: str) -> tuple[HeldEntitlement, ...]:
        """What is not revoked, in order of the grants."""

    async def ending(self, on: date, limit: int) -> tuple[HeldEntitlement, ...]:
        """What is held although its last day lies before `on`, the longest over first, at most `limit`."""
