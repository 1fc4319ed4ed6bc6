"""Who is known is found, whatever the spelling; nobody is taken for somebody else."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.hire import PersonName
from domain.hire_rules import HireParameters
from domain.person_match import PersonMatch
from domain.person_matching import MOST_CANDIDATES, match_person, person_keys
from domain.person_names import name_key, name_score
from domain.ports.hire_register import HireEntry
from domain.worker import WorkerRecord
from tests.fixtures.small_hris import hire, worker

RULES = HireParameters()
BORN = date(1985, 5, 17)
NPI, OTHER_NPI = "1234567893", "1003000126"


def known(number: str = "100001", **over: Any) -> WorkerRecord:
    """María González, who left at the end of 2024."""
    given = {
        "given": "María",
        "family": "González",
        "birth_date": BORN,
        "status": "ended",
        "end_on": date(2024, 12, 31),
    }
    return worker(number, **{**given, **over})


def match(*workers: WorkerRecord, running: tuple[HireEntry, ...] = (), **person: Any) -> PersonMatch:
    asked = hire(**{"given": "Maria", "family": "Gonzalez", "birth_date": BORN, **person})
    return match_person(asked, workers, running, RULES)


def entry(case: str = "case-1", **person: Any) -> HireEntry:
    asked = hire(**{"given": "Maria", "family": "Gonzalez", "birth_date": BORN, **person})
    return HireEntry(case_id=case, facility="north", number="H-9", person_keys=person_keys(asked))


class TestRehires:
    @pytest.mark.parametrize(
        ("former", "person"),
        [
            ({}, {}),
            ({}, {"given": "Gonzalez", "family": "MARIA"}),
            ({"given": "Мария", "family": "Гонсалес"}, {"given": "Mariya", "family": "Gonsales"}),
            ({}, {"worker_number": "w-100001"}),
            ({}, {"worker_number": "W-100001", "birth_date": None}),
            ({"birth_date": None}, {"worker_number": "W-100001", "family": "Gonzales"}),
            ({}, {"worker_number": "W-100001", "family": "Smith"}),
            ({"npi": NPI}, {"npi": NPI, "family": "Smith"}),
        ],
    )
    def test_two_things_that_agree_are_certain(self, former: dict[str, Any], person: dict[str, Any]) -> None:
        found = match(known(**former), **person)
        assert (found.kind, found.worker_id) == ("rehire", "wid-100001")
        assert [each.certain for each in found.candidates] == [True]

    def test_by_an_identifier_although_another_name_is_similar(self) -> None:
        found = match(known(), known("100002", family="Gonzales"), worker_number="W-100001")
        assert (found.kind, found.worker_id, len(found.candidates)) == ("rehire", "wid-100001", 2)


class TestQuestions:
    @pytest.mark.parametrize("status", ["active", "prehire"])
    def test_who_works_here_already_is_one(self, status: str) -> None:
        here = known(status=status, end_on=None)
        assert match(here).kind == match(here, worker_number="W-100001").kind == "doubtful"

    @pytest.mark.parametrize(
        ("former", "person"),
        [
            ({}, {"family": "Gonzales"}),
            ({}, {"family": "Gonzalez-Perez"}),
            ({}, {"given": "Marie"}),
            ({}, {"birth_date": None}),
            ({"birth_date": None}, {}),
            ({"npi": OTHER_NPI}, {"npi": NPI}),
            ({"npi": NPI}, {"npi": NPI, "birth_date": None}),
            ({"npi": NPI}, {"npi": NPI, "birth_date": date(1990, 1, 1)}),
            ({}, {"worker_number": "W-100001", "birth_date": date(1990, 1, 1)}),
            ({}, {"worker_number": "W-100001", "given": "Bo", "family": "Chen", "birth_date": None}),
            ({}, {"worker_number": "W-555555"}),
            ({"personal_email": "M@home.example"}, {"personal_email": "m@HOME.example", "given": "X", "family": "Y"}),
        ],
    )
    def test_what_agrees_only_in_part_is_one(self, former: dict[str, Any], person: dict[str, Any]) -> None:
        found = match(known(**former), **person)
        assert (found.kind, found.worker_id) == ("doubtful", "")
        assert [each.worker_id for each in found.candidates] == ["wid-100001"]

    def test_the_number_of_somebody_else_is_one(self) -> None:
        other = known("100002", given="Bo", family="Chen", birth_date=date(1990, 1, 1))
        found = match(known(), other, worker_number="W-100002")
        assert found.kind == "doubtful"
        assert {each.worker_id for each in found.candidates} == {"wid-100001", "wid-100002"}

    def test_two_former_workers_who_could_be_meant_are_one(self) -> None:
        found = match(known(), known("100002"))
        assert (found.kind, [each.certain for each in found.candidates]) == ("doubtful", [False, False])

    def test_it_says_what_agrees_and_what_does_not(self) -> None:
        (candidate,) = match(known(npi=OTHER_NPI), npi=NPI).candidates
        assert candidate.why == "a former worker, another NPI, same birth date, same name"

    def test_the_likeliest_ten_are_shown(self) -> None:
        crowd = [known(str(100001 + number), birth_date=None) for number in range(12)]
        found = match(*crowd, known("100099"))
        assert len(found.candidates) == MOST_CANDIDATES
        assert found.candidates[0].worker_id == "wid-100099"


class TestStrangers:
    @pytest.mark.parametrize(
        ("former", "person"),
        [
            ({"birth_date": date(1985, 5, 18)}, {}),
            ({}, {"given": "Bo", "family": "Chen"}),
            ({}, {"given": "Marta", "family": "Gonzalez", "birth_date": None}),
            ({"birth_date": None}, {"family": "Gonzales"}),
            (
                {"personal_email": "m@home.example", "birth_date": date(1955, 1, 1)},
                {"personal_email": "m@home.example"},
            ),
            ({"status": "rescinded", "end_on": None}, {}),
        ],
    )
    def test_are_new(self, former: dict[str, Any], person: dict[str, Any]) -> None:
        assert match(known(**former), **person) == PersonMatch(
            kind="new", why="Nobody who is known could be this person."
        )

    def test_twins_are_two(self) -> None:
        assert match(known(given="Gabriela")).kind == "new"

    def test_the_worker_of_the_very_hire_is_nobody_else(self) -> None:
        own = known(status="prehire", end_on=None, external_id="hire.H-1")
        asked = hire(given="Maria", family="Gonzalez", birth_date=BORN)
        assert match_person(asked, [own], [], RULES).kind == "doubtful"
        assert match_person(asked, [own], [], RULES, own=("hire.H-1",)).kind == "new"


class TestHiresUnderWay:
    @pytest.mark.parametrize(
        ("theirs", "ours"),
        [
            ({}, {}),
            ({"birth_date": None, "npi": NPI}, {"npi": NPI}),
            ({"birth_date": None, "worker_number": "W-1"}, {"worker_number": "w-1"}),
            ({"given": "Gonzalez", "family": "María"}, {}),
        ],
    )
    def test_the_same_person_is_being_hired_already(self, theirs: dict[str, Any], ours: dict[str, Any]) -> None:
        found = match(known(), running=(entry("case-2", **theirs), entry("case-1", **theirs)), **ours)
        assert (found.kind, found.case_id) == ("in-progress", "case-1")

    def test_a_mail_address_alone_is_a_question(self) -> None:
        running = entry(given="Bo", birth_date=None, personal_email="home@home.example")
        found = match(running=(running,), personal_email="Home@home.example")
        assert (found.kind, [each.case_id for each in found.candidates]) == ("doubtful", ["case-1"])

    def test_another_case_that_writes_for_the_former_worker_counts(self) -> None:
        other = HireEntry(case_id="case-7", facility="south", number="H-7", person_keys=(), worker_id="wid-100001")
        assert match(known(), running=(other,)).case_id == "case-7"

    def test_keys_tell_nothing(self) -> None:
        keys = person_keys(hire(personal_email="ann@home.example", npi=NPI, worker_number="W-100001"))
        assert [key.partition(":")[0] for key in keys] == ["name-birth", "npi", "number", "mail"]
        assert all(len(key.partition(":")[2]) == 64 for key in keys)
        assert person_keys(hire(birth_date=None)) == ()


class TestNames:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (("Seán", "O'Brien"), ("Sean", "OBrien")),
            (("Seán", "O\u2019Brien"), ("Sean", "O'Brien")),
            (("Wei", "Li"), ("Li", "Wei")),
            (("Ana", "Gómez-Ruiz"), ("Ana", "Gomez Ruiz")),
            (("Иван", "Петров"), ("Ivan", "Petrov")),
            (("伟", "王"), ("Wei", "Wang")),
            (("", "Suharto"), ("", "SUHARTO")),
        ],
    )
    def test_that_are_the_same(self, one: tuple[str, str], other: tuple[str, str]) -> None:
        assert name_score(_name(*one), _name(*other)) == 100
        assert name_key(_name(*one)) == name_key(_name(*other))

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (("Jon", "Smith"), ("John", "Smyth")),
            (("Bob", "Miller"), ("Robert", "Miller")),
            (("Ana", "Gomez"), ("Ana", "Gomez Ruiz")),
            (("Björn", "Müller"), ("Bjoern", "Mueller")),
            (("M", "Gonzalez"), ("Maria", "Gonzalez")),
            (("Mohammed", "Ali"), ("Muhammad", "Ali")),
        ],
    )
    def test_that_are_similar(self, one: tuple[str, str], other: tuple[str, str]) -> None:
        assert 85 <= name_score(_name(*one), _name(*other)) < 100

    def test_a_preferred_name_stands_for_the_given_one(self) -> None:
        preferred = PersonName(given="Xiuying", preferred="Grace", family="Chen")
        assert name_score(preferred, _name("Grace", "Chen")) == 100

    def test_what_has_no_letters_is_compared_as_it_is(self) -> None:
        assert name_score(_name("", "---"), _name("", "???")) < 85


def _name(given: str, family: str) -> PersonName:
    return PersonName(given=given, family=family)


_GIVEN = st.sampled_from(["Maria", "María", "Mary", "Bob", "Robert", "Wei", "伟", ""])
_FAMILY = st.sampled_from(["Gonzalez", "González-Pérez", "Smith", "Smyth", "Wang", "王", "Wei"])
_BIRTH = st.sampled_from([None, BORN, date(1990, 1, 1)])
_NPI = st.sampled_from(["", NPI, OTHER_NPI])
_MAIL = st.sampled_from(["", "a@x.example", "A@x.example", "b@x.example"])


@st.composite
def crowds(draw: st.DrawFn) -> list[WorkerRecord]:
    return [
        known(
            str(100001 + number),
            given=draw(_GIVEN),
            family=draw(_FAMILY),
            birth_date=draw(_BIRTH),
            npi=draw(_NPI),
            personal_email=draw(_MAIL),
            status=draw(st.sampled_from(["ended", "ended", "active", "prehire", "rescinded"])),
        )
        for number in range(draw(st.integers(0, 6)))
    ]


_PEOPLE = st.fixed_dictionaries(
    {
        "given": _GIVEN,
        "family": _FAMILY,
        "birth_date": _BIRTH,
        "npi": _NPI.map(lambda npi: npi or None),
        "personal_email": _MAIL.map(lambda mail: mail or None),
        "worker_number": st.sampled_from([None, "W-100001", "w-100002", "W-999999"]),
    }
)


@given(_PEOPLE, crowds())
def test_nobody_gets_the_account_of_another_person(person: dict[str, Any], crowd: list[WorkerRecord]) -> None:
    found = match(*crowd, **person)
    certain = [each for each in found.candidates if each.certain]
    assert (found.kind == "rehire") == bool(certain) == bool(found.worker_id)
    for candidate in certain:
        (chosen,) = [each for each in crowd if each.worker_id == candidate.worker_id == found.worker_id]
        assert chosen.status == "ended"
        assert None in (person["birth_date"], chosen.birth_date) or person["birth_date"] == chosen.birth_date
        assert not person["npi"] or chosen.npi in ("", person["npi"])
        number = (person["worker_number"] or "").upper()
        assert number in ("", chosen.worker_number)
        assert number or person["birth_date"] is not None, "a name alone was taken for certain"


@given(_PEOPLE, crowds(), st.randoms(use_true_random=False))
def test_the_order_of_candidates_changes_nothing(
    person: dict[str, Any], crowd: list[WorkerRecord], random: Any
) -> None:
    running = [entry("case-1"), entry("case-2", personal_email="a@x.example", birth_date=None)]
    first = match(*crowd, running=tuple(running), **person)
    random.shuffle(crowd)
    random.shuffle(running)
    assert match(*crowd, running=tuple(running), **person) == first


@given(_PEOPLE, crowds())
def test_somebody_with_another_birth_date_changes_no_certainty_by_name(
    person: dict[str, Any], crowd: list[WorkerRecord]
) -> None:
    namesake = known("200001", given=person["given"], family=person["family"], birth_date=date(2001, 1, 1))
    if person["birth_date"] is not None:
        assert match(*crowd, namesake, **person) == match(*crowd, **person)


@given(_GIVEN, _FAMILY, _GIVEN, _FAMILY)
def test_names_agree_both_ways(given_one: str, family_one: str, given_two: str, family_two: str) -> None:
    one, two = _name(given_one, family_one), _name(given_two, family_two)
    assert name_score(one, two) == name_score(two, one)
    assert name_score(one, one) == 100
