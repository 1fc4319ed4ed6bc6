"""The gateway against its own OpenAPI: made-up and broken requests to every operation, none of which may surprise."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from pydantic import SecretStr
from schemathesis.core.result import Ok
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.python._constants.orchestrator import make_constants_value_source
from schemathesis.specs.openapi.checks import ignored_auth, missing_required_header

from api.event_sources import EventSource
from tests.fixtures.evidence import CASE, a_journal, a_task, an_entry
from tests.http.described import EXCLUDED, Signing
from tests.http.fakes import Gateway, new_keys
from tests.http.furnished import DELEGATION, HIRE, INVOICE, MESSAGE, OVERRIDE, RUN, furnish_payables
from tests.http.hire_desk import under_way

SECRET = "whsec_" + base64.b64encode(b"a secret of whoever tries things out").decode()
# The signature covers the body, and the signing proxy below adds it: its absence is covered by test_http_events.
EXCLUDED_FOR_EVENTS = [*EXCLUDED, ignored_auth, missing_required_header]


@pytest.fixture(scope="module")
async def house() -> Gateway:
    """A gateway with a case, a task and an order, so that some requests find what they name."""
    gateway = Gateway(new_keys())
    source = EventSource(
        source="urn:anybody",
        secrets=(SecretStr(SECRET),),
        types=(
            "corridor.order.acknowledged",
            "corridor.goods.received",
            "corridor.goods.returned",
            "corridor.order.settled",
            "corridor.hr.hired",
            "corridor.hr.hire-changed",
            "corridor.hr.hire-ended",
        ),
    )
    object.__setattr__(gateway.services, "event_sources", (source,))
    task = a_task(f"{CASE}:approve-owner.1")
    gateway.cases.open(task)
    journal = a_journal(CASE, 1, an_entry(1), order_numbers=("PO-1",), tasks=(task,))
    await gateway.evidence.record(journal)
    await furnish_payables(gateway)
    await under_way(gateway, HIRE)
    await gateway.delegations.add(DELEGATION)
    await gateway.overrides.request(OVERRIDE)
    return gateway


KNOWN = {
    "case_id": CASE,
    "task_id": f"{CASE}:approve-owner.1",
    "delegation_id": DELEGATION.delegation_id,
    "override_id": OVERRIDE.override_id,
    "person": "bo",
    "message_id": MESSAGE,
    "version": 1,
}
CASES = {"invoices": INVOICE, "payment-runs": RUN, "hires": HIRE}
ROLES = (
    "cost-centre-owner",
    "portal",
    "buyer",
    "auditor",
    "process-owner",
    "compliance-officer",
    "treasury",
    "human-resources",
)


@dataclass(frozen=True)
class Requests:
    """Requests to all operations of one gateway, good or broken ones."""

    schema: schemathesis.BaseSchema
    feedback: FeedbackSources

    def try_out(self, label: str, check: Callable[[schemathesis.Case[Any]], None]) -> None:
        """Make the requests when it is their turn: `schema.parametrize` makes them while tests are collected, which
        takes longer than to collect all others, in each process."""
        operation = self.schema.find_operation_by_label(label)
        assert operation is not None, f"{label} is documented and not there"
        build_operation_test(
            config=self.schema.config,
            operation=operation,
            test_func=bounded(check),
            given_kwargs={},
            feedback=self.feedback,
        )()


def requests_of(gateway: Gateway, mode: schemathesis.GenerationMode) -> Requests:
    schema = schemathesis.openapi.from_asgi("/openapi.json", Signing(gateway.app, SECRET))
    schema.config.generation.update(modes=[mode], with_security_parameters=False)
    # Twenty thousand lines of an invoice are too many bytes before they are too many lines.
    rejection = schema.config.checks.negative_data_rejection
    rejection.expected_statuses = [*rejection.expected_statuses, "413"]
    return Requests(schema, FeedbackSources(constants_value_source=make_constants_value_source(schema)))


bounded = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)

# Nothing can be wrong with a request that takes neither a body nor a parameter.
NOTHING_TO_BREAK = {f"GET {path}" for path in ("/healthz", "/readyz", "/metrics", "/v1/facilities", "/v1/audit/keys")}
DOCUMENTED = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text())["paths"]
OPERATIONS = [f"{method.upper()} {path}" for path, methods in DOCUMENTED.items() for method in methods]


@pytest.fixture(scope="module")
def well_formed(house: Gateway) -> Requests:
    return requests_of(house, schemathesis.GenerationMode.POSITIVE)


@pytest.fixture(scope="module")
def broken(house: Gateway) -> Requests:
    return requests_of(house, schemathesis.GenerationMode.NEGATIVE)


def test_all_that_is_there_is_tried(well_formed: Requests) -> None:
    found = [each.ok().label for each in well_formed.schema.get_all_operations() if isinstance(each, Ok)]
    assert sorted(found) == sorted(OPERATIONS)
    assert set(OPERATIONS) >= NOTHING_TO_BREAK


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_well_formed_request_surprises_the_gateway(house: Gateway, well_formed: Requests, operation: str) -> None:
    def check(case: schemathesis.Case[Any]) -> None:
        known = KNOWN | {"case_id": next((CASES[name] for name in CASES if f"/{name}/" in case.path), CASE)}
        path = case.path_parameters
        case.path_parameters = {**path, **{name: value for name, value in known.items() if name in path}}
        call(case, house)

    well_formed.try_out(operation, check)


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each not in NOTHING_TO_BREAK])
def test_no_broken_request_is_taken(house: Gateway, broken: Requests, operation: str) -> None:
    broken.try_out(operation, lambda case: call(case, house))


def call(case: schemathesis.Case[Any], house: Gateway) -> None:
    excluded = EXCLUDED_FOR_EVENTS if case.path == "/v1/events" else EXCLUDED
    case.call_and_validate(headers=house.as_("carla", *ROLES), excluded_checks=excluded)
