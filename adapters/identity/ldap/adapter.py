"""`domain.ports.identity.IdentityPort` over LDAP."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn

from adapters.identity.ldap.client import Change, Entry, LdapClient
from adapters.identity.ldap.errors import CONSTRAINT_VIOLATION, ENTRY_EXISTS, NO_SUCH_OBJECT, result_of
from adapters.identity.ldap.groups import Groups
from adapters.identity.ldap.mapping import account_of, attributes_of, dn_text, filter_text, id_filter
from adapters.identity.ldap.settings import LdapSettings
from adapters.identity.ldap.switching import one_time_password, set_password, switch_of
from domain.accounts import Account, AccountDraft, name_key
from domain.outside_errors import OutsideError, RefusedError, TemporarilyUnavailableError


class LdapDirectory:
    """Accounts are entries under `settings.users`, groups are entries under `settings.groups`."""

    def __init__(self, settings: LdapSettings, client: LdapClient) -> None:
        self._settings, self._shape, self._client = settings, settings.shape, client
        self._groups, self._switch = Groups(client, settings), switch_of(settings.shape)

    @classmethod
    @asynccontextmanager
    async def connect(cls, settings: LdapSettings) -> AsyncIterator[LdapDirectory]:
        """Nothing is connected yet, so that a worker can start while the directory is down."""
        client = LdapClient(settings)
        try:
            yield cls(settings, client)
        finally:
            await client.close()

    @property
    def system(self) -> str:
        return self._settings.system

    async def health(self) -> None:
        if not await self._client.search(self._settings.users, "(objectClass=*)", ["1.1"], only_base=True):
            raise TemporarilyUnavailableError(self.system, "users-missing", "the entry above all users is not there")

    async def account(self, account_id: str) -> Account | None:
        entry = await self._entry(account_id)
        return await self._shown(entry) if entry else None

    async def find(self, worker_number: str, user_name: str) -> Account | None:
        named, numbered = await self._named_and_numbered(worker_number, user_name)
        if any(not self._belongs(each, worker_number) for each in named):
            self._refuse("account-conflict", "the account of that name is not this worker's")
        if len(numbered) > 1:
            self._refuse("account-conflict", "several accounts have the worker's number")
        return await self._shown(numbered[0]) if numbered else None

    async def name_taken(self, user_name: str) -> bool:
        return bool(await self._search(self._equals(self._shape.name_attribute, user_name)))

    async def create(self, draft: AccountDraft) -> Account:
        known = await self._own(draft)
        if known is not None:
            return await self._shown(known)
        try:
            await self._add(draft)
        except OutsideError as error:
            known = await self._own(draft)  # an answer that was lost, or somebody who was quicker
            if known is None:
                raise self._of_creating(error) from error
        known = known or await self._own(draft)
        if known is None:
            raise TemporarilyUnavailableError(self.system, "not-shown", "the directory does not show the account yet")
        return await self._shown(known)

    async def change(self, account_id: str, draft: AccountDraft) -> Account:
        entry = await self._present(account_id)
        values = attributes_of(self._shape, draft, await self._manager(draft))
        changes = [Change("replace", name, each) for name, each in values.items() if each != entry.texts(name)]
        if changes:
            await self._modify_account(entry, changes)
        return await self._shown(await self._present(account_id))

    async def enable(self, account_id: str) -> Account:
        """An account that is enabled already is left as it is: somebody may work with its password."""
        entry = await self._present(account_id)
        if not self._switch.is_active(entry):
            await self._enable(account_id, entry)
        return await self._shown(await self._present(account_id))

    async def disable(self, account_id: str) -> Account:
        entry, password = await self._present(account_id), one_time_password()
        # Two requests, the lock last: some directories unlock whoever gets a new password, at the end of the request.
        await self._modify_account(entry, [set_password(self._shape, password)])
        await self._modify_account(entry, list(self._switch.off(entry)))
        entry = await self._present(account_id)
        if self._switch.is_active(entry) or await self._client.login_possible(entry.dn, password):
            self._refuse("login-still-possible", "the account is disabled, and a login is possible")
        return await self._shown(entry)

    async def delete(self, account_id: str) -> None:
        entry = await self._entry(account_id)
        if entry is None:
            return
        await self._groups.leave_all(entry)
        try:
            await self._client.delete(entry.dn)
        except OutsideError as error:
            if result_of(error) != NO_SUCH_OBJECT:
                raise
        if await self._entry(account_id) is not None:
            raise TemporarilyUnavailableError(self.system, "not-shown", "the directory still shows the account")

    async def join(self, account_id: str, group: str) -> None:
        await self._groups.join(await self._present(account_id), group)

    async def leave(self, account_id: str, group: str) -> None:
        entry = await self._entry(account_id)
        if entry is not None:
            await self._groups.leave(entry, group)

    async def _add(self, draft: AccountDraft) -> None:
        shape = self._shape
        values = attributes_of(shape, draft, await self._manager(draft)) | self._switch.at_creation()
        values |= {shape.name_attribute: (draft.user_name,), shape.rdn_attribute: (draft.user_name,)}
        dn = f"{shape.rdn_attribute}={dn_text(draft.user_name)},{self._settings.users}"
        await self._client.add(dn, shape.object_classes, {name: each for name, each in values.items() if each})

    async def _own(self, draft: AccountDraft) -> Entry | None:
        """The draft's account when it is there already. Refuses when the name or the number is another account's."""
        named, numbered = await self._named_and_numbered(draft.worker_number, draft.user_name)
        if any(not self._belongs(each, draft.worker_number) for each in named):
            self._refuse("username-taken", "the user name is somebody else's")
        if len(numbered) > len(named):
            self._refuse("account-conflict", "the worker has another account already")
        return named[0] if named else None

    def _of_creating(self, error: OutsideError) -> OutsideError:
        """Neither name nor number were found. What the directory says is taken is then out of our sight."""
        if result_of(error) in (CONSTRAINT_VIOLATION, ENTRY_EXISTS):
            words = "the directory says that the account is there already, and does not show it"
            return RefusedError(self.system, "account-conflict", words)
        return error

    async def _modify_account(self, entry: Entry, changes: list[Change]) -> None:
        try:
            await self._client.modify(entry.dn, changes)
        except OutsideError as error:
            if result_of(error) == NO_SUCH_OBJECT:
                self._refuse("account-gone", "the account is not there any more")
            if result_of(error) == CONSTRAINT_VIOLATION and self._sets_number(changes):
                self._refuse("account-conflict", "the directory does not take the worker's number a second time")
            raise

    def _sets_number(self, changes: list[Change]) -> bool:
        return any(each.attribute == self._shape.number_attribute for each in changes)

    async def _enable(self, account_id: str, entry: Entry) -> None:
        """What is not proven is disabled again, so that whoever asks once more gets the proof."""
        try:
            possible = await self._try_login(account_id, entry)
        except OutsideError:
            await self._switch_off(entry)
            raise
        if not possible:
            await self._switch_off(entry)
            self._refuse("login-not-possible", "the account is enabled, and a login is refused")

    async def _try_login(self, account_id: str, entry: Entry) -> bool:
        password = one_time_password()
        await self._modify_account(entry, [set_password(self._shape, password)])
        # Looked at again: some directories unlock whoever gets a new password, and refuse to do it twice.
        changes = self._switch.on(await self._present(account_id))
        if changes:
            await self._modify_account(entry, list(changes))
        return await self._client.login_possible(entry.dn, password)

    async def _switch_off(self, entry: Entry) -> None:
        with contextlib.suppress(OutsideError):
            await self._client.modify(entry.dn, list(self._switch.off(entry)))

    async def _manager(self, draft: AccountDraft) -> str:
        if not draft.manager or "manager_dn" not in self._shape.attributes.values():
            return ""
        found = await self._search(self._equals(self._shape.name_attribute, draft.manager))
        return found[0].dn if len(found) == 1 else ""

    async def _named_and_numbered(self, worker_number: str, user_name: str) -> tuple[list[Entry], list[Entry]]:
        shape = self._shape
        wanted = ((shape.name_attribute, user_name), (shape.number_attribute, worker_number))
        where = "".join(self._equals(attribute, value) for attribute, value in wanted if value)
        found = await self._search(f"(|{where})") if where else []
        key = name_key(user_name)
        named = [each for each in found if key and name_key(each.text(shape.name_attribute)) == key]
        return named, [each for each in found if self._belongs(each, worker_number)]

    def _belongs(self, entry: Entry, worker_number: str) -> bool:
        number = entry.text(self._shape.number_attribute)
        return bool(worker_number) and number.casefold() == worker_number.casefold()

    async def _entry(self, account_id: str) -> Entry | None:
        where = id_filter(self._shape, account_id)
        found = await self._search(where) if where else []
        return found[0] if found else None

    async def _present(self, account_id: str) -> Entry:
        entry = await self._entry(account_id)
        return entry if entry is not None else self._refuse("account-gone", "the account is not there any more")

    async def _search(self, where: str) -> list[Entry]:
        shape = self._shape
        attributes = {shape.id_attribute, shape.name_attribute, shape.display_attribute, *shape.attributes}
        attributes |= {shape.title_attribute, shape.department_attribute, *self._switch.attributes}
        return await self._client.search(self._settings.users, where, sorted(attributes))

    def _equals(self, attribute: str, value: str) -> str:
        return f"({attribute}={filter_text(value)})"

    async def _shown(self, entry: Entry) -> Account:
        return account_of(self._shape, entry, self._switch.is_active(entry), await self._groups.of(entry))

    def _refuse(self, code: str, message: str) -> NoReturn:
        raise RefusedError(self.system, code, message)
