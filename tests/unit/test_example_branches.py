"""Between them the example requisitions reach every branch of the process that does not need hours to pass."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from adapters.reference_files import load_logins
from cli.demo.story import Answer, Example, StoryError, load_examples, request_body, requisition_of
from domain.case import CaseStatus
from domain.case_actions import CaseAction
from domain.exceptions import CATALOGUE
from domain.hire_exceptions import HIRE_EXCEPTIONS
from domain.invoice_exceptions import INVOICE_EXCEPTIONS

FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES = load_examples(FOLDER / "requisitions.jsonl")
TODAY = date(2026, 11, 21)

# Raised by outside systems that fail, by time that passes, or by data that intake refuses; process tests cover them.
NOT_BY_EXAMPLE = {
    "acknowledgement-missing",
    "amount-too-large",
    "approver-missing",
    "changed-after-closing",
    "contract-drift",
    "dispatch-failed",
    "evidence-fault",
    "order-changed-outside",
    "order-refused",
    "policy-refused",
    "price-missing",
    "receipt-refused",
    "sla-breached",
    "stock-short",
    "system-outage",
    "target-refused",
    "target-unavailable",
}


def _taken(code: str) -> set[str]:
    return {a.action for e in EXAMPLES for c, answers in e.story.exceptions.items() if c == code for a in answers}


def _levels_that(action: str) -> set[str]:
    found = set()
    for example in EXAMPLES:
        if example.story.approvals != "none":
            for level, answers in example.story.approvals.items():
                found |= {level for answer in answers if answer.action == action}
    return found


OF_HIRES = ("rescinded", "no-show")
"""Ends and actions that no purchase has."""
ACTIONS_OF_HIRES = ("correct-hire", "rescind")


def test_there_are_enough_and_most_are_plain() -> None:
    assert len(EXAMPLES) >= 60
    plain = [e for e in EXAMPLES if not e.story.expect.exceptions and e.story.expect.status == "completed"]
    assert len(plain) >= 25


def test_every_facility_asks_for_something() -> None:
    assert len({example.request["facility"] for example in EXAMPLES}) == 11


def test_every_end_is_reached() -> None:
    assert {example.story.expect.status for example in EXAMPLES} == set(get_args(CaseStatus)) - {"running", *OF_HIRES}


def test_every_exception_is_raised_that_can_be() -> None:
    raised = {code for example in EXAMPLES for code in example.story.expect.exceptions}
    assert raised == set(CATALOGUE) - NOT_BY_EXAMPLE - {each.code for each in (*INVOICE_EXCEPTIONS, *HIRE_EXCEPTIONS)}


@pytest.mark.parametrize(
    ("code", "actions"),
    [
        ("item-unknown", {"correct", "cancel"}),
        ("item-inactive", {"correct", "cancel-line"}),
        ("supplier-blocked", {"correct", "cancel"}),
        ("cost-centre-closed", {"correct", "cancel"}),
        ("cost-centre-foreign", {"accept", "correct"}),
        ("off-contract", {"accept", "cancel"}),
        ("contract-expired", {"accept", "cancel"}),
        ("split-suspected", {"accept", "cancel"}),
        ("budget-exceeded", {"accept", "cancel"}),
        ("acknowledgement-differs", {"accept", "chase", "cancel"}),
        ("receipt-over", {"accept", "reject"}),
        ("goods-rejected", {"wait", "close-short"}),
    ],
)
def test_more_than_one_way_out_is_taken(code: str, actions: set[str]) -> None:
    assert _taken(code) == actions


def test_every_level_decides_and_some_refuse_or_ask_back() -> None:
    levels = {level for example in EXAMPLES for level in example.story.expect.approvals or ()}
    assert levels == {
        "cost-centre-owner",
        "department-director",
        "finance-controller",
        "chief-financial-officer",
        "it-security",
        "pharmacy-director",
        "line-management",
        "equipment-committee",
        "added_approver",
        "compliance-officer",
    }
    assert _levels_that("reject") == {"cost-centre-owner", "finance-controller", "it-security"}
    assert _levels_that("return") == {"cost-centre-owner"}


def test_every_action_on_a_case_is_taken() -> None:
    """Providing information is taken as the answer to the question's task."""
    taken = {each.action for example in EXAMPLES for each in example.story.interventions}
    assert taken == set(get_args(CaseAction)) - {"provide-information", *ACTIONS_OF_HIRES}
    stages = {(each.action, each.at) for example in EXAMPLES for each in example.story.interventions}
    assert {("cancel-line", "approval"), ("cancel-line", "delivery")} <= stages


