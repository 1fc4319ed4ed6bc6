"""Key rings: what is refused, what rotation keeps, and that no text shows a secret."""

from __future__ import annotations

import base64
import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.keys import KEY_BYTES, MAX_KEYS, KeyRing, KeyRingError, UnknownKeyError

ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True)
secrets_of_size = st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES)
many_keys = st.dictionaries(ids, secrets_of_size, min_size=1, max_size=5).filter(
    lambda keys: len(set(keys.values())) == len(keys)
)


def secret(number: int) -> bytes:
    return number.to_bytes(KEY_BYTES, "big")


def ring(**more: bytes) -> KeyRing:
    return KeyRing("first", {"first": secret(1), **more})


@pytest.mark.parametrize(
    ("current", "keys", "because"),
    [
        ("first", {}, "the ring has no key"),
        ("second", {"first": secret(1)}, "the current key 'second' is not in the ring"),
        ("first", {"first": b"short"}, "'first' has 5 bytes instead of 32"),
        ("first", {"first": secret(1) + b"x"}, "'first' has 33 bytes instead of 32"),
        ("", {"": secret(1)}, "the key id '' is not made of"),
        ("a b", {"a b": secret(1)}, "the key id 'a b' is not made of"),
        ("a\n", {"a\n": secret(1)}, "is not made of"),
        ("x" * 65, {"x" * 65: secret(1)}, "is not made of"),
        ("first", {"first": secret(1), "second": secret(1)}, "two ids have the same secret"),
        ("k1", {f"k{n}": secret(n) for n in range(MAX_KEYS + 1)}, "more than 100 keys"),
    ],
)
def test_a_ring_that_cannot_be_used_is_refused(current: str, keys: dict[str, bytes], because: str) -> None:
    with pytest.raises(KeyRingError, match=because):
        KeyRing(current, keys)


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(KeyRingError) as caught:
        KeyRing("gone", {"first": b"short", "a b": secret(1)})
    assert str(caught.value).count(";") == 2


@given(many_keys)
def test_no_text_of_a_ring_shows_a_secret(keys: dict[str, bytes]) -> None:
    made = KeyRing(next(iter(keys)), keys)
    shown = f"{made} {made!r} {vars(made).keys()}"
    for each in keys.values():
        assert repr(each) not in shown
        assert base64.b64encode(each).decode() not in shown
        assert each.hex() not in shown


def test_the_faults_show_no_secret() -> None:
    with pytest.raises(KeyRingError) as caught:
        KeyRing("gone", {"first": b"swordfish", "second": b"swordfish"})
    assert "swordfish" not in str(caught.value)


def test_a_ring_does_not_change_with_what_it_was_made_of() -> None:
    given_keys = {"first": secret(1)}
    made = KeyRing("first", given_keys)
    given_keys["first"] = secret(2)
    assert made.key("first") == secret(1)
    with pytest.raises(TypeError):
        made.keys["first"] = secret(3)  # type: ignore[index]  # the mapping must not let itself be written


def test_an_added_key_opens_only_until_it_is_made_current() -> None:
    prepared = ring().with_key("second", secret(2))
    assert (prepared.current, prepared.key("second")) == ("first", secret(2))
    rotated = prepared.made_current("second")
    assert (rotated.current, rotated.current_key, rotated.key("first")) == ("second", secret(2), secret(1))
    assert rotated.ids == ("first", "second")


def test_an_unknown_key_is_named() -> None:
    with pytest.raises(UnknownKeyError, match="'third' is not in the ring, which has first, second") as caught:
        ring(second=secret(2)).key("third")
    assert caught.value.key_id == "third"
    with pytest.raises(UnknownKeyError):
        ring().made_current("second")


def test_no_key_replaces_another() -> None:
    with pytest.raises(KeyRingError, match="would become unreadable"):
        ring().with_key("first", secret(2))


@given(many_keys)
def test_fingerprints_tell_keys_apart_and_are_not_the_keys(keys: dict[str, bytes]) -> None:
    made = KeyRing(next(iter(keys)), keys)
    prints = [made.fingerprint(each) for each in made.ids]
    assert len(set(prints)) == len(prints)
    assert all(len(each) == 12 and each not in made.key(key).hex() for key, each in zip(made.ids, prints, strict=True))


def test_a_copy_is_as_quiet_as_the_ring() -> None:
    assert repr(copy.copy(ring())) == "KeyRing(current='first', ids=('first',))"
