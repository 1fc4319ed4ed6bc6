"""The identity of a case, and the fingerprint of what was asked."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.case import Process, case_id, fingerprint, parse_case_id
from workflows.messages.incident import MAX_ITEMS, bounded, incident_case_id

processes = st.sampled_from(get_args(Process))
facilities = st.from_regex(r"[a-z][a-z0-9-]{1,31}", fullmatch=True)
keys = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
bodies = st.dictionaries(
    texts,
    st.recursive(
        st.none() | st.booleans() | st.integers() | texts,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=5,
)


@given(processes, facilities, keys)
def test_an_id_leads_back_to_its_key(process: Process, facility: str, key: str) -> None:
    found = parse_case_id(case_id(process, facility, key))
    assert found is not None
    assert (found.process, found.facility, found.key) == (process, facility, key)


@given(st.tuples(processes, facilities, keys), st.tuples(processes, facilities, keys))
def test_other_keys_have_other_ids(one: tuple[Process, str, str], other: tuple[Process, str, str]) -> None:
    assert (one == other) == (case_id(*one) == case_id(*other))


@given(st.text(max_size=60))
def test_only_ids_are_ids(text: str) -> None:
    found = parse_case_id(text)
    assert found is None or case_id(found.process, found.facility, found.key) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "procure-to-pay",
        "procure-to-pay.north",
        "procure-to-pay.north.",
        "procure-to-pay.north.REQ.1",
        "procure-to-pay.North.REQ-1",
        "procure-to-pay.north.-REQ",
        "procure-to-pay.north.REQ-1\n",
        "order-to-cash.north.REQ-1",
        "procure-to-pay.north.REQ-1/../x",
    ],
)
def test_what_is_no_id(text: str) -> None:
    assert parse_case_id(text) is None


@given(bodies, st.randoms())
def test_the_order_of_keys_does_not_matter(body: dict[str, Any], random: Any) -> None:
    shuffled = dict(random.sample(list(body.items()), len(body)))
    assert fingerprint(shuffled) == fingerprint(body)
    assert fingerprint(json.loads(json.dumps(body))) == fingerprint(body)


@given(bodies, bodies)
def test_other_content_has_another_fingerprint(one: dict[str, Any], other: dict[str, Any]) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (fingerprint(one) == fingerprint(other)) is same


def test_the_same_incident_has_the_same_id_and_its_next_occurrence_another() -> None:
    first = incident_case_id("shared", "policy", "a fault")
    assert first == incident_case_id("shared", "policy", "a fault")
    assert first.startswith("housekeeping.shared.policy-")
    others = {
        incident_case_id("shared", "policy", "a fault", 2),
        incident_case_id("shared", "policy", "another fault"),
        incident_case_id("shared", "evidence", "a fault"),
        incident_case_id("north", "policy", "a fault"),
    }
    assert len(others | {first}) == 5
    assert all(parse_case_id(each) is not None for each in others | {first})


@given(st.lists(st.integers(), max_size=300).map(lambda items: tuple(map(str, items))))
def test_a_list_in_evidence_is_bounded_and_says_what_is_left_out(items: tuple[str, ...]) -> None:
    kept = bounded(items)
    if len(items) <= MAX_ITEMS:
        assert kept == list(items)
    else:
        assert (len(kept), kept[-1]) == (MAX_ITEMS + 1, f"and {len(items) - MAX_ITEMS} more")
