"""Groups under their base: found by name, with members by DN or by user name."""

from __future__ import annotations

from adapters.identity.ldap.client import Change, Entry, LdapClient
from adapters.identity.ldap.errors import CLASS_VIOLATION, NO_SUCH_ATTRIBUTE, NO_SUCH_OBJECT, VALUE_EXISTS, result_of
from adapters.identity.ldap.mapping import filter_text
from adapters.identity.ldap.settings import LdapSettings
from domain.outside_errors import OutsideError, RefusedError, TemporarilyUnavailableError


class Groups:
    def __init__(self, client: LdapClient, settings: LdapSettings) -> None:
        self._client, self._settings, self._shape = client, settings, settings.shape.groups

    async def of(self, account: Entry) -> tuple[str, ...]:
        """Names of the groups that the account is a member of."""
        return tuple(sorted(each.text(self._shape.name_attribute) for each in await self._with(account)))

    async def join(self, account: Entry, name: str) -> None:
        group = await self._named(name)
        if group is None:
            raise RefusedError(self._settings.system, "group-unknown", f"there is no group {name}")
        change = Change("add", self._shape.member_attribute, (self._member(account),))
        try:
            await self._client.modify(group.dn, [change])
        except OutsideError as error:
            if result_of(error) != VALUE_EXISTS:
                raise
        await self._require(account, group, member=True)

    async def leave(self, account: Entry, name: str) -> None:
        group = await self._named(name)
        if group is not None:
            await self._remove(account, group)
            await self._require(account, group, member=False)

    async def leave_all(self, account: Entry) -> None:
        """Directories do not all do this by themselves when an entry goes."""
        for group in await self._with(account):
            await self._remove(account, group)

    async def _remove(self, account: Entry, group: Entry) -> None:
        gone = Change("delete", self._shape.member_attribute, (self._member(account),))
        try:
            await self._client.modify(group.dn, [gone])
        except OutsideError as error:
            if result_of(error) == CLASS_VIOLATION and self._shape.members == "dn":  # it was the last one
                kept = Change("add", self._shape.member_attribute, (self._shape.placeholder,))
                await self._client.modify(group.dn, [kept, gone])
            elif result_of(error) not in (NO_SUCH_ATTRIBUTE, NO_SUCH_OBJECT):
                raise

    async def _named(self, name: str) -> Entry | None:
        where = f"(&{self._class()}({self._shape.name_attribute}={filter_text(name)}))"
        found = await self._search(where)
        if len(found) > 1:
            raise RefusedError(self._settings.system, "group-ambiguous", f"there are {len(found)} groups {name}")
        return found[0] if found else None

    async def _with(self, account: Entry) -> list[Entry]:
        return await self._search(f"(&{self._class()}{self._is_member(account)})")

    async def _require(self, account: Entry, group: Entry, *, member: bool) -> None:
        found = await self._client.search(group.dn, self._is_member(account), ["1.1"], only_base=True)
        if bool(found) != member:
            message = "the group does not show yet what was done"
            raise TemporarilyUnavailableError(self._settings.system, "not-shown", message)

    async def _search(self, where: str) -> list[Entry]:
        return await self._client.search(self._settings.groups, where, [self._shape.name_attribute])

    def _class(self) -> str:
        return f"(objectClass={self._shape.object_class})"

    def _is_member(self, account: Entry) -> str:
        return f"({self._shape.member_attribute}={filter_text(self._member(account))})"

    def _member(self, account: Entry) -> str:
        return account.dn if self._shape.members == "dn" else account.text(self._settings.shape.name_attribute)
