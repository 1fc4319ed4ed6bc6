"""What the assistant suggests, how certain it is, and what it never says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.exceptions import CATALOGUE
from domain.policy.model import AssistantRule
from domain.ports.assistant import Question, RecordedSuggestion, Suggestion
from domain.suggesting import (
    LEAST_DECISIONS,
    MODEL,
    NEVER_SUGGESTED,
    beside_decision,
    consulted,
    outcome,
    safe_question,
    shown,
    suggestion_for,
)

START = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
ANSWERS = ("accept", "retry", "short-pay", "return-to-supplier")


def question(kind: Any = "exception", facility: str = "north", **features: str) -> Question:
    given_features = {"code": "price-variance", "supplier": "S-1"} if kind == "exception" else {"supplier": "S-1"}
    return Question(kind=kind, facility=facility, features={**given_features, **features})


def decided(number: int, answer: str, asked: Question | None = None, **over: Any) -> RecordedSuggestion:
    given_parts = {
        "suggestion_id": f"suggestion-{number}",
        "case_id": f"case-{number}",
        "question": asked or question(),
        "suggestion": None,
        "shown": False,
        "decided": answer,
        "decided_by": "bo",
        "agreed": False,
        "at": START + timedelta(days=number),
    }
    return RecordedSuggestion(**{**given_parts, **over})


def many(*answers: str, asked: Question | None = None) -> list[RecordedSuggestion]:
    """The latest first, as a memory gives them."""
    return [decided(number, answer, asked) for number, answer in enumerate(answers)][::-1]


def test_it_says_what_most_people_answered_and_why_in_words() -> None:
    found = suggestion_for(question(), many(*["accept"] * 14, *["short-pay"] * 2))
    assert found == Suggestion(
        kind="exception",
        answer="accept",
        confidence=Decimal("0.7777"),  # 14 of 16 and two unknown ones
        rationale=(
            "14 of 16 earlier decisions with the same code (price-variance) and supplier (S-1) were 'accept', "
            "2 were 'short-pay'; the latest on 2026-03-17."
        ),
        model=MODEL,
    )


def test_it_says_nothing_before_it_has_seen_enough() -> None:
    assert suggestion_for(question(), many(*["accept"] * (LEAST_DECISIONS - 1))) is None
    found = suggestion_for(question(), many(*["accept"] * LEAST_DECISIONS))
    assert found is not None
    assert found.confidence == Decimal("0.6")


def test_of_equally_frequent_answers_the_latest_is_suggested() -> None:
    for answers in (("accept", "retry", "accept", "retry"), ("accept", "accept", "retry", "retry")):
        found = suggestion_for(question(), many(*answers))
        assert found is not None
        assert found.answer == "retry"


@pytest.mark.parametrize(
    "other",
    [
        question(code="receipt-missing"),
        question(facility="south"),
        question("owner"),
        question(supplier="S-9", category="linen", urgency="urgent", amount="1.00"),
    ],
)
def test_it_learns_from_like_questions_of_the_same_facility_alone(other: Question) -> None:
    assert suggestion_for(question(), many(*["accept"] * 9, asked=other)) is None


@pytest.mark.parametrize("over", [{"decided_by": "corridor"}, {"decided_by": ""}, {"decided": ""}])
def test_it_learns_from_what_people_decided_alone(over: dict[str, Any]) -> None:
    records = [each.model_copy(update=over) for each in many(*["accept"] * 9)]
    assert suggestion_for(question(), records) is None


def test_another_supplier_counts_less_than_the_same() -> None:
    """A question about another supplier is half as alike when the category is the same."""
    ours, theirs = question(category="gloves"), question(supplier="S-2", category="gloves")
    found = suggestion_for(ours, [*many(*["retry"] * 5, asked=theirs), *many(*["accept"] * 3, asked=ours)])
    assert found is not None
    assert found.answer == "accept"
    assert "with the same code (price-variance) and category (gloves)" in found.rationale


def test_likeness_of_amounts_and_texts_has_degrees() -> None:
    def confidence(**features: str) -> Decimal:
        found = suggestion_for(question("coding", **features), many(*["6100/N-100"] * 8, asked=known))
        return found.confidence if found else Decimal(0)

    known = question("coding", description="Rental of two copiers in March", amount="100.00")
    same = confidence(description="Rental of two copiers in March", amount="100.00")
    near = confidence(description="Rental of two copiers in April", amount="90.00")
    far = confidence(description="Repair of an operating table", amount="9000.00")
    assert same > near > far


def test_an_answer_that_the_task_does_not_offer_is_not_suggested() -> None:
    records = many(*["accept"] * 9, *["retry"] * 4)
    asked = question(actions="retry, short-pay")
    found = suggestion_for(asked, records)
    assert found is not None
    assert found.answer == "retry"
    assert found.confidence < Decimal("0.4")
    assert suggestion_for(question(actions="short-pay"), records) is None
    assert suggestion_for(question(), many(*["confirm"] * 9)) is None


@pytest.mark.parametrize("code", sorted(NEVER_SUGGESTED))
def test_where_controls_stop_fraud_it_says_nothing(code: str) -> None:
    asked = question(code=code)
    assert code in CATALOGUE
    assert suggestion_for(asked, many(*[CATALOGUE[code].actions[0]] * 50, asked=asked)) is None


def test_it_does_not_teach_itself() -> None:
    """Decisions that followed a suggestion that was shown count half; others, in shadow too, count whole."""
    followed = [each.model_copy(update={"shown": True, "agreed": True}) for each in many(*["accept"] * 4)]
    in_shadow = [each.model_copy(update={"agreed": True}) for each in many(*["accept"] * 4)]
    after_following, after_shadow = suggestion_for(question(), followed), suggestion_for(question(), in_shadow)
    assert after_following is not None
    assert after_shadow is not None
    assert (after_following.confidence, after_shadow.confidence) == (Decimal("0.5"), Decimal("0.6666"))


RECORDS = st.lists(
    st.tuples(st.sampled_from(ANSWERS), st.sampled_from(["S-1", "S-2"]), st.booleans()), min_size=0, max_size=25
)


@given(RECORDS)
def test_it_is_never_certain_and_says_the_same_for_the_same_records(given_records: list[tuple[str, str, bool]]) -> None:
    records = [
        decided(number, answer, question(supplier=supplier), shown=followed, agreed=followed)
        for number, (answer, supplier, followed) in enumerate(given_records)
    ][::-1]
    found = suggestion_for(question(), records)
    assert found == suggestion_for(question(), list(records))
    if found is not None:
        assert 0 < found.confidence < 1
        assert found.answer in {record.decided for record in records}


@given(RECORDS, st.sampled_from(ANSWERS))
def test_one_more_of_what_it_suggests_never_makes_it_less_certain(
    given_records: list[tuple[str, str, bool]], answer: str
) -> None:
    records = [decided(number, answer) for number, (answer, _, _) in enumerate(given_records)][::-1]
    before = suggestion_for(question(), records)
    if before is not None:
        after = suggestion_for(question(), [decided(99, before.answer), *records])
        assert after is not None
        assert (after.answer, after.confidence >= before.confidence) == (before.answer, True)


@pytest.mark.parametrize(
    ("mode", "confidence", "is_shown"),
    [
        ("suggest", "0.6", True),
        ("suggest", "0.5999", False),
        ("shadow", "0.99", False),
        ("off", "0.99", False),
    ],
)
def test_what_people_see_is_policy(mode: Any, confidence: str, is_shown: bool) -> None:
    rule = AssistantRule(mode=mode, threshold=Decimal("0.6"))
    said = Suggestion(kind="owner", answer="olga", confidence=Decimal(confidence), rationale="x", model=MODEL)
    assert shown(said, rule) == is_shown
    assert consulted(rule) == (mode != "off")
    kept = beside_decision("s-1", "c-1", question("owner"), said, rule, "olga", "bo", START)
    assert (kept.shown, kept.agreed, outcome(kept)) == (is_shown, True, "agreed")


def test_nothing_is_shown_where_nothing_is_suggested() -> None:
    rule = AssistantRule(mode="suggest", threshold=Decimal(0))
    assert not shown(None, rule)
    kept = beside_decision("s-1", "c-1", question("owner"), None, rule, "olga", "bo", START)
    assert (kept.shown, kept.agreed, outcome(kept)) == (False, False, "unanswered")


def test_the_difference_is_one_word() -> None:
    said = Suggestion(kind="owner", answer="olga", confidence=Decimal("0.9"), rationale="x", model=MODEL)
    for answer, word in (("olga", "agreed"), ("otto", "differed"), ("", "unanswered")):
        kept = beside_decision("s-1", "c-1", question("owner"), said, AssistantRule(), answer, "bo", START)
        assert outcome(kept) == word


def test_long_numbers_in_texts_are_not_kept() -> None:
    asked = question(description="Pay to 0001 2345 6789, order PO-77", supplier="10002345")
    assert safe_question(asked).features == {
        "code": "price-variance",
        "description": "Pay to #, order PO-77",
        "supplier": "10002345",
    }
