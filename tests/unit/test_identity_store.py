"""The store of the embedded identity provider keeps to the rules of scim2-server's storages, and survives."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from scim2_models import Resource, ResourceType, ScimProvider
from scim2_server.testing import AsyncScimStorageContract

from cli.stack.identity_service import describe
from cli.stack.identity_store import DurableStorage

PROVIDER = describe()
USERS: ResourceType = next(each for each in PROVIDER.resource_types if each.id == "User")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "identity.db"


class TestDurableStorage(AsyncScimStorageContract):
    @pytest.fixture
    def provider(self) -> ScimProvider:
        return PROVIDER  # building one takes longer than a test

    @pytest.fixture
    def async_storage(self, path: Path) -> Iterator[DurableStorage]:
        storage = DurableStorage(path, PROVIDER)
        yield storage
        storage.close()


def _user(**attributes: object) -> Resource[Any]:
    model = cast("type[Resource[Any]]", PROVIDER.model_for(USERS))
    return model.model_validate({"userName": "jdoe", "active": True, "password": "sesame-open", **attributes})


def test_what_was_changed_is_there_for_the_next_process(path: Path) -> None:
    first = DurableStorage(path, PROVIDER)
    kept = asyncio.run(first.create(USERS, _user()))
    gone = asyncio.run(first.create(USERS, _user(userName="gone")))
    changed = kept.model_copy(update={"title": "Nurse"})
    changed = asyncio.run(first.update(USERS, changed))
    asyncio.run(first.delete(USERS, str(gone.id)))
    # Nothing is closed: a killed process closes nothing either.
    second = DurableStorage(path, PROVIDER)
    assert [each.model_dump() for each in second.resources] == [changed.model_dump()]
    again = asyncio.run(second.update(USERS, changed.model_copy(update={"title": "RN"})))
    assert again.meta and changed.meta and again.meta.version != changed.meta.version
    first.close()
    second.close()


def test_only_an_enabled_user_with_the_right_password_logs_in_and_none_is_kept_in_clear(path: Path) -> None:
    storage = DurableStorage(path, PROVIDER)
    user = asyncio.run(storage.create(USERS, _user()))
    asyncio.run(storage.create(USERS, _user(userName="nobody", password=None)))
    assert storage.login_possible("JDOE", "sesame-open")
    assert not storage.login_possible("jdoe", "sesame-shut")
    assert not storage.login_possible("jane", "sesame-open")
    assert not storage.login_possible("nobody", "") and not storage.login_possible("nobody", "None")
    asyncio.run(storage.update(USERS, user.model_copy(update={"active": False})))
    assert not storage.login_possible("jdoe", "sesame-open")
    storage.close()
    assert b"sesame-open" not in path.read_bytes()


def test_what_cannot_be_written_did_not_happen(path: Path) -> None:
    storage = DurableStorage(path, PROVIDER)
    asyncio.run(storage.create(USERS, _user()))
    with sqlite3.connect(path) as other:
        other.execute("CREATE TRIGGER full BEFORE INSERT ON resource BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    other.close()
    with pytest.raises(sqlite3.Error, match="disk full"):
        asyncio.run(storage.create(USERS, _user(userName="second")))
    assert [getattr(each, "user_name", "") for each in storage.resources] == ["jdoe"]
    storage.close()
