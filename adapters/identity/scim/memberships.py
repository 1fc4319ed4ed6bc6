"""Members of groups: read first, added once, and looked at again."""

from __future__ import annotations

from adapters.identity.scim.client import ScimClient
from adapters.identity.scim.lookups import Lookups
from adapters.identity.scim.mapping import member_removal, patch
from adapters.identity.scim.switching import Switching
from adapters.identity.scim.wire import Json, WireGroup, group_path
from domain.outside_errors import RefusedError, TemporarilyUnavailableError


class Memberships:
    """No If-Match here: adding one member disturbs nobody who adds another, and big groups change all the time."""

    def __init__(self, client: ScimClient, lookups: Lookups, switching: Switching) -> None:
        self._client, self._lookups, self._switching = client, lookups, switching

    async def join(self, user_id: str, name: str) -> None:
        user = await self._lookups.known_user(user_id)
        group = await self._lookups.group_named(name)
        if group is None:
            raise RefusedError(self._client.system, "group-unknown", f"there is no group {name}")
        if not group.entries_of(user.id, user.user_name):
            await self._change(group, _addition(user.id))
        await self._await_entries(group.id, user.id, user.user_name, wanted=True)
        await self._reduce(group.id, user.id, user.user_name)

    async def leave(self, user_id: str, name: str) -> None:
        group = await self._lookups.group_named(name)
        if group is None:
            return
        user = await self._lookups.user(user_id)
        user_name = user.user_name if user else ""
        await self._remove(group, user_id, user_name)
        await self._await_entries(group.id, user_id, user_name, wanted=False)

    async def _reduce(self, group_id: str, user_id: str, user_name: str) -> None:
        """Of a member who is there more than once, leave one."""
        group = await self._lookups.group(group_id)
        if group is None or len(group.entries_of(user_id, user_name)) < 2:
            return
        await self._remove(group, user_id, user_name)
        left = await self._lookups.group(group_id)
        if left is not None and not left.entries_of(user_id, user_name):
            await self._change(group, _addition(user_id))
        await self._await_entries(group_id, user_id, user_name, wanted=True)

    async def _remove(self, group: WireGroup, user_id: str, user_name: str) -> None:
        mapping = self._client.settings.mapping
        # By the value that the provider wrote: it is not the id in all of them.
        values = dict.fromkeys(each.value or user_id for each in group.entries_of(user_id, user_name))
        if values:
            await self._change(group, *(member_removal(mapping, value) for value in values))

    async def _change(self, group: WireGroup, *operations: Json) -> None:
        await self._client.call("PATCH", group_path(group.id), patch(*operations), absent=True)

    async def _await_entries(self, group_id: str, user_id: str, user_name: str, *, wanted: bool) -> None:
        async def as_wanted() -> bool:
            group = await self._lookups.group(group_id)
            return bool(group and group.entries_of(user_id, user_name)) is wanted

        if not await self._switching.shown(as_wanted):
            state = "no member yet" if wanted else "still a member"
            raise TemporarilyUnavailableError(self._client.system, "not-shown", f"the account is {state}")


def _addition(user_id: str) -> Json:
    return {"op": "add", "path": "members", "value": [{"value": user_id}]}
