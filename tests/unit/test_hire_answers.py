"""What an answer about a hire must say, whichever way it reaches the case."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.approval import ApprovalLedger
from domain.hire_answers import candidates_of
from domain.people import Actor
from domain.tasks import Decision
from tests.fixtures.evidence import START, a_task

CASE = "hire-to-provision.north.H-1"
TASK = f"{CASE}:identity-conflict.1"
SUBJECT = {
    "worker_number": "N-1",
    "evidence": {
        "candidates": [{"worker_id": "W-7", "worker_number": "N-7"}, {"worker_id": ""}],
        "match": {"worker_id": "W-8"},
    },
}


def decided(action: str, **said: Any) -> tuple[str, str | None]:
    """What the ledger of a case makes of it."""
    ledger = ApprovalLedger(case_id=CASE, facility="north")
    ledger.open(a_task(TASK, CASE, kind="exception", role="identity-desk", actions=(action,), subject=SUBJECT))
    actor = Actor(person="ida", roles=("identity-desk",), facilities=("north",))
    given = {"decision_id": "decision-1", "task_id": TASK, "action": action, "actor": actor, "subject_version": 1}
    record = ledger.decide(Decision.model_validate(given | said), START)
    return record.status, record.because


@pytest.mark.parametrize(
    ("action", "said", "because"),
    [
        ("revive", {"hire": {"worker_id": "W-7"}}, None),
        ("link", {"hire": {"worker_id": "W-8"}}, None),
        ("revive", {"hire": {"worker_id": "N-7"}}, None),
        ("revive", {"hire": {"worker_id": "N-1"}}, "worker-unknown"),
        ("revive", {}, "worker-required"),
        ("link", {"hire": {"worker_id": "W-9"}}, "worker-unknown"),
        ("correct", {}, "user-name-required"),
        ("correct", {"hire": {"user_name": "aq2"}}, None),
        ("mitigate", {}, "until-required"),
        ("mitigate", {"hire": {"until": START.date()}}, "until-required"),
        ("mitigate", {"hire": {"until": START.date() + timedelta(days=1)}}, None),
        ("complete", {}, "comment-required"),
        ("create", {}, None),
        ("create", {"corrections": ({"line": 1},)}, "correction-not-allowed"),
    ],
)
def test_the_case_asks_for_what_the_gateway_asks_for(action: str, said: dict[str, Any], because: str | None) -> None:
    assert decided(action, **said) == ("ignored" if because else "applied", because)


def test_the_workers_of_a_question_are_found_wherever_they_stand() -> None:
    assert candidates_of(a_task(TASK, CASE, subject=SUBJECT)) == {"W-7", "N-7", "W-8"}
    assert not candidates_of(a_task(TASK, CASE))
