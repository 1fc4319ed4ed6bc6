"""What is wrong with a hire that comes in: everything at once, and nothing that is merely unusual."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.facility import Facility
from domain.hire import EquipmentNeed, Hire, LicenceClaim
from domain.hire_intake import hire_faults, hire_title
from domain.hire_rules import HireRules
from domain.npi import is_npi
from tests.fixtures.hire_rules import NORTH, RULES, START, TODAY, a_hire, extra


def faults(hire: Hire, facility: Facility | None = NORTH, rules: HireRules | None = RULES) -> list[tuple[str, str]]:
    return [(each.pointer, each.code) for each in hire_faults(hire, facility, rules, TODAY)]


def named(family: str, **parts: str) -> Hire:
    return a_hire(person={"name": {"family": family, **parts}})


def person(**fields: Any) -> Hire:
    return a_hire(person={"name": {"family": "Doe"}, **fields})


def test_a_plain_hire_is_taken() -> None:
    assert faults(a_hire()) == []


@pytest.mark.parametrize(
    "family",
    [
        "O'Neill",
        "D\u2019Angelo",
        "Smith-Jones",
        "van der Berg",
        "Nguyễn",
        "Σωκράτους",
        "Иванова",
        "王",
        "محمدی\u200cپور",
        "김",
        "Ngũgĩ",
        "Ã",
    ],
)
def test_names_of_every_script_are_taken(family: str) -> None:
    assert faults(named(family)) == []


@pytest.mark.parametrize("family", ["Do\x00e", "Do\ne", "Doe\u202egnp", "Do\u200be", "Do\x7fe", "Doe\u2028"])
def test_what_cannot_be_seen_is_no_part_of_a_name(family: str) -> None:
    assert faults(named(f"{family}-Roe")) == [("/person/name/family", "control-character")]


def test_every_part_of_a_name_is_looked_at() -> None:
    assert faults(named("Doe", given="A\x1bnn", preferred="A\u202en")) == [
        ("/person/name/given", "control-character"),
        ("/person/name/preferred", "control-character"),
    ]


def test_a_name_has_letters() -> None:
    assert faults(named("12-34")) == [("/person/name/family", "no-letters")]


@pytest.mark.parametrize(
    ("born", "code"),
    [
        (date(2026, 11, 10), "date-in-the-future"),
        (date(2012, 11, 10), "implausible-age"),
        (date(1926, 11, 8), "implausible-age"),
        (date(2012, 11, 9), ""),
        (date(1926, 11, 9), ""),
    ],
)
def test_a_birth_date_is_plausible(born: date, code: str) -> None:
    assert [found for _, found in faults(person(birth_date=born))] == ([code] if code else [])


def test_no_message_repeats_what_is_personal() -> None:
    hire = person(birth_date=date(2020, 5, 17), npi="1234567890", personal_email="doe@home.example")
    told = " ".join(each.message for each in hire_faults(hire, NORTH, RULES, TODAY))
    assert told
    assert not any(each in told for each in ("2020", "1234567890", "Doe", "doe@"))


# 1234567893 is the worked example of the CMS standard.
@pytest.mark.parametrize(("text", "good"), [("1234567893", True), ("1234567890", False), ("1245319599", True)])
def test_checks_the_last_digit_of_an_npi(text: str, good: bool) -> None:
    assert is_npi(text) is good
    assert faults(person(npi=text)) == ([] if good else [("/person/npi", "npi-check-digit")])


@pytest.mark.parametrize("text", ["", "123456789", "12345678930", "123456789X", "١٢٣٤٥٦٧٨٩٣"])
def test_an_npi_is_ten_plain_digits(text: str) -> None:
    assert not is_npi(text)


def test_any_single_wrong_digit_of_an_npi_is_noticed() -> None:
    good = "1234567893"
    for place in range(10):
        for digit in "0123456789":
            assert is_npi(good[:place] + digit + good[place + 1 :]) is (digit == good[place])


@pytest.mark.parametrize("kind", ["contractor", "volunteer", "agency-nurse"])
def test_whoever_is_no_employee_has_a_last_day(kind: str) -> None:
    assert faults(a_hire(employment_type=kind)) == [("/end_on", "required")]
    assert faults(a_hire(employment_type=kind, end_on=START)) == []


@pytest.mark.parametrize(
    ("start_on", "code"),
    [
        (date(2024, 11, 8), "date-too-long-ago"),
        (date(2028, 11, 10), "date-too-far-ahead"),
        (date(2024, 11, 9), ""),
        (date(2028, 11, 9), ""),
        (date(2026, 11, 26), ""),  # a holiday is a question to HR and no fault
    ],
)
def test_a_start_years_away_is_a_typing_error(start_on: date, code: str) -> None:
    assert [found for _, found in faults(a_hire(start_on=start_on))] == ([code] if code else [])


def test_extra_access_is_known_dated_and_asked_for_once() -> None:
    asked = (
        extra("pay-bills"),
        extra("pay-bills", date(2026, 12, 6)),
        extra("unheard-of"),
        extra("domain-admin"),
    )
    assert faults(a_hire(extra_access=asked)) == [
        ("/extra_access/1/entitlement", "duplicate-entitlement"),
        ("/extra_access/1/until", "end-before-start"),
        ("/extra_access/2/entitlement", "unknown-entitlement"),
        ("/extra_access/3/until", "required"),
    ]


def test_without_rules_the_catalogue_is_not_looked_at() -> None:
    assert faults(a_hire(extra_access=(extra("unheard-of"), extra("domain-admin"))), rules=None) == []


def test_all_faults_are_told_at_once() -> None:
    claim = LicenceClaim(kind="rn", state="NY", number="ab-1")
    hire = a_hire(
        end_on=date(2026, 12, 1),
        licences=(claim, claim.model_copy(update={"number": "AB-1"}), claim.model_copy(update={"state": "NJ"})),
        equipment=(EquipmentNeed(item="X"), EquipmentNeed(item="Y"), EquipmentNeed(item="X", quantity=2)),
    )
    assert faults(hire, facility=None) == [
        ("/facility", "unknown-facility"),
        ("/end_on", "end-before-start"),
        ("/licences/1", "duplicate-licence"),
        ("/equipment/2/item", "duplicate-equipment"),
    ]


def test_a_title_says_everything_but_who() -> None:
    title = hire_title(a_hire())
    assert title == "H-118: Registered nurse, nursing at north, from 2026-12-07"
