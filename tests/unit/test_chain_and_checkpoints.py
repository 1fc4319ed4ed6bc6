"""Hash chains and checkpoints: what holds, and that any single change to any row shows."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.signing import Ed25519Checker, Ed25519Signer, RingSigner
from domain.case import TimelineEntry
from domain.chain import (
    PURGED,
    REDACTED,
    RecordedEntry,
    Tombstone,
    body_of,
    chain_faults,
    chain_hash,
    chained,
    instant_text,
    sha256,
)
from domain.checkpoints import (
    Checkpoint,
    Head,
    climbed,
    include,
    leaf_hash,
    link_faults,
    merkle_root,
    own_faults,
    take,
)
from domain.keys import KeyRing

NOW = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
CASE = "procure-to-pay.north.REQ-1"
SIGNER = Ed25519Signer({"2025": b"o" * 32, "2026": b"n" * 32}, "2026")


def entry(seq: int, **changes: Any) -> TimelineEntry:
    given = {"seq": seq, "at": NOW, "kind": "checked", "summary": f"Fact {seq}", "detail": {"n": seq}}
    return TimelineEntry.model_validate(given | changes)


def chain_of(*entries: TimelineEntry, first: int = 1, previous: str = "") -> list[RecordedEntry]:
    rows: list[RecordedEntry] = []
    for offset, each in enumerate(entries):
        at = NOW + timedelta(seconds=offset)
        rows.append(chained(CASE, first + offset, rows[-1].hash if rows else previous, each, at))
    return rows


def faults(rows: list[RecordedEntry], head: tuple[int, str] | None, tombstone: Tombstone | None = None) -> list[int]:
    return [position for position, _ in chain_faults(CASE, rows, head, tombstone)]


def heads(count: int) -> list[Head]:
    return [Head(case_id=f"case-{n}", position=n + 1, hash=sha256(str(n))) for n in range(count)]


def test_a_hash_is_tied_to_the_case_the_past_the_content_and_the_instant() -> None:
    body, other = sha256(body_of(entry(1))), sha256(body_of(entry(1, summary="Changed")))
    hashes = {
        chain_hash("", "case-1", body, NOW),
        chain_hash("", "case-2", body, NOW),
        chain_hash("00", "case-1", body, NOW),
        chain_hash("", "case-1", other, NOW),
        chain_hash("", "case-1", body, NOW + timedelta(microseconds=1)),
        chain_hash("", "case-1", body, NOW, scheme=1),
    }
    assert len(hashes) == 6
    assert chain_hash("", "c", body, NOW, 1) == chain_hash("", "c", body, NOW + timedelta(days=1), 1)


def test_an_instant_has_one_spelling_whatever_its_time_zone() -> None:
    there = NOW.astimezone(tz=datetime.strptime("+0530", "%z").tzinfo)
    assert instant_text(there) == instant_text(NOW) == "2026-03-02T14:30:00.000000Z"


lengths = st.integers(1, 7)


@settings(deadline=None)  # the machine may be busy
@given(lengths, st.data())
def test_any_single_change_of_a_row_is_found(length: int, data: st.DataObject) -> None:
    rows = chain_of(*(entry(seq) for seq in range(1, length + 1)))
    head = (length, rows[-1].hash)
    assert faults(rows, head) == []
    at = data.draw(st.integers(0, length - 1))
    change: dict[str, Any] = data.draw(
        st.sampled_from(
            [
                {"body": rows[at].body.replace("Fact", "Tale")},
                {"body": "{}"},
                {"body": "nonsense"},
                {"seq": 99},
                {"hash": "0" * 64},
                {"previous_hash": "0" * 64},
                {"scheme": 1},
                {"scheme": 3},
                {"position": 99},
                {"recorded_at": rows[at].recorded_at + timedelta(microseconds=1)},
                {"original_sha256": "0" * 64},
                {"original_sha256": sha256(rows[at].body), "body": '{"seq":1}'},
            ]
        )
    )
    changed = sorted([*rows[:at], rows[at].model_copy(update=change), *rows[at + 1 :]], key=lambda row: row.position)
    assert faults(changed, head)


@settings(deadline=None)  # the machine may be busy
@given(lengths, st.data())
def test_any_missing_added_or_moved_row_is_found(length: int, data: st.DataObject) -> None:
    rows = chain_of(*(entry(seq) for seq in range(1, length + 1)))
    head = (length, rows[-1].hash)
    at = data.draw(st.integers(0, length - 1))
    assert faults(rows[:at] + rows[at + 1 :], head)
    after = chained(CASE, at + 2, rows[at].hash, entry(99), NOW)
    shifted = [row.model_copy(update={"position": row.position + 1}) for row in rows[at + 1 :]]
    assert faults([*rows[: at + 1], after, *shifted], head)
    other = data.draw(st.integers(0, length - 1))
    if other != at:
        swapped = list(rows)
        swapped[at] = rows[other].model_copy(update={"position": at + 1})
        swapped[other] = rows[at].model_copy(update={"position": other + 1})
        assert faults(swapped, head)


def test_a_case_that_is_gone_and_a_head_that_was_moved_are_found() -> None:
    rows = chain_of(entry(1), entry(2))
    assert faults(rows, None) == [1, 2]
    assert faults(rows, (3, "0" * 64)) == [2]
    assert faults(rows, (1, rows[0].hash)) == [2]
    assert faults([], (2, rows[1].hash)) == [1]


def redaction(row: RecordedEntry, body: str) -> TimelineEntry:
    place = {"position": row.position, "original_sha256": row.body_sha256, "replaced_sha256": sha256(body)}
    return entry(-1, kind=REDACTED, detail={"entries": [place]})


def test_a_recorded_redaction_keeps_the_chain_and_only_as_it_was_recorded() -> None:
    first = chain_of(entry(1), entry(2))
    body = first[0].body.replace("Fact 1", "[redacted]")
    rows = chain_of(entry(1), entry(2), redaction(first[0], body))
    head = (3, rows[-1].hash)
    redacted = rows[0].model_copy(update={"body": body, "original_sha256": rows[0].body_sha256})
    assert faults([redacted, *rows[1:]], head) == []
    again = redacted.model_copy(update={"body": body.replace("checked", "approved")})
    assert faults([again, *rows[1:]], head) == [1]
    assert faults([rows[0], rows[1].model_copy(update={"body": body, "original_sha256": "0" * 64}), rows[2]], head)


def test_a_purged_case_keeps_the_entry_that_says_so() -> None:
    old = chain_of(entry(1), entry(2))
    (row,) = chain_of(entry(-1, kind=PURGED), first=3, previous=old[-1].hash)
    tombstone = Tombstone(case_id=CASE, position=3, hash=row.hash)
    assert faults([row], None, tombstone) == []
    assert faults([], None, tombstone) == [1]
    assert faults([row.model_copy(update={"hash": "0" * 64})], None, tombstone) == [3]
    assert faults(old, None, tombstone)
    (no_purge,) = chain_of(entry(3), first=3, previous=old[-1].hash)
    assert faults([no_purge], None, tombstone.model_copy(update={"hash": no_purge.hash})) == [3]
    back = chain_of(entry(-1, kind=PURGED), entry(1), first=3, previous=old[-1].hash)
    assert faults(back, (4, back[-1].hash), tombstone) == []


@settings(deadline=None)  # the machine may be busy
@given(st.integers(1, 40), st.data())
def test_each_head_climbs_to_the_root_and_no_other_does(count: int, data: st.DataObject) -> None:
    checkpoint = take(None, heads(count), NOW, None)
    wanted = data.draw(st.integers(0, count - 1))
    proof = include(checkpoint, heads(count), f"case-{wanted}")
    assert proof.head.position == wanted + 1
    assert climbed(leaf_hash(proof.head), proof.path) == checkpoint.root
    assert climbed(leaf_hash(proof.head.model_copy(update={"position": 99})), proof.path) != checkpoint.root
    with pytest.raises(KeyError):
        include(checkpoint, heads(count), "case-999")


def test_the_tree_is_that_of_rfc_6962() -> None:
    """Roots of the first leaves that the certificate transparency project tests with, whose hashes it publishes."""
    one = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    two = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
    assert merkle_root([one]) == one
    assert merkle_root([one, two]) == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
    assert merkle_root([]) == sha256("")


@settings(deadline=None)  # the machine may be busy
@given(st.integers(1, 9), st.data())
def test_any_single_change_of_a_checkpoint_is_found(count: int, data: st.DataObject) -> None:
    first = take(None, heads(1), NOW, SIGNER)
    second = take(first, heads(count), NOW + timedelta(minutes=10), SIGNER)
    assert list(own_faults(second, heads(count), SIGNER)) == []
    assert list(link_faults(first, second)) == []
    changes: list[dict[str, Any]] = [
        {"number": 3},
        {"previous_hash": ""},
        {"head_count": count + 1},
        {"root": "0" * 64},
        {"taken_at": NOW},
        {"key_id": "2025"},
        {"key_id": "other"},
        {"key_id": "", "signature": ""},
        {"signature": ""},
        {"signature": "?"},
        {"signature": base64.b64encode(b"s" * 64).decode()},
        {"hash": "0" * 64},
    ]
    changed = second.model_copy(update=data.draw(st.sampled_from(changes)))
    assert [*own_faults(changed, heads(count), SIGNER), *link_faults(first, changed)]


@settings(deadline=None)  # the machine may be busy
@given(st.integers(1, 9), st.data())
def test_any_change_of_the_heads_is_found(count: int, data: st.DataObject) -> None:
    checkpoint = take(None, heads(count), NOW, None)
    at = data.draw(st.integers(0, count - 1))
    change: dict[str, Any] = data.draw(
        st.sampled_from([{"case_id": "case-x"}, {"position": 99}, {"hash": "0" * 64}]),
    )
    changed = heads(count)
    changed[at] = changed[at].model_copy(update=change)
    assert list(own_faults(checkpoint, changed, None)) == ["its heads were changed"]
    assert list(own_faults(checkpoint, heads(count)[:-1], None)) != []
    assert list(own_faults(checkpoint, heads(count + 1), None)) != []


def rehashed(checkpoint: Checkpoint, **changes: Any) -> Checkpoint:
    changed = checkpoint.model_copy(update=changes)
    return changed.model_copy(update={"hash": sha256(changed.statement)})


def test_a_gap_a_fork_and_a_stripped_signature_are_found() -> None:
    first = take(None, heads(1), NOW, SIGNER)
    second = take(first, heads(2), NOW, SIGNER)
    third = take(second, heads(3), NOW, SIGNER)
    assert list(link_faults(first, third)) == ["checkpoints 2 to 2 are missing"]
    assert list(link_faults(None, second)) == ["checkpoints 1 to 1 are missing"]
    fork = take(first, heads(3), NOW, SIGNER)
    assert list(link_faults(fork, third)) == ["it does not follow the checkpoint before it"]
    stripped = rehashed(third, key_id="", signature="")
    assert list(own_faults(stripped, heads(3), SIGNER)) == []
    assert list(link_faults(second, stripped)) == ["it is not signed, and the one before it is"]


def test_without_keys_checkpoints_are_chained_and_not_signed() -> None:
    checkpoint = take(None, heads(2), NOW, None)
    assert (checkpoint.key_id, checkpoint.signature) == ("", "")
    assert list(own_faults(checkpoint, heads(2), SIGNER)) == []
    with pytest.raises(ValueError, match="needs heads"):
        take(None, [], NOW, None)


def test_keys_check_what_older_ones_signed_and_forge_nothing() -> None:
    old = Ed25519Signer({"2025": b"o" * 32}, "2025")
    signature = old.sign("2025", b"message")
    checker = Ed25519Checker(SIGNER.public_keys())
    assert checker.verify("2025", b"message", signature)
    assert not checker.verify("2025", b"massage", signature)
    assert not checker.verify("2026", b"message", signature)
    assert not checker.verify("2027", b"message", signature)
    assert not checker.verify("2025", b"message", b"short")


def test_a_ring_may_be_rotated_while_it_is_used() -> None:
    rings = [KeyRing("a", {"a": b"a" * 32})]
    signer = RingSigner(lambda: rings[-1])
    before = take(None, heads(1), NOW, signer)
    rings.append(rings[0].with_key("b", b"b" * 32).made_current("b"))
    after = take(before, heads(1), NOW, signer)
    assert (before.key_id, after.key_id) == ("a", "b")
    assert [*own_faults(before, heads(1), signer), *own_faults(after, heads(1), signer)] == []
    assert signer.verify("a", b"message", signer.sign("a", b"message"))


@pytest.mark.parametrize(("seeds", "current"), [({}, "a"), ({"a": b"x" * 32}, "b"), ({"a": b"x" * 31}, "a")])
def test_unusable_seeds_are_refused(seeds: dict[str, bytes], current: str) -> None:
    with pytest.raises(ValueError, match=r"no signing key|32 bytes"):
        Ed25519Signer(seeds, current)
