"""Suggesting what people decided before in like cases: nearest decisions, weighted, and told in words.

Everything is exact and follows from the records alone: the same records give the same suggestion.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from typing import Literal

from domain.exceptions import CATALOGUE
from domain.money import Money
from domain.policy.model import AssistantRule
from domain.ports.assistant import Question, RecordedSuggestion, Suggestion

MODEL = "nearest-decisions-1"
NEVER_SUGGESTED = frozenset(
    {
        "sender-unverified",
        "supplier-excluded",
        "duplicate-suspected",
        "bank-account-mismatch",
        "bank-account-changed",
        "payment-rejected",
        "payment-returned",
        "bank-entry-unknown",
        "bill-posted-outside",
        "bill-unknown",
        "duties-conflict",
        "evidence-fault",
        "policy-refused",
    }
)
"""Exceptions by which controls stop fraud and loss: people look at each of them afresh."""
LEAST_DECISIONS = 3
_DOUBT = 2
"""So many decisions of unknown answer are added to those that are counted (Laplace): few decisions convince little."""
_NEAR = Fraction(1, 2)
_WEIGHTS = {"supplier": 3, "category": 2, "description": 2, "owner": 2}
_NOT_COMPARED = frozenset({"actions"})
_LEAST_WORDS = 3
_AMOUNT = re.compile(r"\d{1,15}\.\d{1,6}")
"""Amounts have decimals; codes and dates do not."""
_TEXTS = ("description", "message", "note")
_LONG_NUMBER = re.compile(r"\d(?:[ .-]?\d){7,}")
Outcome = Literal["agreed", "differed", "unanswered"]


@dataclass(frozen=True)
class _Near:
    """An earlier decision, how alike its question is (0 to 1), and the features in which it is the same."""

    record: RecordedSuggestion
    likeness: Fraction
    same: tuple[str, ...]


def suggestion_for(question: Question, records: Sequence[RecordedSuggestion]) -> Suggestion | None:
    """What most people answered to questions like this; None when fewer than LEAST_DECISIONS are alike.

    `records` are decisions of the facility, the latest first; of equally frequent answers the latest is suggested.
    """
    if question.features.get("code") in NEVER_SUGGESTED:
        return None
    near = [each for record in records if (each := _near(question, record)) is not None]
    offered = _offered(question)
    answers = [each for each in near if offered is None or each.record.decided in offered]
    if len(answers) < LEAST_DECISIONS:
        return None
    votes: dict[str, Fraction] = {}
    for each in answers:
        votes[each.record.decided] = votes.get(each.record.decided, Fraction(0)) + _weight(each)
    best = max(votes, key=lambda answer: votes[answer])  # the first of equals: the latest
    confidence = votes[best] / (sum(_weight(each) for each in near) + _DOUBT)
    return Suggestion(
        kind=question.kind,
        answer=best,
        confidence=_decimal(confidence),
        rationale=_rationale(question, near, best),
        model=MODEL,
    )


def exception_features(code: str, supplier: str, amount: Money, actions: Sequence[str]) -> dict[str, str]:
    """What a question about an exception is compared by; the same when it is asked and when it is learned from."""
    return {
        "code": code,
        "supplier": supplier,
        "amount": f"{amount.rounded().amount:f}",
        "actions": ",".join(actions),
    }


def shown(suggestion: Suggestion | None, rule: AssistantRule) -> bool:
    """Whether people see it: the policy says 'suggest', and it is at least as certain as the threshold."""
    return suggestion is not None and rule.mode == "suggest" and suggestion.confidence >= rule.threshold


def consulted(rule: AssistantRule) -> bool:
    """Whether the assistant is asked at all; in shadow it is, and nobody sees what it says."""
    return rule.mode != "off"


def beside_decision(
    suggestion_id: str,
    case_id: str,
    question: Question,
    suggestion: Suggestion | None,
    rule: AssistantRule,
    decided: str,
    decided_by: str,
    at: datetime,
) -> RecordedSuggestion:
    """The suggestion beside the decision, as it is kept. `at` in UTC."""
    return RecordedSuggestion(
        suggestion_id=suggestion_id,
        case_id=case_id,
        question=question,
        suggestion=suggestion,
        shown=shown(suggestion, rule),
        decided=decided,
        decided_by=decided_by,
        agreed=suggestion is not None and suggestion.answer == decided,
        at=at,
    )


def safe_question(question: Question) -> Question:
    """The question as it is kept: in its texts, long numbers are blotted out, for they could be bank accounts'."""
    features = {
        name: _LONG_NUMBER.sub("#", value) if name in _TEXTS else value for name, value in question.features.items()
    }
    return question.model_copy(update={"features": features})


