"""Each step has a queue, and each queue the worker of the system that the step needs."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from cli.worker_settings import WorkerSettings
from domain.bulkheads import LIMITS, QUEUES, SYSTEMS, Limit, priority_of, queues_of_system, system_of_queue
from workflows.steps.case import CaseSteps
from workflows.steps.erp_changes import ErpChangeSteps
from workflows.steps.hiring import HiringSteps
from workflows.steps.housekeeping import HousekeepingSteps
from workflows.steps.invoicing import InvoicingSteps
from workflows.steps.paying import PayingSteps, PaymentScheduleSteps
from workflows.steps.purchasing import PurchasingSteps
from workflows.steps.queues import QUEUE_OF_STEP, queue_of, task_queue
from workflows.steps.workforce import WorkforceSteps

ALL_STEPS = (
    CaseSteps,
    PurchasingSteps,
    InvoicingSteps,
    PayingSteps,
    PaymentScheduleSteps,
    HiringSteps,
    WorkforceSteps,
    HousekeepingSteps,
    ErpChangeSteps,
)


def names(steps: type) -> set[str]:
    definitions = (getattr(each, "__temporal_activity_definition", None) for each in vars(steps).values())
    return {each.name for each in definitions if each is not None}


def test_every_step_has_a_queue_and_no_other_name_has_one() -> None:
    assert set(QUEUE_OF_STEP) == set().union(*map(names, ALL_STEPS))


def test_every_queue_has_a_limit_and_belongs_to_one_system() -> None:
    assert set(LIMITS) == set(QUEUES)
    assert {queue for system in SYSTEMS for queue in queues_of_system(system)} == set(QUEUES) - {"cases"}
    assert system_of_queue("cases") is None


def test_the_erp_posts_one_bill_after_the_other() -> None:
    assert queue_of("post_invoice") == "erp-posting"
    assert queues_of_system("erp") == ("erp", "erp-posting")
    assert LIMITS["erp-posting"].at_once == 1


@pytest.mark.parametrize(("target", "queue"), [("identity", "identity"), ("directory", "directory"), ("x", "identity")])
def test_an_account_waits_for_its_own_target(target: str, queue: str) -> None:
    given = SimpleNamespace(system=target)
    assert queue_of("disable_account", given) == queue
    assert queue_of("prepare_worker", given) == "hris"


def test_a_step_that_nobody_listed_waits_where_it_is_always_served() -> None:
    assert queue_of("of_a_later_release") == "cases"
    assert task_queue("corridor", "cases") == "corridor"
    assert task_queue("corridor", "erp-posting") == "corridor-erp-posting"


def test_what_is_urgent_goes_first() -> None:
    assert priority_of("emergency") < priority_of("urgent") < priority_of("routine") == priority_of("unheard of")


def settings(**given: object) -> WorkerSettings:
    return WorkerSettings.model_validate({"database_dsn": "postgresql://", **given})


def test_a_worker_serves_all_queues_unless_it_is_told_which() -> None:
    assert settings().bulkheads.serves == QUEUES
    assert settings(queues="").bulkheads.serves == QUEUES
    assert settings(queues="erp, erp-posting,erp").bulkheads.serves == ("erp", "erp-posting")
    with pytest.raises(ValidationError, match="queues"):
        settings(queues="epr")


def test_limits_are_those_of_the_settings_and_else_the_usual_ones() -> None:
    chosen = settings(steps_at_once=7, queue_limits={"erp": {"at_once": 3, "per_second": 2.5}}).bulkheads
    assert chosen.limit("cases") == Limit(at_once=7)
    assert chosen.limit("erp") == Limit(at_once=3, per_second=2.5)
    assert chosen.limit("bank") == LIMITS["bank"]
    assert chosen.limit("hris") == Limit(at_once=7)  # which is less than its usual limit
    with pytest.raises(ValidationError, match="at_once"):
        settings(queue_limits={"erp": {"at_once": 0}})
