"""Finding users and groups at a provider that may ignore filters: whatever comes back is compared once more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from adapters.identity.scim.client import ScimClient
from adapters.identity.scim.errors import drifted
from adapters.identity.scim.wire import Json, WireGroup, WireUser, group_path, user_path
from domain.accounts import name_key
from domain.outside_errors import OutsideError, RefusedError


class Lookups:
    def __init__(self, client: ScimClient) -> None:
        self._client, self._mapping = client, client.settings.mapping

    async def user(self, user_id: str) -> WireUser | None:
        if not user_id:
            return None
        answer = await self._client.call("GET", user_path(user_id), absent=True)
        return None if answer is None else self._user(answer)

    async def known_user(self, user_id: str) -> WireUser:
        """Raises RefusedError 'account-gone'."""
        found = await self.user(user_id)
        if found is None:
            raise RefusedError(self._client.system, "account-gone", "the account does not exist any more")
        return found

    async def users_named(self, user_name: str) -> list[WireUser]:
        found = await self._client.search("/Users", "userName", user_name)
        return [self._user(each) for each in found if _equal(each.get("userName"), user_name)]

    async def users_numbered(self, worker_number: str) -> list[WireUser]:
        """Users that bear the number, by whichever attribute keeps it."""
        found: dict[str, WireUser] = {}
        for key in self._mapping.number_keys if worker_number else ():
            for each in await self._client.search("/Users", key, worker_number):
                if _equal(_inside(each, key), worker_number):
                    user = self._user(each)
                    found[user.id] = user
        return list(found.values())

    async def manager_id(self, manager: str) -> str:
        """The manager's id; empty when nobody, or more than one, goes by this name there."""
        if not manager or not self._mapping.needs_manager():
            return ""
        key = self._mapping.manager_key
        found = [
            each for each in await self._client.search("/Users", key, manager) if _equal(_inside(each, key), manager)
        ]
        return str(found[0].get("id", "")) if len(found) == 1 else ""

    async def group_named(self, name: str) -> WireGroup | None:
        """With its members. RefusedError 'group-ambiguous' when several have the name."""
        groups = [self._group(each) for each in await self._client.search("/Groups", "displayName", name)]
        exact = [each for each in groups if each.display_name == name]
        found = exact or [each for each in groups if each.display_name.casefold() == name.casefold()]
        if len(found) > 1:
            raise RefusedError(self._client.system, "group-ambiguous", f"{len(found)} groups are called {name}")
        return await self.group(found[0].id) if found else None

    async def group(self, group_id: str) -> WireGroup | None:
        answer = await self._client.call("GET", group_path(group_id), absent=True)
        return None if answer is None else self._group(answer)

    async def groups_of(self, user: WireUser) -> list[str]:
        """Names of the groups that the user is a member of, by the groups themselves: what a user says of its groups
        is computed later, or not at all, by some."""
        names = []
        for each in await self._client.search("/Groups", "members.value", user.id):
            group: WireGroup | None = self._group(each)
            if group is not None and group.members is None:
                group = await self.group(group.id)
            if group is not None and group.entries_of(user.id, user.user_name):
                names.append(group.display_name)
        return names

    def _user(self, answer: Mapping[str, Any] | Json) -> WireUser:
        try:
            return WireUser.model_validate({**answer, "raw": dict(answer)})
        except ValidationError as error:
            raise self._drift(error) from error

    def _group(self, answer: Mapping[str, Any] | Json) -> WireGroup:
        try:
            return WireGroup.model_validate(answer)
        except ValidationError as error:
            raise self._drift(error) from error

    def _drift(self, error: ValidationError) -> OutsideError:
        return drifted(self._client.system, error)


def _inside(resource: Mapping[str, Any], key: str) -> object:
    """The attribute at a key such as `externalId`, `name.formatted`, or after the URN of an extension."""
    extension, _, attribute = key.rpartition(":")
    found: object = resource.get(extension) if extension else resource
    for part in attribute.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _equal(there: object, wanted: str) -> bool:
    return there is not None and name_key(str(there)) == name_key(wanted)
