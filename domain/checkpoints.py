"""Checkpoints: one hash over the heads of all cases that changed, chained to the checkpoint before it and signed.

The heads are the leaves of a Merkle tree as in RFC 6962, section 2.1, so that one case can be proven to be covered
without showing which other cases there are.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime

from pydantic import AwareDatetime

from domain.chain import instant_text, sha256
from domain.model import Value
from domain.ports.signing import SignatureChecker, Signer

FORMAT = "corridor-checkpoint/1"


class Head(Value):
    """The last entry of a case's chain when the checkpoint was taken."""

    case_id: str
    position: int
    hash: str


class Checkpoint(Value):
    """`root` is that of the tree over the heads in order of case id; `hash` that of the signed statement.

    `signature` is Ed25519 over the statement, in Base64; empty, like `key_id`, when no key was set up.
    """

    number: int
    previous_hash: str
    head_count: int
    root: str
    taken_at: AwareDatetime
    key_id: str = ""
    signature: str = ""
    hash: str

    @property
    def statement(self) -> str:
        return statement(self.number, self.previous_hash, self.head_count, self.root, self.taken_at, self.key_id)


class Step(Value):
    """One step from a leaf to the root: the hash beside it, and on which side that is."""

    left: bool
    hash: str


class Inclusion(Value):
    """Proof that a checkpoint covers a case's chain up to `head`."""

    checkpoint: Checkpoint
    head: Head
    path: tuple[Step, ...]


def statement(number: int, previous_hash: str, head_count: int, root: str, taken_at: datetime, key_id: str) -> str:
    """What is hashed and signed: lines of text."""
    return "\n".join(
        (
            FORMAT,
            f"number: {number}",
            f"previous: {previous_hash or '-'}",
            f"heads: {head_count}",
            f"root: {root}",
            f"taken-at: {instant_text(taken_at)}",
            f"key: {key_id or '-'}",
        )
    )


def take(previous: Checkpoint | None, heads: Sequence[Head], taken_at: datetime, signer: Signer | None) -> Checkpoint:
    """The checkpoint over `heads` that follows `previous`. `taken_at` is an instant in UTC.

    Raises ValueError when there are no heads: a checkpoint over nothing would prove nothing.
    """
    if not heads:
        raise ValueError("a checkpoint needs heads")
    number, before = (previous.number + 1, previous.hash) if previous else (1, "")
    root = merkle_root([leaf_hash(head) for head in in_order(heads)])
    key_id = signer.key_id if signer else ""
    text = statement(number, before, len(heads), root, taken_at, key_id)
    return Checkpoint(
        number=number,
        previous_hash=before,
        head_count=len(heads),
        root=root,
        taken_at=taken_at,
        key_id=key_id,
        signature=base64.b64encode(signer.sign(key_id, text.encode())).decode() if signer else "",
        hash=sha256(text),
    )


def in_order(heads: Sequence[Head]) -> list[Head]:
    """The order of the leaves: by case id, compared as bytes of its UTF-8."""
    return sorted(heads, key=lambda head: head.case_id.encode())


def leaf_hash(head: Head) -> str:
    text = f"{head.case_id}\n{head.position}\n{head.hash}"
    return hashlib.sha256(b"\x00" + text.encode()).hexdigest()


def merkle_root(leaves: Sequence[str]) -> str:
    """The root of the tree over leaf hashes. Level by level: a node without a neighbour moves up as it is."""
    level = [bytes.fromhex(leaf) for leaf in leaves]
    while len(level) > 1:
        pairs = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = pairs + level[len(level) & ~1 :]
    return level[0].hex() if level else hashlib.sha256(b"").hexdigest()


def merkle_path(leaves: Sequence[str], index: int) -> tuple[Step, ...]:
    """The hashes beside the way from leaf `index` to the root, from the bottom up."""
    level, path = [bytes.fromhex(leaf) for leaf in leaves], list[Step]()
    while len(level) > 1:
        beside = index ^ 1
        if beside < len(level):
            path.append(Step(left=beside < index, hash=level[beside].hex()))
        pairs = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level, index = pairs + level[len(level) & ~1 :], index // 2
    return tuple(path)


def climbed(leaf: str, path: Sequence[Step]) -> str:
    """The root at which the path from `leaf` arrives."""
    at = bytes.fromhex(leaf)
    for step in path:
        beside = bytes.fromhex(step.hash)
        at = _node(beside, at) if step.left else _node(at, beside)
    return at.hex()


def include(checkpoint: Checkpoint, heads: Sequence[Head], case_id: str) -> Inclusion:
    """Proof that the checkpoint covers the case. Raises KeyError when it does not."""
    ordered = in_order(heads)
    for index, head in enumerate(ordered):
        if head.case_id == case_id:
            path = merkle_path([leaf_hash(each) for each in ordered], index)
            return Inclusion(checkpoint=checkpoint, head=head, path=path)
    raise KeyError(case_id)


def own_faults(checkpoint: Checkpoint, heads: Sequence[Head], checker: SignatureChecker | None) -> Iterator[str]:
    """What is wrong with one checkpoint by itself. Without a checker, signatures are not looked at."""
    if checkpoint.hash != sha256(checkpoint.statement):
        yield "it was changed"
    if checkpoint.head_count != len(heads):
        yield f"it covers {checkpoint.head_count} cases, and the heads of {len(heads)} are there"
    elif checkpoint.root != merkle_root([leaf_hash(head) for head in in_order(heads)]):
        yield "its heads were changed"
    if checker is not None and checkpoint.key_id:
        yield from _signature_faults(checkpoint, checker)
    elif checkpoint.signature and not checkpoint.key_id:
        yield "it is signed by nobody"


def _signature_faults(checkpoint: Checkpoint, checker: SignatureChecker) -> Iterator[str]:
    if checkpoint.key_id not in checker.public_keys():
        yield f"it is signed with the unknown key {checkpoint.key_id}"
        return
    try:
        signature = base64.b64decode(checkpoint.signature, validate=True)
    except ValueError:
        signature = b""
    if not checker.verify(checkpoint.key_id, checkpoint.statement.encode(), signature):
        yield "its signature does not fit"


def link_faults(previous: Checkpoint | None, checkpoint: Checkpoint) -> Iterator[str]:
    """What is wrong between a checkpoint and the one that is there before it."""
    number, before = (previous.number, previous.hash) if previous else (0, "")
    if checkpoint.number != number + 1:
        yield f"checkpoints {number + 1} to {checkpoint.number - 1} are missing"
    elif checkpoint.previous_hash != before:
        yield "it does not follow the checkpoint before it"
    if previous is not None and previous.key_id and not checkpoint.key_id:
        yield "it is not signed, and the one before it is"


def end_faults(newest: Checkpoint | None, checker: SignatureChecker | None) -> Iterator[str]:
    """What is wrong with the newest of all. Where there are keys it must be signed, and so vouch for all before it:
    without a signature, anybody who can write could have made them all anew.
    """
    if newest is not None and not newest.key_id and checker is not None and checker.public_keys():
        yield "it is not signed, though there are keys to sign with"


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
