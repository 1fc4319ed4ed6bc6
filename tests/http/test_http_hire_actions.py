"""What people ask of a running hire, and what their answers about it must say."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from domain.tasks import Decision
from tests.fixtures.evidence import a_task
from tests.http.fakes import Gateway, pointers, slug
from tests.http.hire_desk import CASE, a_hire, a_standing, under_way

HR = "human-resources"
TASK = f"{CASE}:identity-conflict.1"
CANDIDATES = [{"worker_id": "W-7", "why": "same birth date"}, {"worker_id": "W-8", "why": "same name"}]


async def act(gateway: Gateway, action: str, person: str = "hanna", *roles: str, **body: Any) -> httpx.Response:
    return await gateway.post(f"/v1/cases/{CASE}/actions/{action}", body, person, *(roles or (HR,)))


async def test_a_correction_reaches_the_case_whole(gateway: Gateway) -> None:
    await under_way(gateway)
    answer = await act(gateway, "correct-hire", hire=a_hire(start_on="2026-04-06", requester="nina"))
    assert answer.status_code == 200, answer.text
    (asked,) = gateway.cases.received
    assert (str(asked.hire.start_on), asked.hire.requester) == ("2026-04-06", "nina")


@pytest.mark.parametrize(
    ("hire", "found"),
    [
        (None, ("/hire",)),
        (a_hire(number="H-2", facility="south"), ("/hire/number", "/hire/facility")),
        (a_hire(start_on="2019-01-01", end_on="2018-01-01"), ("/hire/start_on", "/hire/end_on")),
        (a_hire(linked_cases=["hire-to-provision.north.H-404"]), ("/hire/linked_cases/0",)),
        (a_hire(colour="red", number="a.b"), ("/hire/colour", "/hire/number")),
    ],
)
async def test_a_correction_with_faults(gateway: Gateway, hire: Any, found: tuple[str, ...]) -> None:
    await under_way(gateway)
    answer = await act(gateway, "correct-hire", hire=hire)
    assert (answer.status_code, pointers(answer)) == (422, set(found))
    assert not gateway.cases.received


async def test_an_offer_is_rescinded_with_a_reason(gateway: Gateway) -> None:
    await under_way(gateway)
    without = await act(gateway, "rescind")
    assert (without.status_code, pointers(without)) == (422, {"/comment"})
    assert (await act(gateway, "rescind", comment="Reference check failed")).status_code == 200


async def test_requester_portal_and_hr_may_and_nobody_else(gateway: Gateway) -> None:
    await under_way(gateway, watchers=("mia",))
    for person, role, status in (
        ("hanna", "requester", 200),
        ("ada", "portal", 200),
        ("hugo", HR, 200),
        ("mia", "requester", 403),
        ("bo", "buyer", 403),
        ("olaf", "requester", 404),
    ):
        answer = await act(gateway, "rescind", person, role, comment="No budget")
        assert answer.status_code == status, (person, answer.text)


async def test_no_other_case_is_corrected_like_a_hire(gateway: Gateway) -> None:
    await under_way(gateway)
    await gateway.ask(a_task("procure-to-pay.north.REQ-1:x.1"))
    path = "/v1/cases/procure-to-pay.north.REQ-1/actions/correct-hire"
    answer = await gateway.post(path, {"hire": a_hire()}, "hugo", HR)
    assert (answer.status_code, slug(answer)) == (409, "not-in-this-stage")


async def asked(gateway: Gateway, *actions: str, **changes: Any) -> None:
    await gateway.hires.record(a_standing())
    subject = {"evidence": {"candidates": CANDIDATES}}
    given = {"kind": "exception", "role": "identity-desk", "actions": actions, "subject": subject}
    await gateway.ask(a_task(TASK, CASE, **(given | changes)), requester="hanna", process="hire-to-provision")


async def decide(gateway: Gateway, action: str, **body: Any) -> httpx.Response:
    given = {"action": action, "subject_version": 1}
    return await gateway.post(f"/v1/tasks/{TASK}/decision", given | body, "ida", "identity-desk")


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("revive", {"hire": {"worker_id": "W-7"}}),
        ("link", {"hire": {"worker_id": "W-8"}}),
        ("correct", {"hire": {"user_name": "aquarter2"}}),
        ("mitigate", {"hire": {"until": "2026-05-31"}}),
        ("complete", {"comment": "Badge 4711", "hire": {"reference": "4711"}}),
        ("clear", {"comment": "Another middle name"}),
        ("create", {}),
    ],
)
async def test_an_answer_reaches_the_case(gateway: Gateway, action: str, said: dict[str, Any]) -> None:
    await asked(gateway, action)
    answer = await decide(gateway, action, **said)
    assert answer.status_code == 200, answer.text
    (sent,) = gateway.cases.received
    assert isinstance(sent, Decision)
    if "hire" in said:
        assert sent.hire is not None
        assert sent.hire.model_dump(mode="json", exclude_defaults=True) == said["hire"]


@pytest.mark.parametrize(
    ("action", "said", "pointer", "code"),
    [
        ("revive", {}, "/hire/worker_id", "worker-required"),
        ("link", {}, "/hire/worker_id", "worker-required"),
        ("revive", {"hire": {"worker_id": "W-9"}}, "/hire/worker_id", "worker-unknown"),
        ("correct", {"comment": "x"}, "/hire/user_name", "user-name-required"),
        ("correct", {"hire": {"user_name": "A b"}}, "/hire/user_name", "string_pattern_mismatch"),
        ("mitigate", {"comment": "x"}, "/hire/until", "until-required"),
        ("mitigate", {"hire": {"until": "2026-03-02"}}, "/hire/until", "until-required"),
        ("clear", {}, "/comment", "comment-required"),
        ("stop", {}, "/comment", "comment-required"),
        ("verify", {}, "/comment", "comment-required"),
        ("complete", {"comment": " "}, "/comment", "comment-required"),
        ("revive", {"hire": {"worker_id": "W-7"}, "invoice": {"number": "1"}}, "/invoice", "correction-not-allowed"),
        ("correct", {"corrections": [{"line": 1}]}, "/corrections", "correction-not-allowed"),
    ],
)
async def test_an_answer_that_does_not_say_enough(
    gateway: Gateway, action: str, said: dict[str, Any], pointer: str, code: str
) -> None:
    await asked(gateway, action)
    answer = await decide(gateway, action, **said)
    assert (answer.status_code, slug(answer)) == (422, "invalid-request")
    assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [(pointer, code)]
    assert not gateway.cases.received


async def test_nobody_answers_a_purchase_with_a_hire(gateway: Gateway) -> None:
    task = a_task("procure-to-pay.north.REQ-1:x.1")
    await gateway.ask(task)
    body = {"action": "approve", "subject_version": 1, "hire": {"worker_id": "W-7"}}
    answer = await gateway.post(f"/v1/tasks/{task.task_id}/decision", body, "carla")
    assert (answer.status_code, pointers(answer)) == (422, {"/hire"})
