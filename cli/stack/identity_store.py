"""Where the embedded identity provider keeps users and groups: in memory to answer from, in a file to survive.

What was answered is in the file: a change is written before its answer goes out, so a kill of the process loses none.
Passwords are kept as salted digests, never as they came.
"""

import hashlib
import hmac
import itertools
import secrets
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from scim2_models import Resource, ResourceType, ScimProvider
from scim2_server.memory import AsyncInMemoryStorage, InMemoryStorage

_SCHEMA = """CREATE TABLE IF NOT EXISTS resource (
    kind TEXT NOT NULL, id TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID"""
_DIGEST = "scrypt$"
_COST, _BLOCK, _LANES = 2**12, 8, 1


class DurableStorage(AsyncInMemoryStorage):
    """The storage of one file, which one process at a time may open."""

    def __init__(self, path: Path, provider: ScimProvider) -> None:
        super().__init__(InMemoryStorage())
        self._models: Mapping[str, type[Resource[Any]]] = {
            str(kind.name): cast("type[Resource[Any]]", provider.model_for(kind)) for kind in provider.resource_types
        }
        # WAL with 'normal' keeps what was committed when the process is killed; only a power cut may lose the last.
        self._file = sqlite3.connect(path, isolation_level=None)
        for statement in ("PRAGMA journal_mode=wal", "PRAGMA synchronous=normal", _SCHEMA):
            self._file.execute(statement)
        self._load()

    async def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        created = await super().create(resource_type, _without_plain_password(resource))
        self._keep(created)
        return created

    async def update(
        self, resource_type: ResourceType, resource: Resource[Any], *, expected_version: str | None = None
    ) -> Resource[Any]:
        updated = await super().update(
            resource_type, _without_plain_password(resource), expected_version=expected_version
        )
        self._keep(updated)
        return updated

    async def delete(
        self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None
    ) -> None:
        await super().delete(resource_type, resource_id, expected_version=expected_version)
        self._write("DELETE FROM resource WHERE kind = ? AND id = ?", str(resource_type.name), resource_id)

    def login_possible(self, user_name: str, password: str) -> bool:
        """Whether an enabled user has this name, whatever its case, and this password."""
        for user in self.resources:
            if str(getattr(user, "user_name", "")).casefold() == user_name.casefold():
                kept = getattr(user, "password", None)
                return bool(kept) and getattr(user, "active", None) is True and _fits(password, str(kept))
        return False

    def close(self) -> None:
        self._file.close()

    def _load(self) -> None:
        rows = self._file.execute("SELECT kind, content FROM resource").fetchall()
        self.storage.resources = [self._models[kind].model_validate_json(content) for kind, content in rows]
        latest = max((_number(each) for each in self.storage.resources), default=0)
        self.storage.versions = itertools.count(latest + 1)

    def _keep(self, resource: Resource[Any]) -> None:
        kind = str(resource.meta.resource_type if resource.meta else "")
        self._write(
            "INSERT INTO resource VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET content = excluded.content",
            *(kind, str(resource.id), resource.model_dump_json()),
        )

    def _write(self, statement: str, *values: str) -> None:
        try:
            self._file.execute(statement, values)
        except sqlite3.Error:
            self._load()  # what could not be written did not happen
            raise


def _without_plain_password(resource: Resource[Any]) -> Resource[Any]:
    password = getattr(resource, "password", None)
    if not password or str(password).startswith(_DIGEST):
        return resource
    kept = resource.model_copy(deep=True)
    setattr(kept, "password", _digest(str(password), secrets.token_bytes(16)))  # noqa: B010 - only users have one
    return kept


def _digest(password: str, salt: bytes) -> str:
    digest = hashlib.scrypt(password.encode(), salt=salt, n=_COST, r=_BLOCK, p=_LANES)
    return f"{_DIGEST}{salt.hex()}${digest.hex()}"


def _fits(password: str, kept: str) -> bool:
    salt = bytes.fromhex(kept.removeprefix(_DIGEST).partition("$")[0])
    return hmac.compare_digest(_digest(password, salt), kept)


def _number(resource: Resource[Any]) -> int:
    version = str(resource.meta.version if resource.meta else "")
    digits = "".join(each for each in version if each.isdigit())
    return int(digits or 0)
