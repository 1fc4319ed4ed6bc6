"""How an account is enabled and disabled, and how an entry shows which it is. One class per way."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Protocol

from adapters.identity.ldap.client import Change, Entry
from adapters.identity.ldap.settings import DirectoryShape

ENDED_LONG_AGO = "19700101000000Z"
"""Of pwdEndTime (draft-behera-ldap-password-policy-10): from then on no password is good."""
LOCKED_FOR_EVER = "000001010000Z"
"""Of pwdAccountLockedTime (draft-behera-ldap-password-policy): locked until somebody unlocks it. Any other value is a
lock after failed attempts, which passes by itself and is not ours."""
UNUSABLE = "{CRYPT}!"
"""A stored password that nothing matches."""
_DISABLED = 2
_NORMAL_ACCOUNT = 512


class Switch(Protocol):
    @property
    def attributes(self) -> tuple[str, ...]:
        """What must be read to tell."""
        ...

    def is_active(self, entry: Entry) -> bool: ...

    def at_creation(self) -> dict[str, tuple[str, ...]]:
        """Attributes of a new entry that keep anybody from logging in."""
        ...

    def off(self, entry: Entry) -> tuple[Change, ...]: ...

    def on(self, entry: Entry) -> tuple[Change, ...]: ...


class EndTime:
    """Unlike the lock, it outlives a new password. OpenLDAP has it from 2.5 on."""

    attributes = ("pwdEndTime",)

    def is_active(self, entry: Entry) -> bool:
        text = entry.text("pwdEndTime")
        return not text or text[:14] > datetime.now(UTC).strftime("%Y%m%d%H%M%S")

    def at_creation(self) -> dict[str, tuple[str, ...]]:
        return {"pwdEndTime": (ENDED_LONG_AGO,)}

    def off(self, entry: Entry) -> tuple[Change, ...]:  # noqa: ARG002 - the same for everybody
        return (Change("replace", "pwdEndTime", (ENDED_LONG_AGO,)),)

    def on(self, entry: Entry) -> tuple[Change, ...]:
        return () if self.is_active(entry) else (Change("replace", "pwdEndTime"),)


class Lock:
    """OpenLDAP lifts it when an administrator sets a password."""

    attributes = ("pwdAccountLockedTime",)

    def is_active(self, entry: Entry) -> bool:
        return entry.text("pwdAccountLockedTime") != LOCKED_FOR_EVER

    def at_creation(self) -> dict[str, tuple[str, ...]]:
        return {"pwdAccountLockedTime": (LOCKED_FOR_EVER,)}

    def off(self, entry: Entry) -> tuple[Change, ...]:  # noqa: ARG002 - the lock is the same for everybody
        return (Change("replace", "pwdAccountLockedTime", (LOCKED_FOR_EVER,)),)

    def on(self, entry: Entry) -> tuple[Change, ...]:
        return () if self.is_active(entry) else (Change("replace", "pwdAccountLockedTime"),)


class Password:
    attributes = ("userPassword",)

    def is_active(self, entry: Entry) -> bool:
        return entry.text("userPassword") not in ("", UNUSABLE)

    def at_creation(self) -> dict[str, tuple[str, ...]]:
        return {"userPassword": (UNUSABLE,)}

    def off(self, entry: Entry) -> tuple[Change, ...]:  # noqa: ARG002 - as above
        return (Change("replace", "userPassword", (UNUSABLE,)),)

    def on(self, entry: Entry) -> tuple[Change, ...]:  # noqa: ARG002 - the password that is set enables it
        return ()


class AccountControl:
    attributes = ("userAccountControl",)

    def is_active(self, entry: Entry) -> bool:
        return not self._bits(entry) & _DISABLED

    def at_creation(self) -> dict[str, tuple[str, ...]]:
        return {"userAccountControl": (str(_NORMAL_ACCOUNT | _DISABLED),)}

    def off(self, entry: Entry) -> tuple[Change, ...]:
        return self._set(self._bits(entry) | _DISABLED)

    def on(self, entry: Entry) -> tuple[Change, ...]:
        return self._set(self._bits(entry) & ~_DISABLED)

    def _set(self, bits: int) -> tuple[Change, ...]:
        return (Change("replace", "userAccountControl", (str(bits),)),)

    def _bits(self, entry: Entry) -> int:
        text = entry.text("userAccountControl")
        return int(text) if text.isdigit() else _NORMAL_ACCOUNT


def switch_of(shape: DirectoryShape) -> Switch:
    ways: dict[str, Switch] = {
        "end-time": EndTime(),
        "lock": Lock(),
        "password": Password(),
        "account-control": AccountControl(),
    }
    return ways[shape.disabling]


def one_time_password() -> str:
    """Good for one attempt to log in; nobody is told. It satisfies rules about kinds of characters."""
    return f"{secrets.token_urlsafe(24)}aA1-"


def set_password(shape: DirectoryShape, password: str) -> Change:
    attribute = shape.password_attribute
    stored = password if attribute == "userPassword" else f'"{password}"'.encode("utf-16-le")
    return Change("replace", attribute, (stored,))
