"""The payload codec: everything comes back, nothing that was changed does, and each case has its own."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.converter import ActivitySerializationContext, WorkflowSerializationContext
from temporalio.exceptions import ApplicationError

from adapters.key_files import KeyFiles, KeyFilesError, add_key, new_ring
from adapters.temporal_payloads import EncryptedPayloads, PayloadError, data_converter, is_encrypted
from domain.keys import KEY_BYTES, KeyRing
from domain.money import Money

CASE = "procure-to-pay.north.REQ-1"
payloads = st.builds(
    Payload,
    metadata=st.dictionaries(st.text(max_size=20), st.binary(max_size=20), max_size=4),
    data=st.binary(max_size=2_000),
)


def secret(number: int) -> bytes:
    return number.to_bytes(KEY_BYTES, "big")


FIRST = KeyRing("first", {"first": secret(1)})
ROTATED = FIRST.with_key("second", secret(2)).made_current("second")


def codec(ring: KeyRing = FIRST, case: str = CASE) -> EncryptedPayloads:
    return EncryptedPayloads(lambda: ring).with_context(WorkflowSerializationContext("default", case))


def plain(text: str = "for Nina Okafor, 90.00 USD") -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=text.encode())


async def sealed(payload: Payload, by: EncryptedPayloads | None = None) -> Payload:
    (made,) = await (by or codec()).encode([payload])
    return made


@given(st.lists(payloads, max_size=3))
async def test_any_payload_comes_back_as_it_was(given_payloads: list[Payload]) -> None:
    stored = await codec().encode(given_payloads)
    assert all(is_encrypted(each) for each in stored)
    assert await codec().decode(stored) == given_payloads


@given(st.binary(max_size=300), st.data())
async def test_any_flipped_bit_is_refused(content: bytes, data: st.DataObject) -> None:
    stored = await sealed(Payload(data=content))
    at = data.draw(st.integers(0, len(stored.data) * 8 - 1))
    changed = bytearray(stored.data)
    changed[at // 8] ^= 1 << at % 8
    with pytest.raises(PayloadError, match="was changed"):
        await codec().decode([Payload(metadata=stored.metadata, data=bytes(changed))])


@given(st.binary(max_size=100), st.integers(0, 130))
async def test_any_shortened_payload_is_refused(content: bytes, length: int) -> None:
    stored = await sealed(Payload(data=content))
    if length < len(stored.data):
        with pytest.raises(PayloadError):
            await codec().decode([Payload(metadata=stored.metadata, data=stored.data[:length])])


async def test_what_is_stored_shows_nothing_and_never_repeats() -> None:
    one, other = await sealed(plain()), await sealed(plain())
    assert one.data != other.data
    assert one.data[:12] != other.data[:12], "a nonce was used twice"
    assert b"Nina" not in one.SerializeToString()
    assert dict(one.metadata) == {
        "encoding": b"binary/encrypted",
        "encryption-cipher": b"A256GCM",
        "encryption-key-id": b"first",
        "encryption-case": CASE.encode(),
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("encryption-key-id", b"second"),
        ("encryption-case", b"procure-to-pay.north.REQ-2"),
        ("encryption-case", b""),
        ("encryption-cipher", b"none"),
        ("encryption-cipher", b""),
    ],
)
async def test_changed_metadata_is_refused(name: str, value: bytes) -> None:
    stored = await sealed(plain())
    stored.metadata[name] = value
    for reader in (codec(ROTATED), EncryptedPayloads(lambda: ROTATED)):
        with pytest.raises(PayloadError):
            await reader.decode([stored])


async def test_a_payload_of_another_case_is_refused() -> None:
    stored = await sealed(plain())
    with pytest.raises(PayloadError, match=r"REQ-1 was found in procure-to-pay\.north\.REQ-2"):
        await codec(case="procure-to-pay.north.REQ-2").decode([stored])
    assert await EncryptedPayloads(lambda: FIRST).decode([stored]) == [plain()], "a reader of many cases names none"


async def test_a_step_reads_what_its_case_wrote() -> None:
    step = ActivitySerializationContext("default", "1", "place_order", "corridor", CASE, "ProcureToPay", False)
    reader = EncryptedPayloads(lambda: FIRST).with_context(step)
    assert await reader.decode([await sealed(plain())]) == [plain()]


@pytest.mark.parametrize(
    ("made_for", "found_in", "opens"),
    [
        ("reconcile", "reconcile-2026-03-02T15:00:00Z", True),
        ("reconcile", "reconcile-other", False),
        ("reconcile", "reconcile-2026-03-02T15:00:00Z-more", False),
        ("reconcile", "other-2026-03-02T15:00:00Z", False),
    ],
)
async def test_what_a_schedule_was_given_opens_in_the_runs_that_it_starts(
    made_for: str, found_in: str, opens: bool
) -> None:
    stored = await sealed(plain(), codec(case=made_for))
    if opens:
        assert await codec(case=found_in).decode([stored]) == [plain()]
    else:
        with pytest.raises(PayloadError):
            await codec(case=found_in).decode([stored])


async def test_what_an_old_key_protects_opens_after_the_rotation() -> None:
    old, new = await sealed(plain()), await sealed(plain("new"), codec(ROTATED))
    assert new.metadata["encryption-key-id"] == b"second"
    assert await codec(ROTATED).decode([old, new]) == [plain(), plain("new")]


async def test_an_unknown_key_is_named() -> None:
    stored = await sealed(plain(), codec(ROTATED))
    with pytest.raises(PayloadError, match="'second' is not in the ring, which has first"):
        await codec(FIRST).decode([stored])


async def test_the_same_id_with_another_secret_is_refused() -> None:
    stored = await sealed(plain())
    with pytest.raises(PayloadError, match="or is under another key"):
        await codec(KeyRing("first", {"first": secret(9)})).decode([stored])


async def test_plain_payloads_from_before_stay_readable() -> None:
    assert await codec().decode([plain(), await sealed(plain("new"))]) == [plain(), plain("new")]


async def test_what_proves_nothing_becomes_unreadable_where_that_is_asked_for() -> None:
    strict = EncryptedPayloads(lambda: FIRST, "refuse", CASE)
    good, changed = await sealed(plain()), await sealed(plain())
    changed.data = changed.data[:-1] + bytes([changed.data[-1] ^ 1])
    foreign = await sealed(plain(), codec(case="procure-to-pay.north.REQ-2"))
    with capture_logs() as logs:
        *refused, opened = await strict.decode([plain(), changed, foreign, good])
    assert opened == plain()
    assert refused == [Payload(metadata={"encoding": b"binary/refused"})] * 3
    assert [(line["event"], line["case_id"]) for line in logs] == [("payload.refused", CASE)] * 3
    converter = data_converter(lambda: FIRST, "refuse")
    with pytest.raises(Exception, match="binary/refused"):
        await converter.decode([plain()])
    with pytest.raises(PayloadError, match="'second' is not in the ring"):
        await strict.decode([await sealed(plain(), codec(ROTATED))])


async def test_without_keys_all_stays_plain_and_what_is_encrypted_is_refused_with_its_key() -> None:
    with capture_logs() as logs:
        converter = data_converter(None)
    assert [(line["event"], line["log_level"]) for line in logs] == [("keys.absent", "warning")]
    (stored,) = await converter.encode(["text"])
    assert stored.data == b'"text"'
    assert await converter.decode([stored]) == ["text"]
    with pytest.raises(PayloadError, match="under the key 'first', and no keys are configured"):
        await converter.decode([await sealed(plain())])


async def test_values_stay_exact() -> None:
    converter = data_converter(lambda: FIRST)
    amount = Money(amount=Decimal("10.00"), currency="USD")
    (found,) = await converter.decode(await converter.encode([amount]), [Money])
    assert (found, str(found.amount)) == (amount, "10.00")


async def test_failures_are_encrypted_with_their_messages_details_and_causes() -> None:
    converter, failure = data_converter(lambda: FIRST), Failure()
    try:
        try:
            raise ValueError("the requester is Nina Okafor")
        except ValueError as cause:
            raise ApplicationError("Nina Okafor exceeds 90.00 USD", {"person": "nina"}, type="RefusedError") from cause
    except ApplicationError as error:
        await converter.encode_failure(error, failure)
    stored = failure.SerializeToString()
    assert b"ina" not in stored.replace(b"binary", b"").replace(b"json/plain", b"")
    assert b"90.00" not in stored
    assert (failure.message, failure.stack_trace, failure.cause.message) == ("Encoded failure", "", "Encoded failure")
    found = await converter.decode_failure(failure)
    assert isinstance(found, ApplicationError)
    assert (found.message, list(found.details)) == ("Nina Okafor exceeds 90.00 USD", [{"person": "nina"}])
    assert isinstance(found.cause, ApplicationError) and found.cause.message == "the requester is Nina Okafor"


async def test_a_rotation_of_the_files_is_followed_without_a_restart(tmp_path: Path) -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    first = new_ring(tmp_path, "payload", at).current
    converter = data_converter(KeyFiles(tmp_path).payload)
    (old,) = await converter.encode(["old"])
    second = add_key(tmp_path, "payload", at, current=True)
    (new,) = await converter.encode(["new"])
    assert [each.metadata["encryption-key-id"].decode() for each in (old, new)] == [first, second]
    assert await converter.decode([old, new]) == ["old", "new"]


def test_a_process_does_not_start_with_keys_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(KeyFilesError, match="corridor keys new payload"):
        data_converter(KeyFiles(tmp_path).payload)