def outcome(record: RecordedSuggestion) -> Outcome:
    """What became of a suggestion, in one word."""
    if record.suggestion is None or not record.decided:
        return "unanswered"
    return "agreed" if record.agreed else "differed"


def is_decision(record: RecordedSuggestion) -> bool:
    """Whether a person decided: only from that is learned."""
    return bool(record.decided) and record.decided_by not in ("", "corridor")


def _near(question: Question, record: RecordedSuggestion) -> _Near | None:
    """An exception is like one of the same code alone: another code offers other answers."""
    known = record.question
    same_place = (known.kind, known.facility) == (question.kind, question.facility)
    same_code = known.features.get("code") == question.features.get("code")
    if not (same_place and same_code and is_decision(record)):
        return None
    compared = sorted((set(question.features) | set(known.features)) - _NOT_COMPARED)
    likeness = {name: _alike(question.features.get(name, ""), known.features.get(name, "")) for name in compared}
    whole = sum(_WEIGHTS.get(name, 1) for name in compared)
    share = sum((_WEIGHTS.get(name, 1) * part for name, part in likeness.items()), Fraction(0))
    if not whole or share / whole < _NEAR:
        return None
    return _Near(record=record, likeness=share / whole, same=tuple(name for name in compared if likeness[name] == 1))


def _alike(asked: str, known: str) -> Fraction:
    """From 0 to 1: amounts by their ratio, texts by their common words, all else by being equal."""
    if asked == known:
        return Fraction(1)
    if _AMOUNT.fullmatch(asked) and _AMOUNT.fullmatch(known):
        small, large = sorted((Fraction(asked), Fraction(known)))
        return small / large
    words, others = _words(asked), _words(known)
    if min(len(words), len(others)) < _LEAST_WORDS:
        return Fraction(0)
    return Fraction(len(words & others), len(words | others))


def _weight(near: _Near) -> Fraction:
    """Who followed a suggestion that was shown says less than who decided without: half, lest it teaches itself."""
    record = near.record
    return near.likeness / 2 if record.shown and record.agreed else near.likeness


def _offered(question: Question) -> frozenset[str] | None:
    """The answers that the task allows; None where any may be given."""
    if question.kind != "exception":
        return None
    named = frozenset(each.strip() for each in question.features.get("actions", "").split(",") if each.strip())
    code = question.features.get("code", "")
    allowed = frozenset(CATALOGUE[code].actions) if code in CATALOGUE else frozenset()
    return named & allowed if named and allowed else named or allowed


def _rationale(question: Question, near: Sequence[_Near], best: str) -> str:
    """Such as: 14 of 16 earlier decisions with the same code (price-variance) and supplier (S-1) were 'accept'."""
    counts = Counter(each.record.decided for each in near)
    common = [
        name for name in question.features if name not in _NOT_COMPARED and all(name in each.same for each in near)
    ]
    alike = " and ".join(f"{name} ({question.features[name][:60]})" for name in common)
    said = f"{counts[best]} of {len(near)} earlier decisions {f'with the same {alike}' if alike else 'like this'}"
    others = [f"{count} were '{answer}'" for answer, count in sorted(counts.items()) if answer != best][:3]
    latest = max(each.record.at for each in near).date()
    return f"{said} were '{best}'{''.join(f', {other}' for other in others)}; the latest on {latest}."


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w{2,}", text.casefold()))


def _decimal(share: Fraction) -> Decimal:
    """Four places, never more than it is."""
    exact = Context(prec=30).divide(Decimal(share.numerator), Decimal(share.denominator))
    return exact.quantize(Decimal("0.0001"), rounding=ROUND_FLOOR)
