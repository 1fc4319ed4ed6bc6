"""Who is let in where: tests/http/routes.yaml, asked of every route as every kind of caller."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from joserfc.jwk import KeySet
from starlette.routing import Route

from api.app import ROUTERS, create_app
from api.routes import codec
from domain.case_actions import CaseAction
from domain.people import Role
from tests.fixtures.evidence import CASE
from tests.fixtures.invoices import as_pdf
from tests.http.fakes import HR_SECRET, HRIS, OTHER_SECRET, SECRET, WAREHOUSE, Gateway
from tests.http.furnished import TASK, furnish
from tests.http.link_desk import Desk, proof_in
from tests.http.route_list import Listed, difference, listed

LISTED = listed()
BY_TOKEN = [each for each in LISTED if each.proof == "token"]
STRANGER = "zoe"
"""Is at North and nowhere else to be found: whatever she gets, she gets by her token alone."""
TOKENS: dict[str, str] = {}


def of_kind(proof: str) -> list[Any]:
    return [pytest.param(each, id=str(each)) for each in LISTED if each.proof == proof]


@pytest.fixture(scope="session")
def app() -> FastAPI:
    """One for all worlds: to make it takes longer than to ask it."""
    return create_app(max_body_bytes=50_000)


@pytest.fixture
async def world(issuer_keys: KeySet, app: FastAPI) -> AsyncIterator[Gateway]:
    yield await furnished(issuer_keys, app)


async def furnished(keys: KeySet, app: FastAPI) -> Gateway:
    gateway = Gateway(keys, app)
    await furnish(gateway)
    return gateway


# --- The list itself -------------------------------------------------------------------------------------------------


def test_every_route_is_listed_and_none_that_is_gone(app: FastAPI) -> None:
    of_routers = [route for each in (*ROUTERS, codec) for route in each.router.routes]
    served = {
        f"{method} {route.path}"
        for route in (*of_routers, *app.routes)
        if isinstance(route, Route | APIRoute)
        for method in (route.methods or set()) - {"HEAD"}
    }
    named = {f"{each.method} {each.path}" for each in LISTED}
    assert served - named == set(), "add them to tests/http/routes.yaml, with who is let in"
    assert named - served == set(), "no longer there: take them out of tests/http/routes.yaml"


def test_every_action_on_a_case_is_listed() -> None:
    assert {each.given["path"]["action"] for each in LISTED if each.path.endswith("/{action}")} == {
        *get_args(CaseAction)
    }


def test_what_proves_itself_in_another_way_says_how_and_where_that_is_tested() -> None:
    for each in LISTED:
        if each.proof in ("own", "none"):
            assert each.given["why"], str(each)
        if each.proof == "own":
            assert Path(each.given["tests"]).is_file(), str(each)


def test_the_roles_that_are_listed_are_those_that_there_are() -> None:
    known = set(get_args(Role))
    for each in LISTED:
        assert set(each.given.get("roles", ())) <= known, str(each)
    assert set(next(each for each in BY_TOKEN if each.path == "/v1/facilities").roles) == known


# --- Bearer tokens ---------------------------------------------------------------------------------------------------


class Callers:
    """Sends the request of a listed route as different people, and notes who gets something else than is listed."""

    def __init__(self, world: Gateway, route: Listed) -> None:
        self.world, self.route = world, route
        self.wrong: list[str] = []

    async def asked(self, person: str, role: str | None, facilities: Sequence[str]) -> httpx.Response:
        given = {"facilities": list(facilities), "roles": [role] if role else []}
        return await self.send({"Authorization": f"Bearer {self._token(person, **given)}"})

    async def ask(self, expected: str, person: str, role: str | None, facilities: Sequence[str]) -> None:
        answer = await self.asked(person, role, facilities)
        found = difference(answer, expected)
        if found:
            self.wrong.append(f"{person} as {role} of {list(facilities)}: expected {expected}, got {found}")

    async def send(self, headers: dict[str, str]) -> httpx.Response:
        body, kind = content_of(self.route)
        return await self.world.http.request(
            self.route.method,
            self.route.url,
            params=self.route.given.get("query"),
            content=body,
            headers=headers | ({"content-type": kind} if kind else {}),
        )

    def _token(self, person: str, **claims: Any) -> str:
        """Made once for all worlds, whose keys and moment are the same: to sign takes longer than to be refused."""
        key = f"{person} {claims} {id(self.world.keys)}"
        if key not in TOKENS:
            TOKENS[key] = self.world.token(person, **claims)
        return TOKENS[key]

    async def everybody_else(self) -> None:
        """All who are not let in, or who are let in to what holds nothing for them."""
        for role in (None, *get_args(Role)):
            if role not in self.route.roles and self.route.refusal_of(role) != self.route.answers:
                await self.ask(self.route.refusal_of(role), STRANGER, role, self.route.serves)
        away: list[tuple[str, str, str]] = []
        if self.route.elsewhere != self.route.answers:
            away += [(self.route.elsewhere, STRANGER, role) for role in self.route.roles]
        if self.route.persons_elsewhere != self.route.answers:
            away += [(self.route.persons_elsewhere, *known) for known in self.route.persons]
        for each in away:
            await self.ask(*each, ["south"])
        for each in away[:1]:
            await self.ask(*each, [])

    def admitted(self) -> list[tuple[str, str | None, Sequence[str]]]:
        """All who are let in."""
        found: list[tuple[str, str | None, Sequence[str]]] = []
        found += [(STRANGER, role, self.route.serves) for role in self.route.roles]
        found += [(person, role, self.route.serves) for person, role in self.route.persons]
        if self.route.given.get("plain") == "in":
            found.append((STRANGER, None, self.route.serves))
        if self.route.given.get("elsewhere") == "in":
            found += [(STRANGER, role, ["south"]) for role in self.route.roles]
        if self.route.given.get("persons-elsewhere") == "in":
            found += [(person, role, ["south"]) for person, role in self.route.persons]
        return found


def content_of(route: Listed) -> tuple[bytes, str]:
    if "content" in route.given:
        return as_pdf(number="INV-9"), route.given["content"]
    if "body" in route.given:
        return json.dumps(route.given["body"]).encode(), "application/json"
    return b"", ""


async def prepare(world: Gateway, route: Listed) -> None:
    """What this route needs besides what is there for all."""
    if "claimed-by" in route.given:
        await world.evidence.claim(TASK, route.given["claimed-by"], world.now)
    if "held-for" in route.given:
        body = {"matter": route.given["held-for"], "reason": "Claim of the supplier"}
        answer = await world.post(f"/v1/audit/{CASE}/hold", body, "cleo")
        assert answer.status_code == 200, answer.text


def state_of(world: Gateway) -> str:
    """Everything that is kept, to be compared with itself."""
    stores = (
        world.cases,
        world.evidence,
        world.delegations,
        world.overrides,
        world.documents,
        world.register,
        world.payments,
        world.hires,
        world.hire_files,
    )
    return "\n".join(repr(vars(store)) for store in stores)


@pytest.mark.parametrize("route", of_kind("token"))
async def test_who_is_not_listed_is_refused_and_changes_nothing(world: Gateway, route: Listed) -> None:
    await prepare(world, route)
    callers, before = Callers(world, route), state_of(world)
    for headers in ({}, {"Authorization": "Basic em9lOnpvZQ=="}, {"Authorization": "Bearer a.b.c"}):
        assert difference(await callers.send(headers), "401 unauthenticated") == ""
    await callers.everybody_else()
    assert callers.wrong == []
    assert state_of(world) == before


@pytest.mark.parametrize("route", of_kind("token"))
async def test_who_is_listed_is_let_in_by_the_same_request(
    world: Gateway, issuer_keys: KeySet, app: FastAPI, route: Listed
) -> None:
    callers = Callers(world, route)
    await prepare(world, route)
    for at, caller in enumerate(callers.admitted()):
        if at and callers.route.changes_something:  # one who comes first must not keep the next from it
            callers.world = await furnished(issuer_keys, app)
            await prepare(callers.world, route)
        await callers.ask(route.answers, *caller)
    assert callers.wrong == []


# --- Links of the description ---------------------------------------------------------------------------------------


def with_links(app: FastAPI) -> dict[str, dict[str, dict[str, Any]]]:
    """By method and path: the parameters of the links of each answer, by the status of the answer."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            linked = {status: each["links"] for status, each in operation["responses"].items() if "links" in each}
            if linked:
                found[f"{method.upper()} {path}"] = linked
    return found


