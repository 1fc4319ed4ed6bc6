"""The identity port over a SCIM 2.0 provider (RFC 7643, RFC 7644) of whatever make."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import httpx

from adapters.identity.scim import mapping
from adapters.identity.scim.client import ScimClient
from adapters.identity.scim.errors import TAKEN
from adapters.identity.scim.login import LoginProbe, TokenLogin
from adapters.identity.scim.lookups import Lookups
from adapters.identity.scim.memberships import Memberships
from adapters.identity.scim.settings import ScimSettings, fields_of
from adapters.identity.scim.switching import Switching, one_time_password
from adapters.identity.scim.wire import WireUser, user_path
from domain.accounts import Account, AccountDraft, name_key
from domain.outside_errors import ContractDriftError, OutsideError, RefusedError, TemporarilyUnavailableError


class ScimIdentity:
    """`domain.ports.identity.IdentityPort`. Raises the errors of `domain.outside_errors` and no others.

    Besides the codes of the port: 'group-ambiguous' when several groups have the name, 'account-gone' from `enable`,
    `disable` and `join`, 'attributes-not-kept' from `change`, 'access-refused', 'data-invalid'.
    """

    def __init__(self, client: ScimClient, login: LoginProbe | None = None) -> None:
        self._client, self._mapping = client, client.settings.mapping
        self._lookups = Lookups(client)
        self._switching = Switching(client, self._lookups, login)
        self._memberships = Memberships(client, self._lookups, self._switching)

    @classmethod
    @asynccontextmanager
    async def connect(cls, settings: ScimSettings) -> AsyncIterator[ScimIdentity]:
        """Ready for the provider, which is connected on the first call. The login probe is used when the settings
        name a token endpoint."""
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(ScimClient.open(settings))
            login = None
            if settings.token_url:
                http = await stack.enter_async_context(httpx.AsyncClient(timeout=settings.timeout, trust_env=False))
                login = TokenLogin(
                    http, settings.system, settings.token_url, settings.client_id, settings.client_secret
                )
            yield cls(client, login)

    @property
    def system(self) -> str:
        return self._client.system

    async def health(self) -> None:
        await self._client.call("GET", "/Users", query={"count": "1", "attributes": "id"})

    async def account(self, account_id: str) -> Account | None:
        user = await self._lookups.user(account_id)
        return None if user is None else await self._shown(user)

    async def find(self, worker_number: str, user_name: str) -> Account | None:
        found = await self._candidates(worker_number, user_name)
        if len(found) > 1:
            raise self._conflict(f"{len(found)} accounts bear the user name or the worker number")
        if not found:
            return None
        if not self._belongs(found[0], worker_number):
            raise self._conflict("the account with this user name is not known to be this worker's")
        return await self._shown(found[0])

    async def name_taken(self, user_name: str) -> bool:
        return bool(await self._lookups.users_named(user_name))

    async def create(self, draft: AccountDraft) -> Account:
        """The account that the worker has under this name already comes back as it is, enabled or not. One of another
        name is an 'account-conflict'."""
        present = await self._own(draft)
        if present is not None:
            return await self._shown(present)
        try:
            await self._client.call("POST", "/Users", mapping.creation(self._mapping, await self._fields(draft)))
        except (TemporarilyUnavailableError, RefusedError) as error:
            return await self._after_a_failed_creation(draft, error)
        return await self._created(draft)

    async def change(self, account_id: str, draft: AccountDraft) -> Account:
        user = await self._lookups.known_user(account_id)
        if user.worker_number and not self._belongs(user, draft.worker_number):
            raise self._conflict("the account bears another worker's number")
        fields = await self._fields(draft)
        await self._switching.change_anew(user, lambda latest: mapping.changes(self._mapping, fields, latest.raw))
        latest = user

        async def changed() -> bool:
            nonlocal latest
            latest = await self._lookups.known_user(account_id)
            return not mapping.differing(self._mapping, fields, latest.raw)

        if not await self._switching.shown(changed):
            differing = ", ".join(mapping.differing(self._mapping, fields, latest.raw))
            message = f"the provider took the change and does not show it: {differing}"
            raise RefusedError(self.system, "attributes-not-kept", message)
        return await self._shown(latest)

    async def enable(self, account_id: str) -> Account:
        return await self._shown(await self._switching.enable(account_id))

    async def disable(self, account_id: str) -> Account:
        return await self._shown(await self._switching.disable(account_id))

    async def delete(self, account_id: str) -> None:
        if not account_id:
            return
        await self._client.call("DELETE", user_path(account_id), absent=True)

        async def gone() -> bool:
            return await self._lookups.user(account_id) is None

        if not await self._switching.shown(gone):
            raise TemporarilyUnavailableError(self.system, "not-shown", "the account is deleted and still there")

    async def join(self, account_id: str, group: str) -> None:
        await self._memberships.join(account_id, group)

    async def leave(self, account_id: str, group: str) -> None:
        await self._memberships.leave(account_id, group)

    async def _after_a_failed_creation(self, draft: AccountDraft, error: OutsideError) -> Account:
        """A refusal for the name may come from an earlier try of our own, and an error or silence may hide a success:
        the provider is asked before anything is concluded."""
        if isinstance(error, RefusedError) and error.code != TAKEN:
            raise error
        own = await self._own(draft)
        if own is not None:
            return await self._created(draft)
        if isinstance(error, RefusedError):
            message = "the provider says that the user name is taken, by an account that it does not show"
            raise RefusedError(self.system, "username-taken", message) from error
        raise error

    async def _created(self, draft: AccountDraft) -> Account:
        """What the provider shows of the new account; disabled now where it came out enabled."""
        own: WireUser | None = None

        async def there() -> bool:
            nonlocal own
            own = await self._own(draft, only_made_now=True)
            return own is not None

        if not await self._switching.shown(there) or own is None:
            raise TemporarilyUnavailableError(self.system, "not-shown", "the account was created and is not shown")
        return await self._shown(await self._switching.disable(own.id) if own.enabled else own)

    async def _own(self, draft: AccountDraft, *, only_made_now: bool = False) -> WireUser | None:
        """The worker's account. RefusedError 'username-taken' or 'account-conflict'."""
        found = await self._candidates(draft.worker_number, draft.user_name)
        own = [each for each in found if self._belongs(each, draft.worker_number)]
        if len(own) > 1:
            raise self._conflict(f"{len(own)} accounts are this worker's")
        if own and name_key(own[0].user_name) != name_key(draft.user_name):
            raise self._conflict("the worker has an account of another name")
        if own:
            return own[0]
        if only_made_now and any(not each.worker_number for each in found):
            message = "the provider does not keep the worker number: its mapping must say keeps_worker_number: false"
            raise ContractDriftError(self.system, "worker-number-not-kept", message)
        if found:
            raise RefusedError(self.system, "username-taken", "another account has the user name")
        return None

    async def _candidates(self, worker_number: str, user_name: str) -> list[WireUser]:
        """Everybody who has the name or the number, each once."""
        numbered = await self._lookups.users_numbered(worker_number) if self._mapping.keeps_worker_number else []
        named = await self._lookups.users_named(user_name) if user_name else []
        return list({each.id: each for each in (*numbered, *named)}.values())

    def _belongs(self, user: WireUser, worker_number: str) -> bool:
        if user.worker_number and worker_number:
            return user.bears(worker_number)
        return not self._mapping.keeps_worker_number or (not worker_number and not user.worker_number)

    def _conflict(self, message: str) -> RefusedError:
        return RefusedError(self.system, "account-conflict", message)

    async def _fields(self, draft: AccountDraft) -> dict[str, str]:
        manager_id = await self._lookups.manager_id(draft.manager)
        return fields_of(draft, manager_id, one_time_password().get_secret_value())

    async def _shown(self, user: WireUser) -> Account:
        groups: Sequence[str] = await self._lookups.groups_of(user)
        return mapping.account(user, groups)
