"""Hires on the whole stack: from HR's file to what the systems hold, and a judge who sees what was changed by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import httpx
import pytest

from adapters.reference_files import load_logins
from cli.composition import REFERENCE_FILES
from cli.demo.api import DemoApi, WebhookSigner
from cli.demo.hires.show import HiresShow, HiresVerdict, Played
from cli.event_keys import TYPES, signing_keys
from cli.hires_of_stack import hires_of
from cli.stack import StackAddresses, fetch_token, scim_token, scim_url
from tests.fixtures.open_house import House, open_house

BACK, RESCINDED, RECEIVED, STAYS = "H-3001", "H-3019", "H-3020", "H-3036"
DEADLINE_SECONDS = 240
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass
class Story:
    """Some of the example hires, played; `judged` may be asked again and again."""

    show: HiresShow
    api: DemoApi
    played: Played
    scim: httpx.AsyncClient

    async def judged(self) -> HiresVerdict:
        return await self.show.judge(self.api, self.played)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("hires")) as opened:
        yield opened


@pytest.fixture
async def story(house: House) -> AsyncIterator[Story]:
    addresses = house.addresses

    async def token(persona: str) -> str:
        return await fetch_token(addresses, persona)

    everyone = hires_of(addresses, datetime.now(UTC).date())
    show = replace(
        everyone, hires=[each for each in everyone.hires if each.number in (BACK, RESCINDED, RECEIVED, STAYS)]
    )
    async with (
        httpx.AsyncClient(base_url=addresses.gateway_url, timeout=60, trust_env=False) as client,
        _provider(addresses) as scim,
    ):
        api = DemoApi(client, token, WebhookSigner(signing_keys(addresses.data_folder), TYPES))
        played = await show.play(api, load_logins(REFERENCE_FILES), DEADLINE_SECONDS)
        yield Story(show, api, played, scim)


def _provider(addresses: StackAddresses) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {scim_token(addresses)}", "Content-Type": "application/scim+json"}
    return httpx.AsyncClient(base_url=scim_url(addresses), headers=headers, trust_env=False, timeout=30)


async def _user(scim: httpx.AsyncClient, number: str) -> str:
    users = (await scim.get("/Users", params={"count": "200"})).raise_for_status().json()["Resources"]
    return next(str(each["id"]) for each in users if each[ENTERPRISE]["employeeNumber"] == number)


async def _enable(scim: httpx.AsyncClient, user: str, active: bool) -> None:
    change = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": active}]}
    (await scim.patch(f"/Users/{user}", json=change)).raise_for_status()


@pytest.mark.timeout(600)
async def test_the_judge_believes_the_systems_and_not_corridor(story: Story) -> None:
    verdict = await story.judged()
    assert verdict.reasons == ()
    rows = {row.number: row for row in verdict.hires}
    assert rows[BACK].worker == "W-100201"
    assert rows[BACK].account.endswith(", enabled")
    for number in (RESCINDED, RECEIVED):
        left = rows[number].remains
        assert left is not None
        assert list(left.told()) == []
    purchases = {each.case_id for each in verdict.told}
    assert purchases == {f"hire-to-provision.north.{RECEIVED}", f"procure-to-pay.north.{RECEIVED}-E1"}

    # Somebody opens an account early, and somebody gives one to a person who does not come.
    early = await _user(story.scim, rows[STAYS].worker)
    await _enable(story.scim, early, True)
    gone = {
        "schemas": [USER, ENTERPRISE],
        "userName": "back.door",
        "active": True,
        ENTERPRISE: {"employeeNumber": rows[RESCINDED].worker},
    }
    made = (await story.scim.post("/Users", json=gone)).raise_for_status().json()["id"]
    again = await story.judged()
    assert f"{STAYS}: the account is enabled, not disabled" in again.reasons
    assert f"{RESCINDED}: the account is enabled, not none" in again.reasons
    assert f"{RESCINDED}: accounts left: back.door" in again.reasons
    assert {row.number for row in again.hires if row.reasons} == {STAYS, RESCINDED}

    (await story.scim.delete(f"/Users/{made}")).raise_for_status()
    await _enable(story.scim, early, False)
    assert (await story.judged()).reasons == ()