def value_of(expression: str, route: Listed, answer: httpx.Response) -> Any:
    if expression.startswith("$request.path."):
        return expression.removeprefix("$request.path.") in route.path and route.url
    found = answer.json()
    for step in expression.removeprefix("$response.body#/").split("/"):
        found = found[int(step)] if step.isdigit() else found[step]
    return found


async def test_each_link_of_the_description_finds_its_value_in_the_answer(issuer_keys: KeySet, app: FastAPI) -> None:
    described, followed = with_links(app), set()
    for route in BY_TOKEN:
        name = f"{route.method} {route.path}"
        if name not in described or name in followed:
            continue
        world = await furnished(issuer_keys, app)
        person, role, facilities = next(iter(Callers(world, route).admitted()))
        answer = await Callers(world, route).asked(person, role, facilities)
        for link in described[name][str(answer.status_code)].values():
            for parameter, expression in link["parameters"].items():
                value = value_of(expression, route, answer)
                assert value or parameter == "cursor", f"{name}: {expression}"
        followed.add(name)
    assert set(described) - followed == {"POST /v1/events"}  # which no token opens


# --- Signatures ------------------------------------------------------------------------------------------------------

FORGED = "whsec_" + SECRET[6:][::-1].rjust(60, "A")


def an_event(route: Listed) -> dict[str, Any]:
    source = HRIS if ".hr." in route.given["event"] else WAREHOUSE
    return {
        "specversion": "1.0",
        "id": "evt-1",
        "source": source,
        "type": route.given["event"],
        "data": route.given["body"],
    }


