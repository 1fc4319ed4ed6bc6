"""Licences, NPIs and certificates: what passes, what is asked, and what nobody can let pass."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.credentialing import Judged, judge_certificate, judge_licence, judge_npi, recorded_name_score
from domain.credentials import LicenceRecord, LicenceStatus
from domain.hire import CertificateClaim, LicenceClaim, PersonName
from domain.npi import is_npi

START = date(2026, 4, 6)
NAME = PersonName(family="O'Neill-García", given="Róisín", preferred="Rosie")


def claim(**over: Any) -> LicenceClaim:
    return LicenceClaim(**{"kind": "rn", "state": "NY", "number": "RN-004711", **over})


def record(status: LicenceStatus = "active", **over: Any) -> LicenceRecord:
    given: dict[str, Any] = {"number": "RN-004711", "state": "NY", "kind": "rn", "source": "the board"}
    return LicenceRecord(status=status, **{**given, "expires_on": START + timedelta(days=400), **over})


def judged(*pairs: tuple[LicenceClaim, LicenceRecord], accepted: tuple[str, ...] = (), **over: Any) -> Judged:
    return judge_licence("rn", pairs, START, 60, accepted, **{"name": NAME, **over})


def code(found: Judged) -> str | None:
    return found.finding.code if found.finding else None


def test_a_good_licence_passes_with_its_source_and_end() -> None:
    found = judged((claim(), record()))
    assert (code(found), found.valid_until) == (None, START + timedelta(days=400))
    assert found.note == f"rn of NY, the board, until {found.valid_until}"


@pytest.mark.parametrize(
    ("status", "asked"),
    [
        ("not-checked", "licence-unverified"),
        ("not-found", "licence-unverified"),
        ("suspended", "licence-barred"),
        ("revoked", "licence-barred"),
        ("expired", "licence-barred"),
    ],
)
def test_whatever_is_not_active_is_asked_and_only_a_missing_answer_can_be_given_by_a_person(
    status: LicenceStatus, asked: str
) -> None:
    pair = (claim(), record(status))
    assert code(judged(pair)) == asked
    again = judged(pair, accepted=("licence-unverified", "licence-expiring"))
    assert code(again) == (None if asked == "licence-unverified" else asked)
    if again.finding is None:
        assert "verified by a person" in again.note


def test_nothing_stated_is_asked_and_may_be_verified_by_a_person() -> None:
    assert code(judged()) == "licence-unverified"
    assert code(judged(accepted=("licence-unverified",))) is None


@pytest.mark.parametrize(
    ("days", "asked"),
    [(-1, "licence-barred"), (0, "licence-expiring"), (59, "licence-expiring"), (60, None), (61, None)],
)
def test_the_days_that_are_left_decide(days: int, asked: str | None) -> None:
    pair = (claim(), record(expires_on=START + timedelta(days=days)))
    assert code(judged(pair)) == asked
    passed = judged(pair, accepted=("licence-expiring",))
    assert code(passed) == ("licence-barred" if days < 0 else None)
    assert passed.valid_until == START + timedelta(days=days)


def test_a_start_that_lies_back_is_judged_by_the_day_of_the_work() -> None:
    pair = (claim(), record(expires_on=START + timedelta(days=2)))
    assert code(judged(pair, accepted=("licence-expiring",), today=START + timedelta(days=3))) == "licence-barred"


def test_the_register_wins_over_what_was_stated_of_the_end() -> None:
    stated = claim(expires_on=START + timedelta(days=900))
    assert code(judged((stated, record(expires_on=START + timedelta(days=5))))) == "licence-expiring"
    assert judged((stated, record(expires_on=None))).valid_until == START + timedelta(days=900)


def test_another_name_on_record_is_asked_with_both_names_and_not_in_the_text() -> None:
    found = judged((claim(), record(name_on_record="SMITH, JANE")))
    assert found.finding is not None
    assert found.finding.code == "licence-unverified"
    assert found.finding.evidence["name_on_record"] == "SMITH, JANE"
    assert found.finding.evidence["name"] == NAME.full
    assert "SMITH" not in found.finding.message
    assert NAME.family not in found.finding.message


@pytest.mark.parametrize("over", [{"number": "RN-4712"}, {"state": "NJ"}, {"kind": "lpn"}])
def test_a_record_of_another_licence_is_asked(over: dict[str, Any]) -> None:
    assert code(judged((claim(), record(**over)))) == "licence-unverified"


@pytest.mark.parametrize("number", ["rn 4711", "RN004711", "RN-004711 ", "RN.004711"])
def test_numbers_are_compared_as_people_write_them(number: str) -> None:
    # A zero inside the number counts: only separators, case and leading zeros are left out.
    same = number != "rn 4711"
    assert (code(judged((claim(), record(number=number)))) is None) is same


def test_one_good_licence_of_several_is_enough() -> None:
    good, bad = record(), record("not-found")
    assert code(judged((claim(), bad), (claim(), good))) is None
    assert code(judged((claim(), good), (claim(), bad))) is None


def test_a_licence_that_another_board_took_away_is_shown_although_one_is_good() -> None:
    pairs = ((claim(), record()), (claim(state="CA"), record("revoked", state="CA")))
    found = judged(*pairs)
    assert found.finding is not None
    assert (found.finding.code, found.finding.evidence["state"]) == ("licence-unverified", "CA")
    assert code(judged(*pairs, accepted=("licence-unverified",))) is None


def test_of_several_bad_ones_the_one_that_is_the_easiest_to_settle_is_asked() -> None:
    ending = record(expires_on=START + timedelta(days=9))
    assert code(judged((claim(), record("not-found")), (claim(), ending))) == "licence-expiring"
    assert code(judged((claim(), record("expired")), (claim(), record("not-found")))) == "licence-unverified"


@pytest.mark.parametrize(
    ("recorded", "same"),
    [
        ("O'NEILL-GARCIA, ROISIN", True),
        ("O'NEILL GARCIA, ROISIN MARY, RN", True),
        ("Roisin Mary O'Neill-Garcia", True),
        ("ROSIE ONEILL GARCIA", True),
        ("Garcia, Roisin", True),
        ("Roisin", False),
        ("MURPHY, ROISIN", False),
        ("", False),
        ("--- , ---", False),
        (",", False),
    ],
)
def test_names_as_registers_write_them(recorded: str, same: bool) -> None:
    assert (recorded_name_score(NAME, recorded) >= 85) is same


def test_a_person_with_a_single_name_is_found_under_it() -> None:
    assert recorded_name_score(PersonName(family="Suharto"), "SUHARTO") == 100
    assert recorded_name_score(PersonName(family="Сухарто"), "SUKHARTO") >= 85


@given(st.text(max_size=500))
def test_no_text_of_a_register_breaks_the_comparison(text: str) -> None:
    assert 0 <= recorded_name_score(NAME, text) <= 100


@given(
    st.sampled_from(["expired", "suspended", "revoked", "not-found", "not-checked"]),
    st.none() | st.dates(min_value=START, max_value=date(2040, 1, 1)),
)
def test_nothing_passes_unless_the_register_says_active(status: LicenceStatus, ends: date | None) -> None:
    assert code(judged((claim(), record(status, expires_on=ends)))) is not None


@given(st.integers(min_value=0, max_value=999_999_999))
def test_one_check_digit_of_ten_is_right(number: int) -> None:
    right = [digit for digit in range(10) if is_npi(f"{number:09d}{digit}")]
    assert len(right) == 1


@given(st.integers(min_value=100_000_000, max_value=299_999_999), st.integers(0, 9), st.integers(1, 9))
def test_a_wrong_digit_is_always_found(number: int, place: int, off: int) -> None:
    npi = next(text for digit in range(10) if is_npi(text := f"{number}{digit}"))
    wrong = npi[:place] + str((int(npi[place]) + off) % 10) + npi[place + 1 :]
    assert code(judge_npi(npi, ())) is None
    assert code(judge_npi(wrong, ())) == "npi-invalid"


@pytest.mark.parametrize(
    "npi", ["", "123456789", "12345678930", "1234567890", "١٢٣٤٥٦٧٨٩٣", "0000000000", "3234567890"]
)
def test_what_is_no_npi_is_asked_without_showing_it_whole(npi: str) -> None:
    found = judge_npi(npi, ())
    assert found.finding is not None
    assert npi == "" or npi not in str(found.finding)
    assert code(judge_npi(npi, ("npi-invalid",))) is None


def test_an_npi_begins_with_one_or_two() -> None:
    assert code(judge_npi("1234567893", ())) is None
    beginning_with_five = next(text for digit in range(10) if is_npi(text := f"512345678{digit}"))
    assert code(judge_npi(beginning_with_five, ())) == "npi-invalid"


def test_certificates_hold_on_the_first_day() -> None:
    def bls(days: int | None) -> CertificateClaim:
        return CertificateClaim(kind="bls", expires_on=None if days is None else START + timedelta(days=days))

    assert code(judge_certificate("bls", (), START, ())) == "certificate-missing"
    assert code(judge_certificate("bls", (bls(-1),), START, ())) == "certificate-missing"
    assert code(judge_certificate("bls", (bls(-1), bls(0)), START, ())) is None
    assert judge_certificate("bls", (bls(7), bls(90)), START, ()).valid_until == START + timedelta(days=90)
    assert judge_certificate("bls", (bls(None),), START, ()).valid_until is None
    assert code(judge_certificate("acls", (bls(90),), START, ())) == "certificate-missing"
    assert (
        code(judge_certificate("bls", (bls(1),), START, (), today=START + timedelta(days=2))) == "certificate-missing"
    )
    assert code(judge_certificate("bls", (), START, ("certificate-missing",))) is None
