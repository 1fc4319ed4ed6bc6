"""Approvals as people live them: each story is told through the public API of one whole stack, with their own tokens.

What `corridor demo` plays already (chains, committees, substitutes, bulk answers, amendments, watchers and the like) is
not told here again. The stories share the stack and nothing else; the last ones change the policy and check the proof.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from joserfc.jwk import RSAKey

from tests.fixtures.open_house import House, at_once, open_house, until
from tests.http.fakes import slug

OWNERS = {"e.castellanos", "l.whitcomb", "m.hale", "p.raman"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("house")) as running:
        yield running


def applied(answer: httpx.Response) -> dict[str, Any]:
    """The record of a decision that counts."""
    assert answer.status_code == 200, answer.text
    record: dict[str, Any] = answer.json()["record"]
    assert record["status"] == "applied"
    return record


def refused(answer: httpx.Response, status: int, why: str) -> None:
    assert (answer.status_code, slug(answer)) == (status, why), answer.text


def soon(**span: float) -> str:
    return (datetime.now(UTC) + timedelta(**span)).isoformat()


# Before and while somebody is asked


def test_the_preview_names_the_people_who_are_then_asked(house: House) -> None:
    outline = {"facility": "north", "amount": {"amount": "1281.00", "currency": "USD"}, "requester": "s.keller"}
    outline |= {"categories": ["medical-supplies"], "cost_centres": ["N-4100"]}
    told = house.person("s.keller").post("/v1/policies/preview", outline).json()
    assert [set(level["people"]) for level in told["levels"]] == [OWNERS, {"n.okafor"}]

    case = house.submit(boxes=150)
    asked = house.task(case)
    assert house.case(case)["case"]["amount"] == told["amount"]
    assert asked["rule"] == ", ".join(told["levels"][0]["rules"])
    for level in told["levels"]:
        task = house.task(case, level=level["name"])
        assert all(house.person(each).has(task) for each in level["people"])
        assert not any(house.person(each).has(task) for each in ("s.keller", "d.fields", "c.mendoza"))
        applied(house.person(level["people"][0]).decide(task))
    house.ordered(case)


def test_a_question_is_due_within_the_hours_of_the_facility(house: House) -> None:
    task = house.task(house.submit())
    (north,) = [each for each in house.person("s.keller").get("/v1/facilities").json() if each["code"] == "north"]
    hours = north["calendar"]
    opened, due = (datetime.fromisoformat(task[each]) for each in ("opened_at", "due_at"))
    local = due.astimezone(ZoneInfo(hours["time_zone"]))
    assert local.weekday() in hours["weekdays"]
    assert hours["opens"] <= local.strftime("%H:%M") <= hours["closes"]
    # 24 business hours are more than two and a half days of nine hours each.
    assert due - opened > timedelta(days=2)


def test_the_clock_rests_while_the_requester_is_asked(house: House) -> None:
    case = house.submit()
    first = house.task(case)
    applied(house.person("l.whitcomb").decide(first, "return", comment="For which theatre?"))
    question = house.task(case, "information")
    assert [task["kind"] for task in house.case(case)["tasks"]] == ["information"]
    refused(house.person("m.hale").decide(first), 409, "task-closed")
    applied(house.person("s.keller").decide(question, "answer", comment="The second."))

    again = house.task(case)
    assert again["task_id"] != first["task_id"]
    assert again["subject"]["answered"] == "The second."
    assert datetime.fromisoformat(again["due_at"]) >= datetime.fromisoformat(first["due_at"])
    applied(house.person("l.whitcomb").decide(again))
    house.ordered(case)


def test_a_request_is_withdrawn_while_it_waits(house: House) -> None:
    case = house.submit()
    task = house.task(case)
    refused(
        house.person("a.norwood").post(f"/v1/cases/{case}/actions/withdraw", {"comment": "x"}), 404, "case-not-found"
    )
    withdrawn = house.person("s.keller").post(f"/v1/cases/{case}/actions/withdraw", {"comment": "Found some."})
    assert withdrawn.json()["record"]["status"] == "applied"
    assert house.stage(case, "closed")["status"] == "withdrawn"
    refused(house.person("l.whitcomb").decide(task), 409, "task-closed")
    assert house.timeline(case, "decision.applied") == []


def test_a_watcher_sees_a_case_that_was_not_theirs_to_see_and_is_told_how_it_ends(house: House) -> None:
    case = house.submit()
    task, colleague = house.task(case), house.person("a.norwood")
    refused(colleague.get(f"/v1/cases/{case}"), 404, "case-not-found")
    stranger = house.person("s.keller").post(f"/v1/cases/{case}/actions/add-watcher", {"person": "p.estrada"})
    refused(stranger, 422, "invalid-request")
    added = house.person("s.keller").post(f"/v1/cases/{case}/actions/add-watcher", {"person": "a.norwood"})
    assert added.json()["record"]["status"] == "applied"
    seen = until(lambda: colleague.get(f"/v1/cases/{case}").json().get("case"), "the case on the watcher's screen")
    assert seen["watchers"] == ["a.norwood"]
    refused(colleague.decide(task), 403, "not-authorised")
    applied(house.person("l.whitcomb").decide(task, "reject", comment="There are enough."))
    house.stage(case, "closed")
    assert "There are enough." in house.mail(case, "a.norwood")


# Who may answer


def test_two_approvers_race_and_exactly_one_decides(house: House) -> None:
    case = house.submit()
    task = house.task(case)
    owner, other = house.person("l.whitcomb"), house.person("m.hale")
    answers = at_once(lambda: owner.decide(task), lambda: other.decide(task, "reject", comment="Not now."))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    refused(lost, 409, "task-closed")
    decision = applied(won)["decision"]
    house.stage(case, *(("closed",) if decision["action"] == "reject" else ("order", "acknowledgement", "delivery")))
    (entry,) = house.timeline(case, "decision.applied")
    assert (entry["actor"], entry["detail"]["action"]) == (decision["actor"]["person"], decision["action"])


def test_each_of_many_answers_gets_its_own_result(house: House) -> None:
    mine, stale = house.task(house.submit()), house.task(house.submit())
    elsewhere = house.task(house.submit("o.brandt", cost_centre="S-6100", facility="south"))
    done = house.task(house.submit())
    applied(house.person("m.hale").decide(done))
    versions = {stale["task_id"]: 7}
    decisions = [
        {
            "task_id": each["task_id"],
            "action": "approve",
            "subject_version": versions.get(each["task_id"], each["subject_version"]),
        }
        for each in (mine, stale, elsewhere, done)
    ]
    answer = house.person("l.whitcomb").post("/v1/tasks/decisions", {"decisions": decisions}).json()
    assert [item["status"] for item in answer["items"]] == ["applied", "refused", "refused", "refused"]
    problems = [item["problem"]["type"].rsplit(":", 1)[-1] for item in answer["items"][1:]]
    assert problems == ["stale-version", "task-not-found", "task-closed"]
    assert (answer["applied"], answer["refused"]) == (1, 3)
    house.ordered(mine["case_id"])


def test_forged_expired_and_foreign_tokens_decide_nothing(house: House) -> None:
    task = house.task(house.submit())
    path, body = f"/v1/tasks/{task['task_id']}/decision", {"action": "approve", "subject_version": 1}

    def sent(token: str) -> httpx.Response:
        return house.http.post(path, json=body, headers={"Authorization": f"Bearer {token}"})

    head, claims, seal = house.person("s.keller").token.split(".")
    bad = {
        "forged by another key": house.signed(RSAKey.generate_key(2048)),
        "without a signature": f"{head}.{claims}.",
        "with the claims of another": f"{head}.{house.signed().split('.')[1]}.{seal}",
        "expired": house.signed(exp=int((datetime.now(UTC) - timedelta(hours=1)).timestamp())),
        "of another issuer": house.signed(iss="https://login.example"),
        "for another audience": house.signed(aud="payroll"),
    }
    answers = {what: sent(token) for what, token in bad.items()}
    assert {what: answer.status_code for what, answer in answers.items()} == dict.fromkeys(bad, 401)
    assert house.task(task["case_id"])["task_id"] == task["task_id"]
    assert sent(house.signed()).status_code == 200, "the same token without a fault is good"


def test_a_substitute_decides_nothing_after_the_end_date(house: House) -> None:
    task = house.task(house.submit())
    body = {"delegate": "r.abara", "valid_until": soon(seconds=4), "scope": {"roles": ["cost-centre-owner"]}}
    made = house.person("l.whitcomb").post("/v1/delegations", body)
    assert made.status_code == 201, made.text
    substitute, place = house.person("r.abara"), made.json()["links"]["self"]
    chain = {"delegate": "d.fields", "valid_until": soon(days=1)}
    refused(substitute.post("/v1/delegations", chain), 422, "invalid-request")
    until(lambda: substitute.get(place).json()["state"] == "over", "the end of the delegation")
    refused(substitute.decide(task, on_behalf_of="l.whitcomb"), 403, "delegation-not-valid")
    assert not substitute.has(task)
    refused(substitute.decide(task), 403, "not-authorised")
    assert house.timeline(task["case_id"], "decision.applied") == []


def test_what_a_leaver_holds_goes_to_somebody_else(house: House) -> None:
    case = house.submit()
    task = house.task(case)
    handed = house.person("l.whitcomb").post(f"/v1/tasks/{task['task_id']}/reassign", {"to": "m.hale"})
    assert applied(handed)["change"]["assignee"]["person"] == "m.hale"
    claimed = house.task(house.submit())
    assert house.person("m.hale").post(f"/v1/tasks/{claimed['task_id']}/claim").status_code == 200
    lent = house.person("m.hale").post("/v1/delegations", {"delegate": "r.abara", "valid_until": soon(days=9)}).json()

    house.until_named(task, "m.hale")
    refused(house.person("n.okafor").post("/v1/people/m.hale/handover", {"to": "p.raman"}), 403, "role-required")
    left = house.person("c.jensen").post("/v1/people/m.hale/handover", {"to": "p.raman", "comment": "Left."}).json()
    assert (left["applied"], left["refused"], left["unclaimed"]) == (1, 0, [claimed["task_id"]])
    assert left["revoked_delegations"] == [lent["delegation_id"]]
    house.until_named(task, "p.raman")
    refused(house.person("m.hale").decide(task), 403, "not-authorised")
    applied(house.person("p.raman").decide(task))
    house.ordered(case)
    assert [entry["actor"] for entry in house.timeline(case, "task.reassigned")] == ["l.whitcomb", "c.jensen"]


def test_everything_that_one_person_holds_is_reassigned_in_one_call(house: House) -> None:
    tasks = [house.task(house.submit()) for _ in range(2)]
    for task in tasks:
        applied(house.person("l.whitcomb").post(f"/v1/tasks/{task['task_id']}/reassign", {"to": "e.castellanos"}))
    held = until(
        lambda: all(house.task(task["case_id"])["people"] == ["e.castellanos"] for task in tasks),
        "both name one person",
    )
    assert held
    wish = {"from": "e.castellanos", "to": "p.raman", "comment": "Elena is ill."}
    refused(house.person("l.whitcomb").post("/v1/tasks/reassign", wish), 403, "role-required")
    moved = house.person("c.jensen").post("/v1/tasks/reassign", wish).json()
    assert (moved["applied"], moved["refused"], moved["more"]) == (2, 0, False)
    assert {item["task_id"] for item in moved["items"]} == {task["task_id"] for task in tasks}
    for task in tasks:
        house.until_named(task, "p.raman")
        applied(house.person("p.raman").decide(task))


def test_who_asked_in_a_linked_case_does_not_approve_here_nor_through_a_substitute(house: House) -> None:
    lakeside = {"cost_centre": "L-4200", "facility": "lakeside"}
    first = house.submit("b.ware", **lakeside)
    house.task(first)
    second = house.submit("h.malik", **lakeside, linked_cases=[first])
    task = house.task(second)
    refusal = house.person("b.ware").decide(task)
    refused(refusal, 403, "duties-conflict")
    assert refusal.json()["rule"] == "nobody-approves-their-own-request"

    substitute, end = house.person("g.parry"), soon(days=3)
    lent = house.person("b.ware").post("/v1/delegations", {"delegate": "g.parry", "valid_until": end})
    assert lent.status_code == 201, lent.text
    refused(substitute.decide(task, on_behalf_of="b.ware"), 403, "duties-conflict")
    own = house.task(first)
    refused(substitute.decide(own, on_behalf_of="b.ware"), 403, "requester-may-not-decide")

    handed = house.person("c.rocha").post(f"/v1/tasks/{task['task_id']}/delegate", {"to": "f.grant"})
    assert handed.status_code == 201, handed.text
    record = applied(house.person("f.grant").decide(task, on_behalf_of="c.rocha"))
    assert record["decision"]["on_behalf_of"] == "c.rocha"
    house.ordered(second)


def test_duties_are_combined_only_with_the_leave_of_somebody_else(house: House) -> None:
    buyer, case = house.person("n.bergstrom"), house.submit(item="NO-SUCH-ITEM")
    unknown = house.task(case, "exception")
    correction = {"line": 1, "item": "MS-1002"}
    applied(buyer.decide(unknown, "correct", comment="Gloves.", corrections=[correction]))
    owner = house.task(case)
    added = house.person("s.keller").post(f"/v1/cases/{case}/actions/add-approver", {"person": "n.bergstrom"})
    assert added.json()["record"]["status"] == "applied"
    applied(house.person("l.whitcomb").decide(owner))
    mine = house.task(case, level="added_approver")
    refusal = buyer.decide(mine)
    refused(refusal, 403, "duties-conflict")
    assert refusal.json()["rule"] == "approvers-do-not-buy"

    wish = {"person": "n.bergstrom", "rule": "approvers-do-not-buy", "facility": "north", "case_id": case}
    wish |= {"reason": "Nobody else knows the item.", "valid_until": soon(days=2)}
    leave = buyer.post("/v1/segregation-overrides", wish)
    assert (leave.status_code, leave.json()["state"]) == (201, "requested")
    links = leave.json()["links"]
    refused(buyer.decide(mine), 403, "duties-conflict")
    refused(buyer.post(links["approve"]), 403, "own-override")
    refused(house.person("c.jensen").post(links["approve"]), 403, "role-required")
    assert house.person("j.barros").post(links["approve"]).json()["state"] == "valid"
    applied(buyer.decide(mine))
    house.ordered(case)

    report = house.person("k.mensah").get("/v1/reports/segregation-overrides", facility="north").json()
    (told,) = [each for each in report["items"] if each["override_id"] == leave.json()["override_id"]]
    assert (told["person"], told["approved_by"], report["used"]) == ("n.bergstrom", "j.barros", 1)
    assert [use["task_id"] for use in told["uses"]] == [mine["task_id"]]
    (entry,) = [each for each in house.timeline(case, "decision.applied") if each["detail"]["overrides"]]
    assert entry["detail"]["overrides"] == [told["override_id"]]


# From a mail


def test_a_link_in_a_mail_decides_once_and_only_by_its_form(house: House) -> None:
    case = house.submit()
    task = house.task(case)
    link = house.link(case, "l.whitcomb")
    assert house.http.head(link).status_code == 200
    page = [house.http.get(link) for _ in range(3)][-1]
    assert (page.status_code, "Confirm" in page.text) == (200, True)
    assert house.http.post(link, data={"action": "approve"}).status_code == 403
    assert house.http.get(f"{link[:-4]}AAAA").status_code == 404
    assert house.task(case)["task_id"] == task["task_id"], "looking, and forms that nobody was shown, decide nothing"

    form = {"form": house.proof(page), "action": "approve", "comment": "From the train."}
    decided = house.http.post(link, data=form)
    assert (decided.status_code, "Your decision counts" in decided.text) == (200, True)
    house.ordered(case)
    again, otherwise = house.http.post(link, data=form), house.http.post(link, data=form | {"action": "reject"})
    assert (again.status_code, otherwise.status_code) == (200, 409)
    assert "This link is used" in again.text
    assert house.http.get(house.link(case, "m.hale")).status_code == 409
    (entry,) = house.timeline(case, "decision.applied")
    assert (entry["actor"], entry["detail"]["comment"]) == ("l.whitcomb", "From the train.")


# Rules that change, and the proof of it all


def test_a_changed_rule_leaves_the_questions_that_are_asked_where_they_are(house: House) -> None:
    def submitted() -> str:
        return house.submit("u.krishnan", boxes=40, cost_centre="EC-4600", facility="elm-clinic")

    before = submitted()
    asked = house.task(before)
    outline = {"facility": "elm-clinic", "amount": house.case(before)["case"]["amount"]}
    outline |= {"categories": ["medical-supplies"], "requester": "u.krishnan"}

    def levels() -> list[str]:
        told = house.person("t.baldwin").post("/v1/policies/preview", outline).json()
        return [level["name"] for level in told["levels"]]

    assert levels() == ["cost-centre-owner"]
    _lower_the_threshold(house.policies / "elm-clinic.yaml")
    until(lambda: len(levels()) == 2, "the director joins at 300")
    after = submitted()
    later = house.task(after)

    for each in (asked, later):
        applied(house.person("t.baldwin").decide(each))
    house.ordered(before)
    assert house.task(after, level="department-director")["role"] == "department-director"
    old, new = (house.case(each)["case"]["policy_sha256"] for each in (before, after))
    assert old != new


def _lower_the_threshold(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    changed = text.replace("value: 500\n", "value: 300\n").replace("amount: 499.99", "amount: 299.99")
    assert changed != text
    path.write_text(changed, encoding="utf-8")


def test_a_broken_rule_asks_nobody_anything_and_comes_before_compliance(house: House) -> None:
    file, officer = house.policies / "north.yaml", house.person("j.barros")
    sound = file.read_text(encoding="utf-8")
    file.write_text(sound + "overrides:\n  - {parameter: emergency.cap, value: 9000, owner: x}\n", encoding="utf-8")

    def told() -> dict[str, Any] | None:
        return next((task for task in officer.worklist() if task["exception_code"] == "policy-refused"), None)

    task = until(told, "the refused files on the worklist of compliance")
    assert "north.yaml" in json.dumps(task)
    case = house.submit()
    applied(house.person("l.whitcomb").decide(house.task(case)))
    house.ordered(case)
    file.write_text(sound, encoding="utf-8")
    until(lambda: told() is None, "the task goes with its cause")


def test_the_evidence_of_all_stories_holds(house: House, tmp_path: Path) -> None:
    checked = house.corridor("audit", "verify", "--json")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    answer = json.loads(checked.stdout)
    assert answer["faults"] == []
    assert answer["entries_read"] > 50
    case, bundle = house.submit(), tmp_path / "evidence.zip"
    house.task(case)
    exported = house.corridor("audit", "export", case, "--output", str(bundle))
    assert exported.returncode == 0, exported.stdout + exported.stderr
    third_party = house.corridor("audit", "check", str(bundle))
    assert third_party.returncode == 0, third_party.stdout + third_party.stderr
