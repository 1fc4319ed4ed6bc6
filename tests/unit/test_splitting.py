"""One need in several requests, each under the limit."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.policy.model import SplittingRule
from domain.ports.evidence import SpendLine
from domain.splitting import find_split
from tests.fixtures.purchases import TODAY, spend

RULE = SplittingRule(window_days=7, limit=Decimal(5000))
CANDIDATE = spend("procure-to-pay.north.REQ-1", 2000)


@pytest.mark.parametrize(
    "relative",
    [
        {},
        {"submitted_on": TODAY - timedelta(days=7)},
        {"submitted_on": TODAY + timedelta(days=7)},
        {"requester": "paul"},
        {"cost_centres": ("N-777",)},
        {"suppliers": ()},
        {"categories": ("office",)},
    ],
)
def test_relatives(relative: dict[str, Any]) -> None:
    finding = find_split(CANDIDATE, (spend(**relative),), RULE)
    assert finding is not None
    assert finding.code == "split-suspected"
    assert finding.line is None
    assert finding.evidence["related_cases"] == ["procure-to-pay.north.REQ-9"]
    assert (finding.evidence["together"], finding.evidence["limit"]) == ("5000", "5000")
    json.dumps(finding.evidence)


@pytest.mark.parametrize(
    "stranger",
    [
        {"submitted_on": TODAY - timedelta(days=8)},
        {"submitted_on": TODAY + timedelta(days=8)},
        {"requester": "paul", "cost_centres": ("N-777",)},
        {"suppliers": ("S-9",), "categories": ("office",)},
        {"suppliers": (), "categories": ()},
        {"amount": Decimal("2999.99")},
        {"amount": Decimal(5000)},
        {"case_id": CANDIDATE.case_id},
    ],
)
def test_strangers(stranger: dict[str, Any]) -> None:
    assert find_split(CANDIDATE, (spend(**stranger),), RULE) is None


def test_a_request_at_the_limit_hides_nothing() -> None:
    assert find_split(spend("own", 5000), (spend(),), RULE) is None


def test_alone_there_is_nothing_to_split() -> None:
    assert find_split(CANDIDATE, (), RULE) is None


spends = st.builds(
    spend,
    case_id=st.sampled_from([f"case-{number}" for number in range(9)]),
    amount=st.integers(1, 6000),
    requester=st.sampled_from(("nina", "paul")),
    cost_centres=st.sampled_from((("N-100",), ("N-200",), ("N-100", "N-200"))),
    suppliers=st.sampled_from((("S-1",), ("S-2",), ())),
    categories=st.sampled_from((("office",), ("food",))),
    submitted_on=st.integers(-9, 9).map(lambda days: TODAY + timedelta(days=days)),
)


@given(spends, st.lists(spends, max_size=6, unique_by=lambda each: each.case_id), st.randoms())
def test_suspicion_does_not_depend_on_the_order_and_names_whom_it_counted(
    candidate: SpendLine, others: list[SpendLine], random: Any
) -> None:
    finding = find_split(candidate, others, RULE)
    shuffled = random.sample(others, len(others))
    assert find_split(candidate, shuffled, RULE) == finding
    if finding is not None:
        related = [each for each in others if each.case_id in finding.evidence["related_cases"]]
        assert candidate.amount + sum(each.amount for each in related) >= RULE.limit
        assert all(each.amount < RULE.limit for each in (candidate, *related))
        assert candidate.case_id not in finding.evidence["related_cases"]


@given(spends, spends)
def test_suspicion_is_mutual(one: SpendLine, other: SpendLine) -> None:
    assert (find_split(one, (other,), RULE) is None) == (find_split(other, (one,), RULE) is None)
