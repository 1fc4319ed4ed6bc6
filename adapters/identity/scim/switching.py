"""Enabling and disabling, each proven by a login where a probe is configured.

The probe needs a password that it knows, so it sets a one-time one, random and forgotten at once. It must never take
away the password of a person who works. Therefore it is used in two cases only: when this very call has just enabled an
account that was disabled, and on an account that is disabled, where nobody can be working.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable

from pydantic import SecretStr

from adapters.identity.scim.client import ScimClient
from adapters.identity.scim.errors import CHANGED
from adapters.identity.scim.login import LoginProbe
from adapters.identity.scim.lookups import Lookups
from adapters.identity.scim.mapping import flag, patch
from adapters.identity.scim.wire import Json, WireUser, user_path
from domain.outside_errors import OutsideError, RefusedError, TemporarilyUnavailableError

NOT_POSSIBLE, STILL_POSSIBLE = "login-not-possible", "login-still-possible"


def one_time_password() -> SecretStr:
    """Long enough that nobody guesses it, with every kind of character that password rules ask for."""
    return SecretStr(f"{secrets.token_urlsafe(32)}aA1!")


class Switching:
    def __init__(self, client: ScimClient, lookups: Lookups, login: LoginProbe | None) -> None:
        self._client, self._lookups, self._login = client, lookups, login

    async def enable(self, user_id: str) -> WireUser:
        """Of an account that was enabled before this call, only that is believed which the provider shows."""
        user = await self._lookups.known_user(user_id)
        if user.enabled:
            return user
        switched = await self._switch(user, True)
        if self._login is not None:
            try:
                await self._prove(switched, self._login, True)
            except OutsideError:
                # Left enabled, the next try would take it for one that works.
                await self._switch(switched, False)
                raise
        return switched

    async def disable(self, user_id: str) -> WireUser:
        user = await self._lookups.known_user(user_id)
        switched = await self._switch(user, False) if user.enabled else user
        if self._login is not None:
            await self._prove(switched, self._login, False)
        return switched

    async def change(self, user: WireUser, *operations: Json) -> None:
        """One PATCH, with If-Match only where the provider says that it keeps versions."""
        versions = (await self._client.config()).etag.supported
        version = user.version if versions else ""
        await self._client.call("PATCH", user_path(user.id), patch(*operations), version=version)

    async def change_anew(self, user: WireUser, operations: Callable[[WireUser], list[Json]]) -> None:
        """Change what is to be changed of the user as it is; once more when somebody else changed it meanwhile."""
        wanted = operations(user)
        if not wanted:
            return
        try:
            await self.change(user, *wanted)
        except TemporarilyUnavailableError as error:
            if error.code != CHANGED:
                raise
            latest = await self._lookups.known_user(user.id)
            if again := operations(latest):
                await self.change(latest, *again)

    async def shown(self, look: Callable[[], Awaitable[bool]]) -> bool:
        """Whether the provider shows something within a few reads: some show their own changes late."""
        settings = self._client.settings
        for number in range(settings.reads):
            if number:
                await self._client.sleep(settings.settle)
            if await look():
                return True
        return False

    async def _switch(self, user: WireUser, active: bool) -> WireUser:
        """Set `active` and read it back. A call without an answer may have had its effect: reading decides."""
        value = flag(self._client.settings.mapping, active)
        lost: OutsideError | None = None
        try:
            await self.change_anew(user, lambda _: [{"op": "replace", "path": "active", "value": value}])
        except TemporarilyUnavailableError as error:
            lost = error
        latest = user

        async def switched() -> bool:
            nonlocal latest
            latest = await self._lookups.known_user(user.id)
            return latest.active is active

        if await self.shown(switched):
            return latest
        if lost is not None:
            raise lost
        code = NOT_POSSIBLE if active else STILL_POSSIBLE
        raise RefusedError(self._client.system, code, f"the provider took the change and does not show active={active}")

    async def _prove(self, user: WireUser, login: LoginProbe, possible: bool) -> None:
        password = one_time_password()
        await self._set_password(user, password)

        async def as_it_should_be() -> bool:
            return await login.possible(user.user_name, password) is possible

        if await self.shown(as_it_should_be):
            return
        if possible:
            raise RefusedError(self._client.system, NOT_POSSIBLE, "the account is enabled and a login is refused")
        raise RefusedError(self._client.system, STILL_POSSIBLE, "the account is disabled and a login succeeds")

    async def _set_password(self, user: WireUser, password: SecretStr) -> None:
        latest = await self._lookups.known_user(user.id)
        secret = password.get_secret_value()
        await self.change_anew(latest, lambda _: [{"op": "replace", "path": "password", "value": secret}])
