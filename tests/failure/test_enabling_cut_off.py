"""A process dies after it enabled an account and before a login has shown that somebody can use it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment

from activities.hire_access import HireAccess
from activities.recording import Recorder
from domain.accounts import HeldAccount
from domain.case import Journal
from tests.fixtures.evidence import a_snapshot
from tests.fixtures.faulty_scim import FaultyHouse, faulty_house
from tests.fixtures.hire_world import HireWorld
from tests.fixtures.identity import PASSWORD, a_draft
from workflows.steps.hire_inputs import AccountStateInput

NOW = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)


class ProcessDiedError(BaseException):
    """Nobody catches it, as nobody catches the end of a process."""


class Desk:
    """The step for one account. `told` is what its attempts left with the server for those after them."""

    def __init__(self, world: HireWorld, house: FaultyHouse) -> None:
        self.house, self.told, self.draft = house, list[str](), a_draft()
        self.account_id = ""
        self._access = world.access
        ports = replace(world.hiring(), identities={"identity": house.port})
        self._steps = HireAccess(ports, Recorder(world.evidence, lambda: NOW))

    async def make(self) -> None:
        self.account_id = (await self.house.port.create(self.draft)).account_id
        mine = HeldAccount(
            system="identity", worker_id=self.draft.worker_id, user_name=self.draft.user_name, case_id="hire-1"
        )
        await self._access.claim_name(mine.model_copy(update={"account_id": self.account_id}))

    async def enable(self) -> None:
        """One attempt, in a process that knows of those before it only what they told the server."""
        attempt = ActivityEnvironment()
        attempt.info = replace(attempt.info, heartbeat_details=tuple(self.told))
        attempt.on_heartbeat = self._hear
        journal = Journal(snapshot=a_snapshot())
        step = AccountStateInput(journal=journal, seq=1, system="identity", worker_id=self.draft.worker_id)
        await attempt.run(self._steps.enable_account, step)

    def _hear(self, *details: str) -> None:
        self.told[:] = details

    async def is_enabled(self) -> bool:
        return await self.house.raw.enabled(self.account_id)


@pytest.fixture
async def desk(temporal: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Desk]:
    async with faulty_house(tmp_path) as house:
        desk = Desk(HireWorld(temporal), house)
        await desk.make()
        yield desk


async def _dies(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def cut(_: httpx.Request) -> httpx.Response:
        raise ProcessDiedError

    with monkeypatch.context() as dying:
        dying.setattr(desk.house.provider, "_login", cut)
        with pytest.raises(ProcessDiedError):
            await desk.enable()
    assert await desk.is_enabled(), "the provider has it enabled, and nobody has logged in"


async def test_whoever_goes_on_believes_nothing_that_no_login_has_shown(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _dies(desk, monkeypatch)
    desk.house.suffers("login-refuses")
    with pytest.raises(ApplicationError) as refused:
        await desk.enable()
    assert "a login " in str(refused.value)
    desk.house.recovers()
    await desk.enable()
    assert await desk.is_enabled()


async def test_whoever_goes_on_has_a_login_tried(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await _dies(desk, monkeypatch)
    before = len(desk.house.provider.sent("POST", "/token"))
    await desk.enable()
    assert len(desk.house.provider.sent("POST", "/token")) == before + 2, "one that is refused, one that succeeds"
    assert await desk.is_enabled()


@pytest.mark.parametrize("told", [(), ("something else",)])
async def test_the_password_of_somebody_who_works_already_stays_theirs(desk: Desk, told: Sequence[str]) -> None:
    await desk.house.port.enable(desk.account_id)
    await desk.house.raw.set_password(desk.account_id, PASSWORD)
    desk.told[:] = told
    await desk.enable()
    assert await desk.house.raw.may_log_in(desk.draft.user_name, PASSWORD)
