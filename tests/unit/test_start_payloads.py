"""What a case starts with is the same as if its policy had been encoded with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, WorkflowSerializationContext

from adapters.temporal_payloads import data_converter, is_encrypted
from api.start_payload import REMEMBERED_POLICIES, PolicyTexts, start_payload
from domain.keys import KEY_BYTES, KeyRing
from domain.people import Actor
from domain.policy.model import BudgetRule, FrozenPolicy
from domain.requisition import Requisition
from tests.fixtures.small_hospital import FACILITY, line, policy
from tests.http.fakes import NOW
from workflows.messages.payment_run import PaymentRunInput
from workflows.messages.procure_to_pay import PurchaseInput

CASE = "procure-to-pay.north.REQ-1"
NINA = Actor(person="nina", roles=("requester",), facilities=("north",))


def purchase(of: FrozenPolicy) -> PurchaseInput:
    return PurchaseInput(
        case_id=CASE,
        requisition=Requisition(
            number="REQ-1",
            facility="north",
            requester="nina",
            need_by=NOW.date(),
            deliver_to='"," and }, for Åse',
            lines=(line(),),
        ),
        policy=of,
        submitted_at=NOW,
        submitted_by=NINA,
        request_sha256="f" * 64,
    )


def run(of: FrozenPolicy) -> PaymentRunInput:
    return PaymentRunInput(
        case_id="payment-run.north.1", facility="north", currency="USD", policy=of, submitted_at=NOW, submitted_by=NINA
    )


async def stored(given: Any, converter: DataConverter = pydantic_data_converter) -> Any:
    (payload,) = await converter.encode([given])
    return payload


@pytest.mark.parametrize("kind", [purchase, run])
async def test_it_is_what_the_converter_makes(kind: Any) -> None:
    given, texts = kind(policy()), PolicyTexts()
    expected = await stored(given)
    for _ in range(2):
        payload = await stored(start_payload(given, texts))
        assert dict(payload.metadata) == dict(expected.metadata)
        assert json.loads(payload.data) == json.loads(expected.data)
        assert type(given).model_validate_json(payload.data) == given


def test_each_case_has_the_policy_of_its_own_day() -> None:
    texts = PolicyTexts()
    old, new = policy(), policy(budget=BudgetRule(behaviour="warn"))
    assert old.sha256 == new.sha256, "so that nothing but their content tells them apart"
    for each in (old, new, old, new.model_copy(update={"version": "test-2"})):
        payload = start_payload(purchase(each), texts).payload
        assert PurchaseInput.model_validate_json(payload.data).policy == each


def test_a_policy_that_did_not_change_is_encoded_once() -> None:
    texts, of_today = PolicyTexts(), policy()
    first = texts.of(of_today)
    assert texts.of(of_today) is first
    assert texts.of(of_today.model_copy()) is first, "as the narrowed policy of each case is a new copy"


def test_so_many_policies_are_remembered_and_no_more() -> None:
    texts = PolicyTexts()
    of_facilities = [
        policy(facility=FACILITY.model_copy(update={"code": f"f{number}"})) for number in range(REMEMBERED_POLICIES + 1)
    ]
    found = [texts.of(each) for each in of_facilities]
    assert texts.of(of_facilities[-1]) is found[-1]
    assert texts.of(of_facilities[0]) is not found[0]


async def test_it_is_encrypted_for_its_case() -> None:
    ring = KeyRing("first", {"first": b"k" * KEY_BYTES})
    converter = data_converter(lambda: ring).with_context(WorkflowSerializationContext("default", CASE))
    given = purchase(policy())
    payload = await stored(start_payload(given), converter)
    assert is_encrypted(payload)
    assert b"policy" not in payload.data
    (opened,) = await converter.decode([payload], [PurchaseInput])
    assert opened == given
