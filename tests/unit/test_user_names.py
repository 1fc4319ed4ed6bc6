"""User names: readable ones for names as people have them, and good ones for any text at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.hire import PersonName
from domain.hire_rules import UserNamePattern
from domain.user_names import LONGEST, RESERVED, SHORTEST, user_name_fault, user_names

PATTERNS: tuple[UserNamePattern, ...] = ("given.family", "initial-family", "family-initial")
_PART = st.text(max_size=100)
_SCRIPTS = (
    st.characters(min_codepoint=0x41, max_codepoint=0x24F),
    st.characters(min_codepoint=0x370, max_codepoint=0x5FF),
    st.characters(min_codepoint=0x600, max_codepoint=0x6FF),
    st.characters(min_codepoint=0x900, max_codepoint=0xDFF),
    st.characters(min_codepoint=0x1200, max_codepoint=0x137F),
    st.characters(min_codepoint=0x3040, max_codepoint=0x30FF),
    st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
    st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3),
    st.sampled_from(" '\u2019`.-\u2010\u2013\u00ad\u034f"),
)
_SCRIPT = st.lists(st.one_of(*_SCRIPTS), max_size=30).map("".join)


def _name(family: str, given_name: str = "", preferred: str = "") -> PersonName:
    return PersonName(family=family.strip() or "x", given=given_name, preferred=preferred)


@pytest.mark.parametrize(
    ("name", "pattern", "expected"),
    [
        (_name("Doe", "Jane"), "initial-family", "jdoe"),
        (_name("Doe", "Jane"), "family-initial", "doej"),
        (_name("Doe", "Jane"), "given.family", "jane.doe"),
        (_name("O\u2019Brien", "Siobhán"), "initial-family", "sobrien"),
        (_name("O'Brien", "Siobhán"), "given.family", "siobhan.obrien"),
        (_name("Smith-Jones", "Anne\u2011Marie"), "initial-family", "asmith-jones"),
        (_name("van der Berg", "Jan"), "initial-family", "jvanderberg"),
        (_name("de la Cruz", "María José"), "given.family", "mariajose.delacruz"),
        (_name("Núñez", "Íñigo"), "initial-family", "inunez"),
        (_name("Groß", "Jürgen"), "initial-family", "jgross"),
        (_name("Иванов", "Пётр"), "initial-family", "pivanov"),
        (_name("王", "小明"), "given.family", "xiaoming.wang"),
        (_name("Suharto"), "initial-family", "suharto"),
        (_name("Suharto"), "given.family", "suharto"),
        (_name("Smith", "William", "Bill"), "given.family", "bill.smith"),
        (_name("Ng", "T."), "initial-family", "tng"),
        (_name("Q"), "initial-family", "user.q"),
        (_name("Dmin", "Anna"), "initial-family", "user.admin"),
        (_name("Root"), "given.family", "user.root"),
        (_name("12"), "initial-family", "user.12"),
        (_name("—"), "initial-family", "user1"),
        (_name("Wolfeschlegelsteinhausenbergerdorff", "Hubert"), "initial-family", "hwolfeschlegelsteinh"),
        (_name("Wolfeschlegelsteinhausenbergerdorff", "Hubert"), "family-initial", "wolfeschlegelsteinhh"),
    ],
)
def test_names_as_people_have_them(name: PersonName, pattern: UserNamePattern, expected: str) -> None:
    assert user_names(name, pattern)[0] == expected


def test_taken_names_get_numbers() -> None:
    assert user_names(_name("Doe", "Jane"), "initial-family", 4) == ("jdoe", "jdoe2", "jdoe3", "jdoe4")
    assert user_names(_name("Com"), "initial-family", 2) == ("com", "com5")
    long = user_names(_name("Wolfeschlegelsteinhausenbergerdorff", "Hubert"), "initial-family", 12)
    assert long[1] == "hwolfeschlegelstein2" and long[10] == "hwolfeschlegelstei11"


@given(family=_PART | _SCRIPT, given_name=_PART | _SCRIPT, pattern=st.sampled_from(PATTERNS))
def test_whatever_somebody_is_called_there_are_good_names(
    family: str, given_name: str, pattern: UserNamePattern
) -> None:
    name = PersonName.model_construct(family=family, given=given_name)
    names = user_names(name, pattern, 30)
    assert [user_name_fault(each) for each in names] == [""] * 30
    assert len(set(names)) == 30
    assert all(SHORTEST <= len(each) <= LONGEST and each == each.lower() for each in names)
    assert not RESERVED & set(names)
    assert names == user_names(name, pattern, 30) and names[:5] == user_names(name, pattern, 5)


@pytest.mark.parametrize(
    "text", ["", "ab", "a" * 21, "Jane", "jane doe", "1jane", ".jane", "jane.", "ja..ne", "ja-.ne", "jané", "jane@x"]
)
def test_chosen_names_of_a_bad_shape_are_refused(text: str) -> None:
    assert "must" in user_name_fault(text)


def test_chosen_names_that_are_kept_for_systems_are_refused() -> None:
    assert user_name_fault("root") == "root is kept for systems"
    assert user_name_fault("jane.doe") == ""
