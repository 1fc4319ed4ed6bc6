"""Policies, audit, reports and operation."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from joserfc.jwk import KeySet

from api.app import create_app
from domain.facility import Facility
from domain.policy.model import FrozenPolicy, RoutingRule
from tests.fixtures.evidence import CASE, START, a_journal, an_entry
from tests.fixtures.small_hospital import PEOPLE, policy
from tests.http.fakes import Gateway, a_line, a_requisition, pointers, slug

OUTLINE = {"facility": "north", "amount": {"amount": "1200", "currency": "USD"}}


class OnePolicy:
    """A policy store of one facility, with the same rules on every day."""

    def __init__(self, policy: FrozenPolicy) -> None:
        self._policy = policy

    def facilities(self) -> tuple[Facility, ...]:
        return (self._policy.facility,)

    def effective(self, facility: str, on: date) -> FrozenPolicy | None:
        return self._policy if facility == self._policy.facility.code and on >= self._policy.effective_from else None


async def preview(gateway: Gateway, body: Any) -> Any:
    return await gateway.http.post("/v1/policies/preview", json=body, headers=gateway.as_())


async def test_a_preview_names_each_level_and_why(gateway: Gateway) -> None:
    body = (await preview(gateway, OUTLINE)).json()
    assert [(level["role"], level["rules"]) for level in body["levels"]] == [
        ("cost-centre-owner", ["small"]),
        ("department-director", ["large"]),
    ]
    assert body["levels"][1]["reasons"] == ["1,000 or more"]
    assert body["policy_version"] == "test-1"
    assert len(body["explanation"]) == 2


async def test_a_preview_names_the_people_and_leaves_the_requester_out(gateway: Gateway) -> None:
    owner, director = (await preview(gateway, OUTLINE)).json()["levels"]
    assert (owner["people"], owner["needs"], owner["quorum"]) == (["carla", "dora"], 1, "any")
    assert (director["people"], director["approvers"], director["stage"]) == (["dirk", "dora"], "role", None)
    asked = (await preview(gateway, OUTLINE | {"requester": "dirk"})).json()["levels"]
    assert [level["people"] for level in asked] == [["carla", "dora"], ["dora"]]
    own = (await preview(gateway, {"requisition": a_requisition(requester="carla")})).json()["levels"]
    assert own[0]["people"] == ["dora"]
    for_her = (await preview(gateway, {"requisition": a_requisition(on_behalf_of="dora")})).json()["levels"]
    assert for_her[0]["people"] == ["carla"]


async def test_a_preview_looks_at_cost_centres_risks_and_the_requesters_job_level(gateway: Gateway) -> None:
    def demand(name: str, **conditions: Any) -> RoutingRule:
        given = {"reason": "for this test", "owner": "process-owner", "levels": ("department-director",)}
        return RoutingRule(name=name, **given, **conditions)

    conditional = (
        demand("centre", cost_centres=("N-200",)),
        demand("risky", risks=("new",)),
        demand("junior", requester_level_below=3),
    )
    rules = policy().model_copy(update={"routing": (*policy().routing, *conditional)})
    gateway.services = replace(gateway.services, policies=OnePolicy(rules))
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app=create_app(gateway.services)), base_url="http://gateway")
    junior = PEOPLE[0].model_copy(update={"person": "juno", "job_level": 2})
    senior = PEOPLE[0].model_copy(update={"person": "sina", "job_level": 5})
    gateway.directory.put(junior)
    gateway.directory.put(senior)
    small = OUTLINE | {"amount": {"amount": "10", "currency": "USD"}, "requester": "sina"}
    for more, fired in (
        ({}, ["small"]),
        ({"cost_centres": ["N-200"]}, ["small", "centre"]),
        ({"risks": ["low", "new"]}, ["small", "risky"]),
        ({"requester": "juno"}, ["small", "junior"]),
        ({"requester": None}, ["small", "junior"]),
    ):
        answer = await http.post("/v1/policies/preview", json=small | more, headers=gateway.as_())
        assert answer.json()["rules"] == fired


async def test_a_preview_of_a_requisition_says_what_has_no_price_yet(gateway: Gateway) -> None:
    priced = a_line(line=2, unit_price={"amount": "120.005", "currency": "USD"})
    body = (await preview(gateway, {"requisition": a_requisition(lines=[a_line(), priced])})).json()
    assert body["amount"] == {"amount": "1200.05", "currency": "USD"}
    assert body["unpriced_lines"] == [1]


@pytest.mark.parametrize(("amount", "role"), [("5000", "department-director"), ("5000.01", None)])
async def test_an_emergency_under_the_cap_is_approved_afterwards(
    gateway: Gateway, amount: str, role: str | None
) -> None:
    body = OUTLINE | {"urgency": "emergency", "amount": {"amount": amount, "currency": "USD"}}
    assert (await preview(gateway, body)).json()["retrospective_role"] == role


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        (OUTLINE | {"requisition": a_requisition()}, ""),
        (OUTLINE | {"facility": "south"}, "/facility"),
        (OUTLINE | {"requester": "nobody.at.all"}, "/requester"),
        ({"requisition": a_requisition(), "requester": "nina"}, ""),
        ({"requisition": a_requisition(facility="atlantis")}, "/requisition/facility"),
        (OUTLINE | {"amount": {"amount": "1", "currency": "EUR"}}, "/amount/currency"),
        (
            {"requisition": a_requisition(lines=[a_line(unit_price={"amount": "1", "currency": "EUR"})])},
            "/requisition/lines",
        ),
    ],
)
async def test_a_preview_of_nonsense(gateway: Gateway, body: dict[str, Any], pointer: str) -> None:
    answer = await preview(gateway, body)
    assert (answer.status_code, slug(answer)) == (422, "invalid-request")
    assert pointers(answer) == {pointer}


async def test_facilities_of_the_caller(gateway: Gateway) -> None:
    for facilities, codes in ((["north"], ["north"]), (["*"], ["north", "south"]), ([], [])):
        answer = await gateway.http.get("/v1/facilities", headers=gateway.as_(facilities=facilities))
        assert [facility["code"] for facility in answer.json()] == codes


async def audit(gateway: Gateway, path: str, role: str = "auditor", **claims: Any) -> Any:
    return await gateway.http.get(f"/v1/audit/{path}", headers=gateway.as_("ada", role, **claims))


async def test_the_audit_shows_the_chain_and_that_it_holds(gateway: Gateway) -> None:
    await gateway.evidence.record(a_journal(CASE, 1, an_entry(1), an_entry(2)))
    first, second = (await audit(gateway, CASE)).json()["items"]
    assert second["previous_hash"] == first["hash"]
    verdict = (await audit(gateway, f"verify?case_id={CASE}")).json()
    assert verdict == {
        "intact": True,
        "entries_read": 2,
        "checkpoints_read": 0,
        "last_checkpoint": None,
        "signatures_checked": True,
        "faults": [],
    }
    assert (await audit(gateway, "verify", facilities=["*"])).json()["entries_read"] == 2


async def test_the_audit_finds_what_was_changed(gateway: Gateway) -> None:
    await gateway.evidence.record(a_journal(CASE, 1, an_entry(1), an_entry(2)))
    chain = gateway.evidence._chains[CASE]
    chain[0] = chain[0].model_copy(update={"entry": an_entry(1, summary="Something else")})
    verdict = (await audit(gateway, f"verify?case_id={CASE}")).json()
    assert verdict["intact"] is False
    assert verdict["faults"][0]["position"] == 1


async def test_the_audit_checks_the_checkpoints_and_names_the_last_one(gateway: Gateway) -> None:
    await gateway.evidence.record(a_journal(CASE, 1, an_entry(1), an_entry(2)))
    taken = await gateway.checkpoints.seal(gateway.now)
    assert taken is not None
    verdict = (await audit(gateway, "verify", facilities=["*"])).json()
    assert (verdict["intact"], verdict["checkpoints_read"]) == (True, 1)
    assert verdict["last_checkpoint"] == {
        "number": 1,
        "hash": taken.hash,
        "taken_at": "2026-03-02T15:00:00Z",
        "key_id": "k1",
    }
    del gateway.evidence._cases[CASE], gateway.evidence._chains[CASE], gateway.evidence._heads[CASE]
    verdict = (await audit(gateway, "verify", facilities=["*"])).json()
    assert verdict["faults"] == [
        {
            "table": "timeline",
            "case_id": CASE,
            "position": 2,
            "message": "the entry that checkpoint 1 holds is missing",
        }
    ]


@pytest.mark.parametrize(
    ("path", "role", "claims", "status", "problem"),
    [
        (CASE, "buyer", {}, 403, "role-required"),
        (f"verify?case_id={CASE}", "requester", {}, 403, "role-required"),
        ("verify", "auditor", {}, 403, "facility-required"),
        (CASE, "auditor", {"facilities": ["south"]}, 404, "case-not-found"),
        (f"verify?case_id={CASE}", "auditor", {"facilities": ["south"]}, 404, "case-not-found"),
    ],
)
async def test_who_may_not_audit(
    gateway: Gateway, path: str, role: str, claims: dict[str, Any], status: int, problem: str
) -> None:
    await gateway.evidence.record(a_journal(CASE, 1, an_entry(1)))
    answer = await audit(gateway, path, role, **claims)
    assert (answer.status_code, slug(answer)) == (status, problem)


async def test_emergencies_of_a_period_in_pages(gateway: Gateway) -> None:
    for day in range(6):
        case = f"procure-to-pay.north.E-{day}"
        submitted = START + timedelta(days=day)
        await gateway.evidence.record(a_journal(case, submitted_at=submitted, emergency=day != 3))
    query = "/v1/reports/emergency?from=2026-03-03T14:30:00Z&until=2026-03-07T14:30:00Z&limit=2"
    headers = gateway.as_("cleo", "compliance-officer")
    first = (await gateway.http.get(query, headers=headers)).json()
    second = (await gateway.http.get(f"{query}&cursor={first['next_cursor']}", headers=headers)).json()
    assert [item["case_id"][-3:] for item in first["items"] + second["items"]] == ["E-4", "E-2", "E-1"]
    assert second["next_cursor"] is None


async def test_who_may_not_read_the_report_and_empty_periods(gateway: Gateway) -> None:
    path = "/v1/reports/emergency"
    assert (await gateway.http.get(path, headers=gateway.as_("bo", "buyer"))).status_code == 403
    period = "?from=2026-03-03T00:00:00Z&until=2026-03-03T00:00:00Z"
    answer = await gateway.http.get(path + period, headers=gateway.as_("cleo", "compliance-officer"))
    assert answer.status_code == 422


async def test_health_and_readiness(gateway: Gateway) -> None:
    assert (await gateway.http.get("/healthz")).json() == {"status": "ok"}
    assert (await gateway.http.get("/readyz")).json()["checked"] == ["temporal", "database"]
    gateway.down.add("database")
    answer = await gateway.http.get("/readyz")
    assert (answer.status_code, slug(answer)) == (503, "not-ready")
    assert answer.json()["down"] == ["database"]


async def test_metrics_count_by_route_and_never_by_id(issuer_keys: KeySet) -> None:
    gateway = Gateway(issuer_keys)  # with an app of its own, which has answered nobody yet
    await gateway.http.get(f"/v1/cases/{CASE}", headers=gateway.as_())
    await gateway.http.get("/v1/made/up", headers=gateway.as_())
    text = (await gateway.http.get("/metrics")).text
    assert 'corridor_http_answers_total{method="GET",route="/v1/cases/{case_id}",status="404"} 1.0' in text
    assert 'route="unmatched"' in text
    assert CASE not in text
