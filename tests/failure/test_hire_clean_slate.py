"""Hires in a real HRIS, a real ERP, a real SCIM provider that misbehaves and a real directory: what is in there is read
without the adapters, and when a hire is over it is nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from temporalio.testing import WorkflowEnvironment

from activities.hire_ports import Hiring
from adapters.erp.reference import install as erp
from adapters.erp.reference.adapter import ReferenceErp
from adapters.hris.reference.adapter import ReferenceHris
from adapters.identity.ldap.adapter import LdapDirectory
from domain.business_time import start_of_day
from domain.ports.identity import IdentityPort
from tests.fixtures.faulty_scim import FaultyHouse, faulty_house
from tests.fixtures.hire_rules import row
from tests.fixtures.hire_world import PLAN, HireCase, HireWorld
from tests.fixtures.hurried_retries import HurriedRetries
from tests.fixtures.postgres import PostgresTestServer
from tests.fixtures.slapd import SLAPD, Slapd, running_slapd
from tests.fixtures.small_hospital import FACILITY, reference_system
from worker import build_worker

IN_DIRECTORY: dict[str, Any] = {"done_by": "identity-desk", "after": ("worker",)}
DIRECTORY = (
    row("directory-account", "account", -5, target="directory", **IN_DIRECTORY),
    row("wards-access", "access", -3, entitlements=("wards",), done_by="it-security", after=("directory-account",)),
)
GONE = {"worker": ["RESCINDED"], "active employees": [], "accounts": 0, "memberships": 0}
MADE = {"worker": ["PREHIRE"], "active employees": [True], "accounts": 1, "memberships": 2}


class RealSystems(HireWorld):
    """`slapd` is None on machines without one: then there is no directory in the plan either."""

    def __init__(self, temporal: WorkflowEnvironment, house: FaultyHouse, slapd: Slapd | None) -> None:
        super().__init__(temporal)
        self.house, self.slapd = house, slapd
        self.targets: dict[str, IdentityPort] = {"identity": house.port}
        if slapd is not None:
            self.rules = self.rules.model_copy(update={"plan": (*PLAN, *DIRECTORY)})

    async def open(self, stack: AsyncExitStack, hris_dsn: str, erp_dsn: str) -> None:
        self.dsns = {"hris": hris_dsn, "erp": erp_dsn}
        self.real_hris = await stack.enter_async_context(ReferenceHris.connect(hris_dsn))
        self.real_erp = await stack.enter_async_context(ReferenceErp.connect(erp_dsn))
        if self.slapd is not None:
            directory = LdapDirectory.connect(self.slapd.settings())
            self.targets["directory"] = await stack.enter_async_context(directory)

    def hiring(self) -> Hiring:
        return replace(super().hiring(), hris=self.real_hris, employees=self.real_erp, identities=self.targets)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[RealSystems]:
        """Failing steps are tried again at once: only days have to be skipped."""
        async with build_worker(self.client, self.ports(), self.task_queue, interceptors=[HurriedRetries()]):
            yield self

    async def seen(self, case: HireCase) -> dict[str, object]:
        """What the systems themselves show of the hire, whatever the adapters say."""
        people = await self.house.raw._all("Users")
        groups = await self.house.raw._all("Groups")
        active = "SELECT active FROM erp.employee WHERE external_id = $1 AND active"
        seen: dict[str, object] = {
            "worker": await self._values("hris", "SELECT status FROM hris.worker WHERE external_id = $1", case),
            "active employees": await self._values("erp", active, case),
            "accounts": len(people),
            "memberships": sum(len(group.get("members", [])) for group in groups),
        }
        if self.slapd is not None:
            self.slapd.raw.search("ou=people,dc=hospital,dc=example", "(uid=*)", attributes=["uid"])
            entries, members = len(self.slapd.raw.response), self.slapd.members("g-wards")
            seen |= {"entries": entries, "directory members": len([each for each in members if each != "cn=nobody"])}
        return seen

    async def _values(self, database: str, query: str, case: HireCase) -> list[Any]:
        connection = await asyncpg.connect(self.dsns[database])
        try:
            return [each[0] for each in await connection.fetch(query, case.name)]
        finally:
            await connection.close()

    def expect(self, seen: dict[str, Any], in_directory: int) -> dict[str, Any]:
        """With what the directory is to show, where there is one."""
        return seen | ({"entries": in_directory, "directory members": in_directory} if self.slapd else {})

    async def enabled(self) -> list[bool]:
        return [each.get("active") is True for each in await self.house.raw._all("Users")]


@pytest.fixture
async def real(
    temporal: WorkflowEnvironment, postgres_server: PostgresTestServer, reference_hris_dsn: str, tmp_path: Path
) -> AsyncIterator[RealSystems]:
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(faulty_house(tmp_path))
        for group in ("g-staff", "g-chart"):
            (await house.raw._http.post("Groups", json={"displayName": group})).raise_for_status()
        slapd = stack.enter_context(running_slapd()) if SLAPD.exists() else None
        if slapd is not None:
            slapd.add_group("g-wards")
        world = RealSystems(temporal, house, slapd)
        erp_dsn = await postgres_server.create_database("erp")
        await erp.install(erp_dsn)
        await erp.seed(erp_dsn, reference_system(world.today))
        await world.open(stack, reference_hris_dsn, erp_dsn)
        await stack.enter_async_context(world.working())
        yield world


async def _prepared(case: HireCase) -> None:
    await case.prepared()
    if "directory-account" in case.states():
        await case.until(lambda: case.states().get("access:wards") == "done")


def _nothing_is_left(case: HireCase) -> None:
    assert [task.task_id for task in case.tasks() if task.status == "open"] == []
    assert case.kinds()[-1] == "case.closed"
    world = case.world
    assert not [each for each in world.access.entitlements if each.revoked_at is None]
    assert not world.access._accounts


async def test_a_rescinded_hire_leaves_nothing_in_any_system_however_these_behave(real: RealSystems) -> None:
    """Filters that do nothing, an error after the account is made, every member put in twice."""
    real.house.suffers("filter-ignored", "500-after-create", "members-twice")
    case = await real.start_hire(real.hire())
    await _prepared(case)
    assert await real.seen(case) == real.expect(MADE | {"memberships": 4}, in_directory=1)
    assert await real.enabled() == [False]
    assert await case.ask_for("rescind", "hanna") == "applied"
    await case.decide("badge", "complete", comment="badge destroyed")
    assert (await case.outcome()).status == "rescinded"
    assert await real.seen(case) == real.expect(GONE, in_directory=0)
    _nothing_is_left(case)


async def test_a_provider_that_fails_on_the_start_day_opens_once_it_works_and_is_left_clean(real: RealSystems) -> None:
    """It is down, then it says yes and enables nobody; and then the person does not come."""
    case = await real.start_hire(real.hire())
    await _prepared(case)
    real.house.suffers("down")
    midnight = start_of_day(real.start_on, FACILITY.calendar)
    await case.to(midnight + timedelta(minutes=5))
    await case.task("target-unavailable")
    real.house.recovers()
    real.house.suffers("enables-nobody")
    await case.decide("target-unavailable", "retry", "ines")
    await case.task("login-not-possible")
    assert await real.enabled() == [False]
    assert case.kinds().count("account.enabled") <= (1 if real.slapd else 0), "no more than the directory's"
    real.house.recovers()
    await case.decide("login-not-possible", "retry", "ida")
    await case.until(lambda: case.kinds().count("account.open") == (2 if real.slapd else 1))
    assert await real.enabled() == [True]
    await case.to(midnight + timedelta(hours=11))
    await case.decide("arrival", "no-show", "mia", comment="did not come")
    await case.decide("badge", "complete")
    assert (await case.outcome()).status == "no-show"
    assert await real.seen(case) == real.expect(GONE, in_directory=0)
    _nothing_is_left(case)
