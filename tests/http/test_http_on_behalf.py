"""Deciding in somebody's place, duties that must not be combined, several who must approve, and many at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from domain.delegation import Delegation, DelegationScope
from domain.duties import DutyDone
from domain.tasks import Decision
from tests.fixtures.evidence import CASE, a_journal, a_task
from tests.fixtures.small_hospital import usd
from tests.http.fakes import NOW, Gateway, new_keys, slug

DAY = timedelta(days=1)
TASK = f"{CASE}:approve-owner.1"
OTHER_CASE = "procure-to-pay.north.REQ-2"


def an_approval(task_id: str = TASK, **changes: Any) -> Any:
    given = {"subject_version": 3, "excluded": ("nina",), "duty": "approver", "amount": usd(400)}
    return a_task(task_id, task_id.partition(":")[0], **(given | changes))


async def lend(gateway: Gateway, delegator: str = "carla", delegate: str = "olaf", **changes: Any) -> Delegation:
    given = {
        "delegation_id": f"delegation-{delegator}-{delegate}",
        "delegator": delegator,
        "delegate": delegate,
        "valid_from": NOW,
        "valid_until": NOW + 7 * DAY,
        "made_by": delegator,
        "made_at": NOW,
    }
    return await gateway.delegations.add(Delegation.model_validate(given | changes))


async def decide(gateway: Gateway, person: str, *roles: str, **body: Any) -> httpx.Response:
    given = {"action": "approve", "subject_version": 3}
    return await gateway.post(f"/v1/tasks/{body.pop('task', TASK)}/decision", given | body, person, *roles)


async def test_a_delegate_decides_and_both_are_recorded(gateway: Gateway) -> None:
    await gateway.ask(an_approval())
    lent = await lend(gateway)
    answer = await decide(gateway, "olaf", on_behalf_of="carla")
    assert answer.status_code == 200, answer.text
    (sent,) = gateway.cases.received
    assert isinstance(sent, Decision)
    assert (sent.actor.person, sent.on_behalf_of) == ("olaf", "carla")
    assert sent.authority is not None
    assert sent.authority.delegation == lent
    assert (sent.authority.delegator.roles, sent.authority.delegator.issuer) == (("cost-centre-owner",), "directory")
    exercised = [each.person for each in gateway.cases.ledgers[CASE].duties()]
    assert exercised == ["olaf", "carla"]


async def test_a_delegate_says_for_whom_or_decides_nothing(gateway: Gateway) -> None:
    await gateway.ask(an_approval())
    await lend(gateway)
    answer = await decide(gateway, "olaf")
    assert (answer.status_code, slug(answer)) == (403, "not-authorised")


@pytest.mark.parametrize(
    "changes",
    [
        {"valid_until": NOW},
        {"valid_from": NOW + DAY},
        {"delegate": "frida"},
        {"delegator": "dirk"},
        {"scope": DelegationScope(facilities=("south",))},
        {"scope": DelegationScope(roles=("buyer",))},
        {"scope": DelegationScope(max_amount=usd("399.99").amount)},
        {"scope": DelegationScope(categories=("gloves",))},
        {"scope": DelegationScope(task_id=f"{CASE}:approve-owner.2")},
        {"revoked": True},
    ],
    ids=str,
)
async def test_without_a_delegation_that_covers_it_nobody_decides_for_another(
    gateway: Gateway, changes: dict[str, Any]
) -> None:
    await gateway.ask(an_approval())
    given = dict(changes)
    revoked = given.pop("revoked", False)
    lent = await lend(gateway, **({"valid_from": NOW - DAY} | given))
    if revoked:
        await gateway.delegations.revoke(lent.delegation_id, "carla", NOW)
    answer = await decide(gateway, "olaf", "requester", "buyer", on_behalf_of="carla")
    assert (answer.status_code, slug(answer)) == (403, "delegation-not-valid")
    assert not gateway.cases.received


async def test_a_delegate_is_refused_from_the_end_date_on(gateway: Gateway) -> None:
    await gateway.ask(an_approval(), an_approval(f"{CASE}:approve-owner.2"))
    await lend(gateway)
    gateway.now = NOW + 7 * DAY - timedelta(seconds=1)
    assert (await decide(gateway, "olaf", on_behalf_of="carla", decision_id="decision-1")).status_code == 200
    gateway.now = NOW + 7 * DAY
    late = await decide(gateway, "olaf", "buyer", on_behalf_of="carla", task=f"{CASE}:approve-owner.2")
    assert (late.status_code, slug(late)) == (403, "delegation-not-valid")
    again = await decide(gateway, "olaf", "buyer", on_behalf_of="carla", decision_id="decision-1")
    assert again.status_code == 200, "what counted when it came still counts when it is sent again"


async def test_the_case_refuses_who_comes_after_the_end_although_the_gateway_did_not(gateway: Gateway) -> None:
    await gateway.ask(an_approval())
    await lend(gateway)
    gateway.cases.now = lambda: NOW + 8 * DAY  # the decision took long to arrive
    answer = await decide(gateway, "olaf", on_behalf_of="carla")
    assert (answer.status_code, slug(answer)) == (403, "delegation-not-valid")
    assert len(gateway.cases.received) == 1


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"excluded": ("nina", "olaf")}, "requester-may-not-decide"),
        ({"excluded": ("nina", "carla")}, "requester-may-not-decide"),
    ],
)
async def test_who_is_kept_from_a_task_decides_it_for_nobody_and_nobody_for_them(
    gateway: Gateway, changes: dict[str, Any], problem: str
) -> None:
    await gateway.ask(an_approval(**changes))
    await lend(gateway)
    answer = await decide(gateway, "olaf", "buyer", on_behalf_of="carla")
    assert (answer.status_code, slug(answer)) == (403, problem)


async def test_nobody_passes_on_what_was_lent_to_them(gateway: Gateway) -> None:
    await gateway.ask(an_approval())
    await lend(gateway)
    await lend(gateway, "olaf", "frida")
    for absent in ("carla", "olaf"):
        answer = await decide(gateway, "frida", on_behalf_of=absent)
        assert (answer.status_code, slug(answer)) == (403, "delegation-not-valid")
    assert (await gateway.get("/v1/tasks", "frida")).json()["items"] == []


async def test_a_delegator_without_the_role_any_more_lends_nothing(gateway: Gateway) -> None:
    await gateway.ask(an_approval())
    await lend(gateway)
    gateway.directory.change("carla", roles=("requester",))
    answer = await decide(gateway, "olaf", "buyer", on_behalf_of="carla")
    assert (answer.status_code, slug(answer)) == (403, "delegation-not-valid")


@pytest.mark.parametrize(
    "forged",
    [
        {"authority": {"delegation": {}, "delegator": {"person": "carla"}}},
        {"family_duties": []},
        {"overrides": [{"override_id": "o"}]},
        {"decided_at": "2026-03-02T15:00:00Z"},
        {"actor": {"person": "carla"}},
    ],
    ids=str,
)
async def test_callers_never_bring_their_own_authority(gateway: Gateway, forged: dict[str, Any]) -> None:
    await gateway.ask(an_approval())
    answer = await decide(gateway, "olaf", "buyer", on_behalf_of="carla", **forged)
    assert (answer.status_code, slug(answer)) == (422, "invalid-request")
    item = {"task_id": TASK, "action": "approve", "subject_version": 3} | forged
    many = await gateway.post("/v1/tasks/decisions", {"decisions": [item]}, "olaf")
    assert (many.status_code, slug(many)) == (422, "invalid-request")
    assert not gateway.cases.received


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": int(NOW.timestamp()) - 60},
        {"nbf": int(NOW.timestamp()) + 600},
        {"iss": "https://another.example"},
        {"aud": "another"},
        {"sub": None},
    ],
    ids=str,
)
async def test_a_token_that_is_expired_or_of_somebody_else_delegates_and_decides_nothing(
    gateway: Gateway, claims: dict[str, Any]
) -> None:
    await gateway.ask(an_approval())
    headers = gateway.as_("carla", "cost-centre-owner", **claims)
    for path in (
        f"/v1/tasks/{TASK}/decision",
        "/v1/tasks/decisions",
        f"/v1/tasks/{TASK}/delegate",
        f"/v1/tasks/{TASK}/reassign",
        "/v1/tasks/reassign",
        "/v1/delegations",
        "/v1/people/carla/handover",
        "/v1/segregation-overrides",
    ):
        answer = await gateway.http.post(path, json={}, headers=headers)
        assert (answer.status_code, slug(answer)) == (401, "unauthenticated")
    assert not gateway.cases.received


async def test_a_token_that_somebody_forged_decides_nothing(gateway: Gateway) -> None:
    await gateway.ask(an_approval())
    stranger = Gateway(new_keys())
    headers = stranger.as_("carla", "cost-centre-owner")
    body = {"action": "approve", "subject_version": 3, "on_behalf_of": "dirk"}
    answer = await gateway.http.post(f"/v1/tasks/{TASK}/decision", json=body, headers=headers)
    assert (answer.status_code, slug(answer)) == (401, "unauthenticated")


# Several who must approve


async def test_two_approvers_on_one_slot_exactly_one_applies(gateway: Gateway) -> None:
    await gateway.ask(an_approval())
    answers = await asyncio.gather(
        *(
            decide(gateway, person, "cost-centre-owner", action=action, comment="My view")
            for person, action in (("carla", "approve"), ("dirk", "reject"), ("frida", "approve"), ("cato", "reject"))
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert {slug(answer) for answer in answers if answer.status_code == 409} == {"task-closed"}
    records = gateway.cases.ledgers[CASE].records()
    assert sum(record.status == "applied" for record in records) == 1
    assert len(records) == 4, "what came too late is kept with its reason"


async def test_one_decision_sent_many_times_at_once_applies_once(gateway: Gateway) -> None:
    await gateway.ask(an_approval())
    answers = await asyncio.gather(*(decide(gateway, "carla", decision_id="decision-4711") for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert len(gateway.cases.ledgers[CASE].records()) == 1


async def test_one_person_counts_once_among_several_also_over_a_delegate(gateway: Gateway) -> None:
    await gateway.ask(an_approval(needs=2))
    await lend(gateway)
    assert (await decide(gateway, "olaf", on_behalf_of="carla", decision_id="decision-1")).status_code == 200
    await gateway.catch_up(CASE)
    for person, roles, behalf in (("carla", (), None), ("olaf", ("cost-centre-owner",), None), ("olaf", (), "carla")):
        again = await decide(gateway, person, *roles, **({"on_behalf_of": behalf} if behalf else {}))
        assert (again.status_code, slug(again)) == (409, "already-approved")
    assert (await gateway.get("/v1/tasks", "carla")).json()["items"] == []
    assert (await gateway.get("/v1/tasks", "olaf")).json()["items"] == []
    repeated = await decide(gateway, "olaf", on_behalf_of="carla", decision_id="decision-1")
    assert (repeated.status_code, repeated.json()["record"]["status"]) == (200, "applied")
    shown = (await gateway.get(f"/v1/tasks/{TASK}", "dirk")).json()
    assert (shown["needs"], shown["approved_by"], shown["duty"]) == (2, ["olaf", "carla"], "approver")
    assert (await decide(gateway, "dirk", "cost-centre-owner")).status_code == 200
    assert gateway.cases.ledgers[CASE].task(TASK).status == "done"


# Duties that must not be combined


async def bought_by(gateway: Gateway, person: str, case_id: str = OTHER_CASE, linked: bool = True) -> None:
    duty = DutyDone(person=person, duty="buyer", case_id=case_id, at=NOW)
    await gateway.ask(an_approval(), linked=(OTHER_CASE,) if linked else ())
    await gateway.evidence.record(a_journal(case_id, duties=(duty,)))


async def test_duties_of_linked_cases_count_and_the_rule_is_named(gateway: Gateway) -> None:
    await bought_by(gateway, "carla")
    answer = await decide(gateway, "carla")
    assert (answer.status_code, slug(answer)) == (403, "duties-conflict")
    body = answer.json()
    assert (body["rule"], body["reason"], body["override_role"]) == (
        "buyer-is-not-approver",
        "who buys must not approve what is bought",
        "compliance-officer",
    )
    assert not gateway.cases.received
    assert (await decide(gateway, "dirk", "cost-centre-owner")).status_code == 200


@pytest.mark.parametrize("buyer", ["carla", "olaf"])
async def test_a_delegate_does_not_get_round_the_segregation_of_duties(gateway: Gateway, buyer: str) -> None:
    await bought_by(gateway, buyer)
    await lend(gateway)
    answer = await decide(gateway, "olaf", on_behalf_of="carla")
    assert (answer.status_code, slug(answer), answer.json()["person"]) == (403, "duties-conflict", buyer)


async def test_what_is_not_linked_does_not_count(gateway: Gateway) -> None:
    await bought_by(gateway, "carla", linked=False)
    assert (await decide(gateway, "carla")).status_code == 200


async def test_under_another_policy_the_case_decides_and_the_gateway_explains(gateway: Gateway) -> None:
    await bought_by(gateway, "carla")
    await gateway.catch_up(CASE, linked=(OTHER_CASE,), policy_sha256="f" * 64)
    answer = await decide(gateway, "carla")
    assert (answer.status_code, slug(answer), answer.json()["rule"]) == (
        403,
        "duties-conflict",
        "buyer-is-not-approver",
    )
    (sent,) = gateway.cases.received
    assert [duty.person for duty in sent.family_duties] == ["carla"]


# Many at once


async def test_each_of_many_gets_its_own_outcome(gateway: Gateway) -> None:
    second, third = f"{CASE}:approve-owner.2", f"{CASE}:approve-owner.3"
    await gateway.ask(an_approval(), an_approval(second, excluded=("carla",)), an_approval(third))
    decisions = [
        {"task_id": TASK, "action": "approve", "subject_version": 3, "decision_id": "decision-1"},
        {"task_id": second, "action": "approve", "subject_version": 3},
        {"task_id": third, "action": "reject", "subject_version": 3},
        {"task_id": third, "action": "approve", "subject_version": 2},
        {"task_id": "nothing", "action": "approve", "subject_version": 3},
    ]
    answer = await gateway.post("/v1/tasks/decisions", {"decisions": decisions})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["applied"], body["pending"], body["refused"]) == (1, 0, 4)
    assert [item["status"] for item in body["items"]] == ["applied", "refused", "refused", "refused", "refused"]
    assert [item["problem"]["status"] for item in body["items"][1:]] == [403, 422, 409, 404]
    assert body["items"][0]["record"]["decision"]["decision_id"] == "decision-1"
    assert gateway.cases.ledgers[CASE].task(third).status == "open"


async def test_many_sent_again_change_nothing(gateway: Gateway) -> None:
    second = f"{CASE}:approve-owner.2"
    await gateway.ask(an_approval(), an_approval(second))
    body = {"decisions": [{"task_id": task, "action": "approve", "subject_version": 3} for task in (TASK, second)]}
    first = await gateway.post("/v1/tasks/decisions", body, Idempotency_Key="batch-0001")
    await gateway.catch_up(CASE)
    again = await gateway.post("/v1/tasks/decisions", body, Idempotency_Key="batch-0001")
    assert first.json()["applied"] == 2
    assert again.json() == first.json()
    assert len(gateway.cases.ledgers[CASE].records()) == 2


async def test_many_on_busy_cases_are_answered_for_within_the_time(gateway: Gateway) -> None:
    tasks = [an_approval(f"{CASE}:approve-owner.{number}") for number in range(1, 21)]
    await gateway.ask(*tasks)
    gateway.cases.silent = True
    body = {"decisions": [{"task_id": task.task_id, "action": "approve", "subject_version": 3} for task in tasks]}
    async with asyncio.timeout(10):
        answer = await gateway.post("/v1/tasks/decisions", body, Prefer="wait=1")
    assert (answer.json()["pending"], len(gateway.cases.received)) == (20, 20)


@pytest.mark.parametrize("count", [0, 101])
async def test_many_are_at_least_one_and_at_most_a_hundred(gateway: Gateway, count: int) -> None:
    decisions = [{"task_id": f"T-{number}", "action": "approve", "subject_version": 1} for number in range(count)]
    answer = await gateway.post("/v1/tasks/decisions", {"decisions": decisions})
    assert (answer.status_code, slug(answer)) == (422, "invalid-request")


async def test_one_id_stands_for_one_of_many(gateway: Gateway) -> None:
    item = {"task_id": TASK, "action": "approve", "subject_version": 3, "decision_id": "decision-1"}
    answer = await gateway.post("/v1/tasks/decisions", {"decisions": [item, item]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/decisions/1/decision_id"


async def test_many_in_somebodys_place(gateway: Gateway) -> None:
    await gateway.ask(an_approval())
    await lend(gateway)
    item = {"task_id": TASK, "action": "approve", "subject_version": 3, "on_behalf_of": "carla"}
    answer = await gateway.post("/v1/tasks/decisions", {"decisions": [item]}, "olaf")
    assert answer.json()["applied"] == 1
