"""Links in mails: whatever is changed in one, and whatever is expired or foreign, is refused."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.decision_links import (
    FormError,
    LinkClaims,
    LinkError,
    amount_of,
    asking,
    check_form,
    expiry,
    link_id,
    offered,
    sign,
    sign_form,
    verify,
)
from domain.keys import KeyRing
from domain.money import Money
from domain.tasks import Decision
from tests.fixtures.evidence import a_task

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
RING = KeyRing("new.2", {"old-1": b"o" * 32, "new.2": b"n" * 32})
TOKEN_CHARACTERS = string.ascii_letters + string.digits + "-_."

people = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", fullmatch=True)
cases = st.from_regex(r"procure-to-pay\.[a-z]{1,9}\.REQ-[0-9]{1,9}", fullmatch=True)
claimed = st.builds(
    LinkClaims,
    link_id=st.text("0123456789abcdef", min_size=32, max_size=32),
    case_id=cases,
    task_id=st.one_of(
        cases.map(lambda case: f"{case}:approve-owner.1"), st.from_regex(r"[A-Za-z0-9:~.-]{1,80}", fullmatch=True)
    ),
    person=people,
    on_behalf_of=st.none() | people,
    subject_version=st.integers(1, 1_000_000),
    expires_at=st.integers(1, 10**9).map(lambda seconds: NOW + timedelta(seconds=seconds)),
)


def claims(**changes: Any) -> LinkClaims:
    given_ = {
        "link_id": "0" * 32,
        "case_id": "procure-to-pay.north.REQ-1",
        "task_id": "procure-to-pay.north.REQ-1:approve-owner.1",
        "person": "carla",
        "subject_version": 3,
        "expires_at": NOW + HOUR,
    }
    return LinkClaims.model_validate(given_ | changes)


def fault(token: str, ring: KeyRing = RING, now: datetime = NOW) -> str:
    with pytest.raises(LinkError) as caught:
        verify(token, ring, now)
    return caught.value.fault


@given(claimed)
def test_a_link_says_what_it_was_made_to_say(made: LinkClaims) -> None:
    token = sign(made, RING)
    assert verify(token, RING, NOW) == made
    assert set(token) <= set(TOKEN_CHARACTERS)
    assert token[-1] in string.ascii_letters + string.digits, "a mail reader would leave the last sign out of the link"


@given(claimed, st.data())
def test_any_changed_character_is_refused(made: LinkClaims, data: st.DataObject) -> None:
    token = sign(made, RING)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(codec="utf-8"))
    assume(other != token[place])
    assert fault(token[:place] + other + token[place + 1 :]) in {"malformed", "bad-signature", "unknown-key"}


def test_each_single_character_counts() -> None:
    """Also the last of the signature, of whose six bits base64 needs only four."""
    token = sign(claims(), RING)
    for place, present in enumerate(token):
        for other in TOKEN_CHARACTERS:
            if other != present:
                assert fault(token[:place] + other + token[place + 1 :]) != "expired"


@given(claimed, claimed)
def test_a_signature_fits_one_link_only(mine: LinkClaims, other: LinkClaims) -> None:
    assume(mine != other)
    key_id, body, _ = sign(mine, RING).rsplit(".", 2)
    foreign = sign(other, RING).rsplit(".", 1)[1]
    assert fault(f"{key_id}.{body}.{foreign}") == "bad-signature"


@pytest.mark.parametrize(
    "token", ["", ".", "a.b.c", "x" * 2000, "a.b." + "c" * 43 + ".", "ä.b." + "c" * 43, "a.b\n." + "c" * 43]
)
def test_what_is_no_token(token: str) -> None:
    assert fault(token) == "malformed"


def test_more_or_less_than_a_token_is_refused() -> None:
    token = sign(claims(), RING)
    assert fault(token + "\n") == fault(token + "A") == fault(token[:-1]) == fault(" " + token) == "malformed"


def test_keys_are_rotated_without_breaking_links() -> None:
    before = sign(claims(), KeyRing("old-1", {"old-1": b"o" * 32}))
    assert verify(before, RING, NOW) == claims()
    without = KeyRing("new.2", {"new.2": b"n" * 32})
    assert fault(before, without) == "unknown-key"
    assert fault(sign(claims(), KeyRing("new.2", {"new.2": b"?" * 32}))) == "bad-signature"
    renamed = sign(claims(), RING).replace("new.2", "old-1", 1)
    assert fault(renamed) == "bad-signature", "the id of the key is signed too"


def test_a_link_ends() -> None:
    token = sign(claims(), RING)
    assert verify(token, RING, NOW + HOUR - timedelta(seconds=1))
    with pytest.raises(LinkError) as caught:
        verify(token, RING, NOW + HOUR)
    assert (caught.value.fault, caught.value.claims) == ("expired", claims())
    assert fault(token[:-1] + ("A" if token[-1] != "A" else "E"), now=NOW + 2 * HOUR) == "bad-signature"


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)), st.integers(1, 500))  # noqa: DTZ001 - hypothesis adds the zone
def test_a_link_ends_at_a_full_hour_after_its_validity(now: datetime, hours: int) -> None:
    end = expiry(now, timedelta(hours=hours))
    assert timedelta(0) <= end - (now + timedelta(hours=hours)) < HOUR
    assert (end.minute, end.second, end.microsecond) == (0, 0, 0)


@given(st.text(max_size=50), people, st.none() | people)
def test_the_id_of_a_link_names_one_decision(notice: str, person: str, other: str | None) -> None:
    made = link_id(RING, notice, person, other)
    assert made == link_id(RING, notice, person, other)
    assert len({made, link_id(RING, notice + "x", person, other), link_id(RING, notice, person + "x", other)}) == 3
    assert made != link_id(RING, notice, person, (other or "") + "x")
    assert made != link_id(KeyRing("x", {"x": b"x" * 32}), notice, person, other), "it can be foretold"
    decision = Decision.model_validate(
        {
            "decision_id": claims(link_id=made).decision_id,
            "task_id": "T",
            "action": "approve",
            "actor": {"person": person},
            "subject_version": 1,
        }
    )
    assert made in decision.decision_id


def form_fault(proof: str, link: str = "token", version: int = 3, at: datetime = NOW, ring: KeyRing = RING) -> str:
    try:
        check_form(proof, link, version, at, ring, HOUR)
    except FormError as error:
        return error.fault
    return ""


def test_a_form_is_good_for_its_link_its_version_and_a_while() -> None:
    proof = sign_form("token", 3, NOW, RING, "a-page-1")
    assert form_fault(proof) == ""
    assert form_fault(proof, at=NOW + HOUR) == form_fault(proof, at=NOW - timedelta(seconds=30)) == ""
    assert form_fault(proof, at=NOW + HOUR + timedelta(seconds=1)) == "expired"
    assert form_fault(proof, at=NOW - HOUR) == "expired"
    assert form_fault(proof, link="tokem") == form_fault(proof, version=4) == "bad-signature"
    assert form_fault(proof, ring=KeyRing("x", {"x": b"x" * 32})) == "bad-signature"
    assert form_fault(proof.replace("a-page-1", "a-page-2")) == "bad-signature"
    assert form_fault(proof, ring=KeyRing("then", {**RING.keys, "then": b"t" * 32})) == ""
    for broken in ("", "1.2.3", proof + "A", proof.replace(".", "")):
        assert form_fault(broken) == "malformed"


@given(st.data())
def test_any_changed_character_of_a_form_is_refused(data: st.DataObject) -> None:
    proof = sign_form("token", 3, NOW, RING, "a-page-1")
    place = data.draw(st.integers(0, len(proof) - 1))
    other = data.draw(st.sampled_from(TOKEN_CHARACTERS))
    assume(other != proof[place])
    assert form_fault(proof[:place] + other + proof[place + 1 :]) in {"malformed", "bad-signature"}


def test_the_signature_of_a_link_is_none_of_a_form() -> None:
    token = sign(claims(), RING)
    signature = token.rsplit(".", 1)[1]
    assert form_fault(f"{int(NOW.timestamp())}.a-page-1.{signature}", token) == "bad-signature"


def test_what_needs_more_than_a_comment_is_not_offered() -> None:
    task = a_task("T", actions=("retry", "correct", "substitute", "amend-order", "cancel"))
    assert offered(task) == ("retry", "cancel")


def test_the_amount_of_a_task() -> None:
    money = Money(amount=Decimal("1234.50"), currency="USD")
    assert amount_of(a_task("T", amount=money, subject={"amount": "7.00 USD"})) == money
    assert amount_of(a_task("T", subject={"amount": str(money)})) == money
    for unclear in ({}, {"amount": "much"}, {"amount": "12.00"}, {"amount": ""}, {"amount": "NaN USD"}):
        assert amount_of(a_task("T", subject=unclear)) is None


def test_a_notice_carries_what_its_mails_need() -> None:
    task = a_task("T", subject_version=4, excluded=("nina",))
    assert asking(task) == {"task_id": "T", "subject_version": 4, "excluded": ["nina"]}
