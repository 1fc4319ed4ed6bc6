"""Exclusion lists: who is a candidate, what a clearing covers, and that nothing passes unseen."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.credentials import ExclusionEntry, ExclusionHit, ListState, ScreenedPerson, ScreeningResult
from domain.hire import PersonName
from domain.screening import MOST_HITS, entry_score, hit_key, hits_of, screened, screening_finding

BORN = date(1980, 2, 29)
LISTS = (ListState(list_name="LEIE", as_of=date(2026, 11, 1), rows=3),)


def person(family: str = "Rosewater", given: str = "Ellen", **over: Any) -> ScreenedPerson:
    name = PersonName(family=family, given=given, preferred=over.pop("preferred", ""))
    return ScreenedPerson(**{"subject": "wid-1", "name": name, "birth_date": BORN, **over})


def entry(family: str = "ROSEWATER", given: str = "ELLEN", **over: Any) -> ExclusionEntry:
    return ExclusionEntry(**{"list_name": "LEIE", "entry_id": "e-1", "family": family, "given": given, **over})


def hits(who: ScreenedPerson, *entries: ExclusionEntry, least: int = 90) -> tuple[ExclusionHit, ...]:
    return hits_of(who, entries, least)


def test_the_same_npi_is_a_hit_whatever_the_name_and_the_birth_date() -> None:
    npi = "1234567893"
    (hit,) = hits(person(npi=npi), entry("Another", "Person", npi=npi, birth_date=date(1950, 1, 1)))
    assert hit.score == 100
    assert "the same NPI" in hit.why
    assert "another birth date" in hit.why
    assert not hits(person(npi=""), entry("Another", "Person", npi=""))


def test_birth_dates_part_people_only_when_both_are_known() -> None:
    assert not hits(person(), entry(birth_date=date(1980, 3, 1)))
    (same,) = hits(person(), entry(birth_date=BORN))
    assert "the same birth date" in same.why
    for who, there in ((person(birth_date=None), entry(birth_date=BORN)), (person(), entry())):
        (unknown,) = hits(who, there)
        assert "a birth date is missing" in unknown.why


def test_what_was_reinstated_is_no_hit_and_what_was_waived_is_one() -> None:
    assert not hits(person(npi="1234567893"), entry(npi="1234567893", reinstated_on=date(2020, 1, 1)))
    (waived,) = hits(person(), entry(waived_on=date(2020, 1, 1), waiver_state="TX"))
    assert "waived in TX from 2020-01-01 on" in waived.why


@pytest.mark.parametrize(
    ("business", "found"),
    [
        ("ELLEN ROSEWATER MD PLLC", True),
        ("ROSEWATER ELLEN", True),
        ("ROSEWATER CLINIC", False),
        ("ELLEN'S PHARMACY", False),
        ("", False),
        ("X" * 900, False),
    ],
)
def test_businesses_are_found_by_the_whole_name_of_their_owner(business: str, found: bool) -> None:
    assert bool(hits(person(birth_date=None), entry("", "", business=business))) is found


@pytest.mark.parametrize(
    ("who", "there", "found"),
    [
        (("Rosewater", ""), ("ROSEWATER", ""), True),
        (("Rosewater", ""), ("ROSEWATER", "ELLEN"), True),
        (("Rosewater", "Ellen"), ("ROSEWATER", ""), True),
        (("Rosewater", ""), ("WOODS", ""), False),
        (("Rosewater", "Ellen"), ("ELLEN", "ROSEWATER"), True),
        (("Rosewater", "Ellen"), ("ROSEWATER", "E"), True),
        (("Rosewater-Hill", "Ellen"), ("ROSEWATER", "ELLEN"), True),
        (("Розуотер", "Эллен"), ("ROZUOTER", "ELLEN"), True),
        (("Müller", "Jörg"), ("MULLER", "JORG"), True),
        (("O\u2019Brien", "Zoë"), ("OBRIEN", "ZOE"), True),
        (("王", "小明"), ("WANG", "XIAO MING"), True),
        (("---", "..."), ("***", "---"), False),
        (("---", ""), ("", ""), False),
        (("Rosewater", "Ellen"), ("", ""), False),
    ],
)
def test_names_as_they_are_really_written(who: tuple[str, str], there: tuple[str, str], found: bool) -> None:
    assert bool(hits(person(*who), entry(*there), least=85)) is found


def test_the_likeliest_come_first_and_the_same_entry_counts_once() -> None:
    exact, near = entry(), entry("ROSEWATTER", "ELLEN", entry_id="e-2")
    found = hits(person(), near, exact, exact, least=80)
    assert [hit.entry.entry_id for hit in found] == ["e-1", "e-2"]


def test_a_clearing_holds_while_the_entry_is_unchanged() -> None:
    key = hit_key(person(), entry())
    assert hit_key(person(preferred="Nell"), entry()) == key
    changes: list[dict[str, Any]] = [
        {"birth_date": BORN},
        {"npi": "1234567893"},
        {"state": "NY"},
        {"waived_on": date(2026, 1, 1)},
        {"excluded_on": date(2026, 1, 1)},
        {"entry_id": "e-9"},
    ]
    others = {hit_key(person(), entry(**change)) for change in changes}
    assert len(others) == len(changes)
    assert key not in others
    assert hit_key(person(subject="wid-2"), entry()) != key


def test_that_a_name_was_cleared_clears_no_hit_by_npi() -> None:
    there = entry(npi="1234567893")
    assert hit_key(person(), there) != hit_key(person(npi="1234567893"), there)


def test_more_candidates_than_are_shown_are_asked_in_turn_and_none_is_passed_over() -> None:
    found = hits(person(), *(entry(entry_id=f"e-{number}") for number in range(MOST_HITS + 5)))
    cleared: set[str] = set()
    first = screened(found, cleared, LISTS)
    question = screening_finding(first)
    assert (len(first.hits), first.more) == (MOST_HITS, 5)
    assert question is not None
    assert question.message == "25 entries of exclusion lists could be the person; the first 20 are shown"
    cleared |= {hit.key for hit in first.hits}
    second = screened(found, cleared, LISTS)
    assert (len(second.hits), second.more, len(second.cleared)) == (5, 0, MOST_HITS)
    assert screening_finding(second) is not None
    cleared |= {hit.key for hit in second.hits}
    assert screening_finding(screened(found, cleared, LISTS)) is None


def test_without_any_list_nothing_passes() -> None:
    question = screening_finding(ScreeningResult())
    assert question is not None
    assert question.code == "exclusion-candidate"
    assert screening_finding(ScreeningResult(lists=LISTS)) is None


def test_the_question_names_nobody_in_its_text() -> None:
    question = screening_finding(screened(hits(person(), entry()), (), LISTS))
    assert question is not None
    assert question.message == "1 entry of an exclusion list could be the person"
    assert question.evidence["hits"][0]["entry"]["family"] == "ROSEWATER"


NAMES = st.text(max_size=120)


@given(NAMES.filter(bool), NAMES, NAMES, NAMES, NAMES)
def test_no_name_breaks_the_comparison(family: str, given: str, theirs: str, given_there: str, business: str) -> None:
    name = PersonName.model_construct(family=family[:100], given=given[:100], middle="", suffix="", preferred="")
    there = entry(theirs, given_there, business=business)
    assert 0 <= entry_score(name, there) <= 100
    for hit in hits_of(ScreenedPerson(subject="s", name=name), [there], 50):
        assert hit.score >= 50


@given(st.sampled_from(["", "1234567893"]), st.none() | st.just(date(2021, 5, 5)), st.integers(50, 100))
def test_an_entry_with_the_same_npi_is_never_lost(npi: str, born: date | None, least: int) -> None:
    there = entry("QX", "Z", npi=npi, birth_date=born)
    assert bool(hits_of(person(npi="1234567893"), [there], least)) is bool(npi)