def _has(word: str, example: Example) -> bool:
    story, request = example.story, example.request
    facts: dict[str, bool] = {
        "several suppliers": story.expect.orders > 1,
        "all from stock": story.expect.stock == "all",
        "part from stock": story.expect.stock == "part",
        "price tier": story.expect.amount is not None,
        "cost split": any(len(line["costs"]) > 1 for line in request["lines"]),
        "on behalf of": "on_behalf_of" in request,
        "free text": any("item" not in line for line in request["lines"]),
        "attachment": bool(request.get("attachments")),
        "posted by a person": example.posted_by != "portal",
        "urgent": request.get("urgency") == "urgent",
        "emergency approved": request.get("urgency") == "emergency" and story.retrospective.action == "approve",
        "emergency refused": request.get("urgency") == "emergency" and story.retrospective.action == "reject",
        "silent supplier": story.supplier == "silent",
        "partial delivery": any(len(step.receive) == 1 for step in _steps(example)) and len(_steps(example)) > 1,
        "goods go back": any(step.give_back for step in _steps(example)),
        "accepted by a rule": bool(story.expect.accepted),
        "not asked again": bool(story.expect.implied),
        "watched": bool(story.expect.watchers),
        "several of a level": _several(example),
        "out of order": any(answer.after for answer in _answers(example)),
        "in one call": bool(story.decides_together),
        "substitute for a time": bool(story.delegations) and any(answer.behalf for answer in _answers(example)),
        "substitute for a task": any(each.how == "delegate" for each in story.handovers),
        "reassigned": any(each.how == "reassign" for each in story.handovers),
        "duties combined": any(step.received_by for step in _steps(example)),
    }
    return facts[word]


def _answers(example: Example) -> list[Answer]:
    given = example.story.approvals
    return [] if given == "none" else [answer for answers in given.values() for answer in answers]


def _several(example: Example) -> bool:
    """Whether two people of one level approved the same version of the request."""
    levels = [each.level for each in example.story.expect.decisions or ()]
    return levels.count("equipment-committee") > 1


def _steps(example: Example) -> tuple[Any, ...]:
    return () if isinstance(example.story.deliveries, str) else example.story.deliveries


@pytest.mark.parametrize(
    "word",
    [
        "several suppliers",
        "all from stock",
        "part from stock",
        "price tier",
        "cost split",
        "on behalf of",
        "free text",
        "attachment",
        "posted by a person",
        "urgent",
        "emergency approved",
        "emergency refused",
        "silent supplier",
        "partial delivery",
        "goods go back",
        "accepted by a rule",
        "not asked again",
        "watched",
        "several of a level",
        "out of order",
        "in one call",
        "substitute for a time",
        "substitute for a task",
        "reassigned",
        "duties combined",
    ],
)
def test_some_example_has_it(word: str) -> None:
    assert any(_has(word, example) for example in EXAMPLES)


def _actors(example: Example) -> Iterator[str]:
    yield example.posted_by
    yield from (each.by for each in example.story.interventions)
    yield from (each.by for each in example.story.handovers)
    yield from (each.delegator for each in example.story.delegations)
    yield from (answer.by for answer in _answers(example) if answer.by)
    yield from (each.by for each in example.story.expect.decisions or ())
    if example.story.information:
        yield str(example.request["requester"])


def test_whoever_acts_in_a_story_can_log_in() -> None:
    logins = {person.person for person in load_logins(FOLDER)}
    assert {actor for example in EXAMPLES for actor in _actors(example)} <= logins


def test_relative_days_are_resolved_against_today() -> None:
    example = EXAMPLES[0]
    assert example.request["need_by"] == "+14d"
    assert requisition_of(example, TODAY).need_by == TODAY + timedelta(days=14)
    assert example.request["need_by"] == "+14d"
    assert request_body(example, TODAY)["need_by"] == "2026-12-05"


def _with_answer(answer: dict[str, Any]) -> dict[str, Any]:
    expect = {"status": "completed", "orders": 1}
    return {"title": "x", "expect": expect, "approvals": {"cost-centre-owner": [answer]}}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"as": "no body"}, "as"),
        ({"story": {"title": "x"}}, "story.expect"),
        ({"story": {"title": "x", "expect": {"status": "finished", "orders": 1}}}, "story.expect.status"),
        ({"after": "REQ-1"}, "REQ-2001 waits for REQ-1, which is not in the file"),
        ({"surprise": 1}, "surprise"),
        ({"story": _with_answer({"action": "approve", "for": "n.okafor"})}, "says by whom"),
        ({"story": _with_answer({"action": "approve", "together": "monday"})}, "says by whom"),
    ],
)
def test_a_line_that_cannot_be_used_is_told(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    line = json.loads((FOLDER / "requisitions.jsonl").read_text(encoding="utf-8").splitlines()[0])
    path = tmp_path / "stories.jsonl"
    path.write_text(json.dumps({**line, **change}) + "\n", encoding="utf-8")
    with pytest.raises(StoryError, match=told):
        load_examples(path)