def only_at(world: Gateway, facility: str) -> None:
    """Let all sources serve this facility alone."""
    sources = tuple(each.model_copy(update={"facilities": (facility,)}) for each in world.services.event_sources)
    world.app.state.services = replace(world.services, event_sources=sources)


@pytest.mark.parametrize("route", of_kind("signature"))
async def test_only_a_source_that_reports_such_events_of_the_facility_is_let_in(world: Gateway, route: Listed) -> None:
    event, before = an_event(route), state_of(world)
    own, other = (HR_SECRET, SECRET) if event["source"] == HRIS else (SECRET, HR_SECRET)
    unsigned = await world.http.post("/v1/events", json=event)
    forged = await world.send_event(event, secret=FORGED)
    anothers = await world.send_event(event, secret=other)
    allowed = {each.source: each for each in world.services.event_sources}[HRIS if other == HR_SECRET else WAREHOUSE]
    of_another_kind = await world.send_event(event | {"source": allowed.source}, secret=other)
    only_at(world, "south")
    elsewhere = await world.send_event(event, secret=own)
    assert difference(unsigned, "401 signature-invalid") == difference(forged, "401 signature-invalid") == ""
    assert difference(anothers, "403 event-source-mismatch") == ""
    assert difference(of_another_kind, str(route.given["others"])) == ""
    assert difference(elsewhere, route.elsewhere) == ""
    assert state_of(world) == before
    only_at(world, "north")
    assert difference(await world.send_event(event, secret=own), route.answers) == ""


# --- Links in mails --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", of_kind("link"))
async def test_only_whom_a_link_is_for_is_let_in_while_it_is_theirs_to_decide(desk: Desk, route: Listed) -> None:
    await desk.open()
    good = desk.link()
    proof = proof_in(await desk.look(good))

    async def use(token: str) -> int:
        answer = (
            await desk.look(token)
            if route.method == "GET"
            else await desk.send(token, {"form": proof, "action": "approve", "comment": ""})
        )
        return answer.status_code

    head, _, tail = good.rpartition(".")
    forged = f"{head}.{tail[:-4]}{'AAAA' if tail[-4:] != 'AAAA' else 'BBBB'}"
    assert [await use(each) for each in ("made-up", forged)] == [404, 404]
    assert await use(desk.link(person="bo")) == int(route.given["others"]), "bo buys, and does not approve"
    desk.people.change("carla", facility="south", facilities=("south",))
    assert await use(good) == int(route.elsewhere)
    desk.people.change("carla", facility="north", facilities=("north",), roles=("buyer",))
    assert await use(good) == int(route.given["others"])
    assert desk.untouched
    desk.people.change("carla", roles=tuple(route.roles))
    assert await use(good) == int(route.answers)


def test_the_secrets_of_the_sources_differ() -> None:
    assert len({SECRET, OTHER_SECRET, HR_SECRET, FORGED}) == 4
