"""Holds, redactions and purges: what is decided, whatever keeps it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.case import TimelineEntry
from domain.chain import RecordedEntry, chain_faults, chained
from domain.keeping import (
    REMOVED,
    CaseRecord,
    Change,
    KeepingRefusedError,
    Order,
    hold,
    holds_in_force,
    kept_until,
    latest_close,
    lift_hold,
    purge,
    purge_refusal,
    redact,
)
from domain.people import Actor
from tests.fixtures.evidence import CASE, START, a_snapshot, a_task, an_entry

CLOSED = START + timedelta(days=30)
LATER = datetime(2034, 1, 1, tzinfo=UTC)
OFFICER = Actor(person="cleo", roles=("compliance-officer",), issuer="https://login.example")


def order(at: datetime = LATER, reason: str = "The law wants it") -> Order:
    return Order(actor=OFFICER, reason=reason, at=at)


def rows_of(*entries: TimelineEntry) -> tuple[RecordedEntry, ...]:
    rows: list[RecordedEntry] = []
    for position, entry in enumerate(entries, start=1):
        rows.append(chained(CASE, position, rows[-1].hash if rows else "", entry, START))
    return tuple(rows)


def a_record(*entries: TimelineEntry, **changes: Any) -> CaseRecord:
    closed = a_snapshot(status="completed", closed_at=CLOSED)
    given = {"case_id": CASE, "snapshot": closed, "entries": rows_of(*(entries or (an_entry(1),))), "sealed": True}
    return CaseRecord.model_validate(given | changes)


def done(record: CaseRecord, change: Change | None) -> CaseRecord:
    """The record as a store leaves it after a change."""
    assert change is not None
    rows = list(record.entries)
    for fact in change.facts:
        rows.append(chained(CASE, rows[-1].position + 1, rows[-1].hash, fact, LATER))
    for each in change.replacements:
        at = each.position - 1
        rows[at] = rows[at].model_copy(update={"body": each.body, "original_sha256": each.original_sha256})
    return record.model_copy(update={"entries": tuple(rows), "sealed": True})


def faults(record: CaseRecord) -> list[tuple[int, str]]:
    last = record.entries[-1]
    return list(chain_faults(CASE, record.entries, (last.position, last.hash), None))


def test_a_hold_is_in_force_until_it_is_lifted_matter_by_matter() -> None:
    case = a_record()
    case = done(case, hold(case, "LIT-1", order()))
    case = done(case, hold(case, "LIT-2", order()))
    assert holds_in_force(case.entries) == ("LIT-1", "LIT-2")
    case = done(case, lift_hold(case, "LIT-1", order()))
    assert holds_in_force(case.entries) == ("LIT-2",)
    case = done(case, hold(case, "LIT-1", order()))
    assert holds_in_force(case.entries) == ("LIT-2", "LIT-1")
    assert faults(case) == []
    assert [row.seq for row in case.entries] == [1, -1, -2, -3, -4]


def test_who_held_it_and_why_is_on_the_timeline() -> None:
    (fact,) = hold(a_record(), "LIT-1", order()).facts
    assert (fact.actor, fact.at, fact.summary) == ("cleo", LATER, "Legal hold for LIT-1")
    assert fact.detail == {"reason": "The law wants it", "issuer": "https://login.example", "matter": "LIT-1"}


def test_a_hold_is_set_once_and_lifted_once() -> None:
    case = a_record()
    with pytest.raises(KeepingRefusedError, match="not-held"):
        lift_hold(case, "LIT-1", order())
    case = done(case, hold(case, "LIT-1", order()))
    with pytest.raises(KeepingRefusedError, match="already-held"):
        hold(case, "LIT-1", order())


def test_a_redaction_takes_the_text_from_everywhere_and_keeps_the_chain() -> None:
    secret = 'Mrs. "Smith"\nward 3'
    entry = an_entry(1, summary=f"For {secret}", actor="n.adams", detail={"a": [secret, {"b": f"x{secret}"}], "n": 1})
    case = a_record(entry, an_entry(2), tasks=(a_task("T-1", why=f"of {secret}", subject={"for": secret}),))
    change = redact(case, secret, order())
    assert change is not None
    after = done(case, change)
    assert faults(after) == []
    assert json.dumps(secret)[1:-1] not in "".join(row.body for row in after.entries)
    changed = after.entries[0].entry()
    assert (changed.summary, changed.actor) == (f"For {REMOVED}", "n.adams")
    assert changed.detail == {"a": [REMOVED, {"b": f"x{REMOVED}"}], "n": 1}
    assert (change.tasks[0].why, change.tasks[0].subject) == (f"of {REMOVED}", {"for": REMOVED})
    (fact,) = change.facts
    assert [each["position"] for each in fact.detail["entries"]] == [1]
    assert fact.detail["tasks"] == ["T-1"]
    assert redact(after.model_copy(update={"tasks": change.tasks}), secret, order()) is None


def test_what_is_redacted_twice_is_still_explained() -> None:
    case = a_record(an_entry(1, summary="Alice met Robert"))
    case = done(case, redact(case, "Alice", order()))
    case = done(case, redact(case, "Robert", order()))
    assert case.entries[0].entry().summary == f"{REMOVED} met {REMOVED}"
    assert faults(case) == []


def test_facts_about_the_evidence_and_what_others_hang_on_are_never_redacted() -> None:
    case = a_record(an_entry(1, kind="LIT-1"))
    case = done(case, hold(case, "LIT-1", order()))
    assert redact(case, "LIT-1", order()) is None


@pytest.mark.parametrize(
    ("text", "because"), [("ab", "text-too-short"), ("  a ", "text-too-short"), ("law", "text-in-record")]
)
def test_redactions_that_make_no_sense(text: str, because: str) -> None:
    with pytest.raises(KeepingRefusedError, match=because):
        redact(a_record(), text, order())


def test_the_title_of_a_case_is_redacted_as_well() -> None:
    case = a_record(snapshot=a_snapshot(title="Gloves for Mrs. Smith"))
    change = redact(case, "Mrs. Smith", order())
    assert change is not None
    assert change.snapshot is not None
    assert change.snapshot.title == f"Gloves for {REMOVED}"


def test_a_purge_says_what_was_removed_and_by_which_rule() -> None:
    case = a_record(an_entry(1), an_entry(2))
    change = purge(case, 7, "retention: 7 years", order())
    assert change.purge
    (fact,) = change.facts
    assert fact.detail["entries"] == 2
    assert fact.detail["last_hash"] == case.entries[-1].hash
    assert (fact.detail["rule"], fact.detail["years"]) == ("retention: 7 years", 7)
    assert fact.detail["closed_at"] == CLOSED.isoformat()


def test_what_is_never_purged() -> None:
    case = a_record()
    assert purge_refusal(case, 7, LATER) is None
    assert purge_refusal(case, 8, LATER) == "too-young"
    assert purge_refusal(case.model_copy(update={"sealed": False}), 7, LATER) == "not-sealed"
    assert purge_refusal(case.model_copy(update={"snapshot": a_snapshot()}), 7, LATER) == "case-open"
    assert purge_refusal(case.model_copy(update={"snapshot": None}), 7, LATER) == "case-open"
    held = done(case, hold(case, "LIT-1", order()))
    assert purge_refusal(held, 7, LATER) == "held"
    with pytest.raises(KeepingRefusedError, match="held"):
        purge(held, 7, "retention", order())
    assert purge_refusal(done(held, lift_hold(held, "LIT-1", order())), 7, LATER) is None


def test_a_year_is_the_same_day_of_the_calendar() -> None:
    leap = datetime(2024, 2, 29, 12, tzinfo=UTC)
    assert kept_until(leap, 7) == datetime(2031, 2, 28, 12, tzinfo=UTC)
    assert kept_until(leap, 4) == datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert latest_close(leap, 1) == datetime(2023, 2, 28, 12, tzinfo=UTC)


instants = st.datetimes(datetime(2000, 1, 1), datetime(2050, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - made aware


@settings(deadline=None)  # the machine may be busy
@given(instants, instants, st.integers(1, 30))
def test_whoever_may_be_purged_was_closed_before_the_latest_close(closed: datetime, now: datetime, years: int) -> None:
    if kept_until(closed, years) <= now:
        assert closed <= latest_close(now, years) + timedelta(days=1)


texts = st.text(alphabet='abc "\\\n\u00e9', min_size=3, max_size=5).filter(lambda text: len(text.strip()) >= 3)
bodies = st.recursive(st.text(alphabet='abc "\\\n\u00e9', max_size=8), lambda inner: st.lists(inner, max_size=3))


@settings(deadline=None)  # the machine may be busy
@given(texts, st.lists(bodies, min_size=1, max_size=4))
def test_any_redaction_keeps_the_chain_and_nothing_of_the_text(text: str, contents: list[Any]) -> None:
    case = a_record(*(an_entry(seq, detail={"v": each}) for seq, each in enumerate(contents, start=1)))
    change = redact(case, text, order(reason="R"))
    if change is None:
        return
    after = done(case, change)
    assert faults(after) == []
    for row in after.entries[: len(contents)]:
        assert text not in _texts(row.entry().detail)


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value
    return [found for each in inner for found in _texts(each)]
