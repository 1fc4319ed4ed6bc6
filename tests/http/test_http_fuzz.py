"""The gateway against its own OpenAPI: made-up and broken requests to every operation, none of which may surprise."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from pydantic import SecretStr
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


def furnished() -> Gateway:
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
    asyncio.run(gateway.evidence.record(journal))
    asyncio.run(furnish_payables(gateway))
    asyncio.run(under_way(gateway, HIRE))
    asyncio.run(gateway.delegations.add(DELEGATION))
    asyncio.run(gateway.overrides.request(OVERRIDE))
    return gateway


GATEWAY = furnished()
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


def schema_of(mode: schemathesis.GenerationMode) -> schemathesis.BaseSchema:
    schema = schemathesis.openapi.from_asgi("/openapi.json", Signing(GATEWAY.app, SECRET))
    schema.config.generation.update(modes=[mode], with_security_parameters=False)
    # Twenty thousand lines of an invoice are too many bytes before they are too many lines.
    rejection = schema.config.checks.negative_data_rejection
    rejection.expected_statuses = [*rejection.expected_statuses, "413"]
    return schema


bounded = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
well_formed = schema_of(schemathesis.GenerationMode.POSITIVE)
# Nothing can be wrong with a request that takes neither a body nor a parameter.
broken = schema_of(schemathesis.GenerationMode.NEGATIVE).exclude(
    path=["/healthz", "/readyz", "/metrics", "/v1/facilities", "/v1/audit/keys"]
)


@well_formed.parametrize()
@bounded
def test_no_well_formed_request_surprises_the_gateway(case: schemathesis.Case[Any]) -> None:
    known = KNOWN | {"case_id": next((CASES[name] for name in CASES if f"/{name}/" in case.path), CASE)}
    case.path_parameters = {**case.path_parameters, **{k: v for k, v in known.items() if k in case.path_parameters}}
    call(case)


@broken.parametrize()
@bounded
def test_no_broken_request_is_taken(case: schemathesis.Case[Any]) -> None:
    call(case)


def call(case: schemathesis.Case[Any]) -> None:
    excluded = EXCLUDED_FOR_EVENTS if case.path == "/v1/events" else EXCLUDED
    case.call_and_validate(headers=GATEWAY.as_("carla", *ROLES), excluded_checks=excluded)
