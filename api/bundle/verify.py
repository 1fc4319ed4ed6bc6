"""Checks an evidence bundle. Needs Python 3.9 or later and nothing else; signatures need the package `cryptography`.

Usage: python verify.py [BUNDLE] [--keys KEYS.json]

BUNDLE is the folder or the zip file; without it, the folder of this script. With --keys, signatures are checked with
public keys that you got in another way than in the bundle, which is what you want. VERIFY.md says the same in words.
Exit code 0: everything holds. 1: something was changed, and each fault says where. 2: this is no bundle.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FORMAT = "corridor-evidence/1"
MANIFEST = "manifest.json"
CONTENT = ("case.json", "checkpoints.json", "keys.json", "story.html", "VERIFY.md", "verify.py")
REDACTED = "evidence.redacted"
PURGED = "evidence.purged"

Files = dict[str, bytes]


class NoBundle(Exception):  # noqa: N818 - it reads as what it says: this is no bundle
    """What is there cannot be read as a bundle at all."""


def main(arguments: list[str]) -> int:
    try:
        bundle, keys_file = _options(arguments)
        files = read(bundle)
        trusted = json.loads(Path(keys_file).read_bytes()) if keys_file else None
    except (NoBundle, OSError, ValueError, zipfile.BadZipFile) as error:
        sys.stderr.write(f"this is no evidence bundle: {error}\n")
        return 2
    faults, notes = check(files, trusted)
    for note in notes:
        sys.stdout.write(f"note: {note}\n")
    for fault in faults:
        sys.stdout.write(f"FAULT {fault}\n")
    sys.stdout.write(f"{len(faults)} faults\n" if faults else "everything holds\n")
    return 1 if faults else 0


def _options(arguments: list[str]) -> tuple[Path, str | None]:
    rest, keys_file = list(arguments), None
    if "--keys" in rest:
        at = rest.index("--keys")
        if at + 1 == len(rest):
            raise NoBundle("--keys needs a file")
        keys_file = rest[at + 1]
        del rest[at : at + 2]
    if len(rest) > 1:
        raise NoBundle("name one folder or zip file")
    return Path(rest[0]) if rest else Path(__file__).resolve().parent, keys_file


def read(bundle: Path) -> Files:
    """Every file of a folder or zip by its name. Raises NoBundle, OSError or BadZipFile."""
    if bundle.is_dir():
        files = {path.name: path.read_bytes() for path in bundle.iterdir() if path.is_file()}
    else:
        with zipfile.ZipFile(bundle) as packed:
            files = {name: packed.read(name) for name in packed.namelist()}
    if MANIFEST not in files and "case.json" not in files:
        raise NoBundle(f"{bundle} holds neither {MANIFEST} nor case.json")
    return files


def check(files: Files, trusted_keys: Any | None = None) -> tuple[list[str], list[str]]:
    """Every fault, each with its place, and what the reader should know besides."""
    faults: list[str] = list(_manifest_faults(files))
    notes: list[str] = []
    parts = {}
    for name in ("case.json", "checkpoints.json", "keys.json"):
        try:
            parts[name] = json.loads(files[name])
        except (KeyError, ValueError):
            faults.append(f"{name}: it is missing or no JSON")
    if len(parts) < 3:
        return faults, notes
    try:
        keys = trusted_keys if trusted_keys is not None else parts["keys.json"]
        faults += _case_faults(parts["case.json"], notes)
        faults += _checkpoint_faults(parts["checkpoints.json"], parts["case.json"], keys, notes)
        if trusted_keys is not None and trusted_keys["keys"]:
            faults += _unsigned_faults(parts["checkpoints.json"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        faults.append(f"case.json or checkpoints.json: not in the form of a bundle ({type(error).__name__})")
    if trusted_keys is None and parts["keys.json"].get("keys"):
        notes.append("public keys were taken from the bundle; compare them with published ones, or give --keys")
    return faults, notes


def manifest_of(files: Files) -> bytes:
    """The manifest as it must be, to the byte, for these files."""
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name != MANIFEST}
    return (json.dumps({"files": hashes, "format": FORMAT}, indent=2, sort_keys=True) + "\n").encode()


def _manifest_faults(files: Files) -> Iterator[str]:
    for name in CONTENT:
        if name not in files:
            yield f"{name}: it is missing"
    for name in sorted(set(files) - set(CONTENT) - {MANIFEST}):
        yield f"{name}: it is no part of a bundle"
    try:
        said = json.loads(files[MANIFEST])["files"]
    except (KeyError, ValueError, TypeError):
        yield f"{MANIFEST}: it is missing or cannot be read"
        return
    for name in sorted(set(files) & set(CONTENT)):
        if said.get(name) != hashlib.sha256(files[name]).hexdigest():
            yield f"{name}: it is not the file that was exported"
    if files[MANIFEST] != manifest_of(files):
        yield f"{MANIFEST}: it does not describe these files"


def _case_faults(case: Any, notes: list[str]) -> Iterator[str]:
    """The chain of the entries."""
    rows, tombstone = case["entries"], case.get("tombstone")
    position, previous = (tombstone["position"] - 1, None) if tombstone else (0, "")
    if not rows:
        yield "case.json: there are no entries"
    for row in rows:
        place = f"case.json, entry {row['position']}"
        body = json.loads(row["body"])
        if row["position"] != position + 1:
            yield f"{place}: entries {position + 1} to {row['position'] - 1} are missing"
        elif previous is not None and row["previous_hash"] != previous:
            yield f"{place}: it does not follow the entry before it"
        if row["hash"] != entry_hash(case["case_id"], row) or row["scheme"] not in (1, 2):
            yield f"{place}: its content, instant or hash was changed"
        if body["seq"] != row["seq"]:
            yield f"{place}: its sequence number was changed"
        if row["original_sha256"] is not None:
            if _redaction_is_recorded(row, rows):
                notes.append(f"entry {row['position']} was redacted; a later entry says by whom and why")
            else:
                yield f"{place}: its content was replaced without a recorded redaction"
        position, previous = row["position"], row["hash"]
    if tombstone and (
        not rows or rows[0]["hash"] != tombstone["hash"] or json.loads(rows[0]["body"])["kind"] != PURGED
    ):
        yield "case.json: entries are missing, and no purge is recorded"


def entry_hash(case_id: str, row: Any) -> str:
    body_sha256 = row["original_sha256"] or _sha256(row["body"])
    lines = [row["previous_hash"], case_id, body_sha256]
    if row["scheme"] != 1:
        lines.append(row["recorded_at"])
    return _sha256("\n".join(lines))


def _redaction_is_recorded(row: Any, rows: list[Any]) -> bool:
    wanted = (row["position"], row["original_sha256"], _sha256(row["body"]))
    for later in rows:
        body = json.loads(later["body"])
        if later["position"] > row["position"] and later["original_sha256"] is None and body["kind"] == REDACTED:
            for each in body["detail"]["entries"]:
                if (each["position"], each["original_sha256"], each["replaced_sha256"]) == wanted:
                    return True
    return False


def _checkpoint_faults(proofs: Any, case: Any, keys: Any, notes: list[str]) -> Iterator[str]:
    hashes = {row["position"]: row["hash"] for row in case["entries"]}
    covered = 0
    for proof in proofs["checkpoints"]:
        checkpoint, head = proof["checkpoint"], proof["head"]
        place = f"checkpoints.json, checkpoint {checkpoint['number']}"
        if checkpoint["hash"] != _sha256(statement(checkpoint)):
            yield f"{place}: it was changed"
        if climb(case["case_id"], head, proof["path"]) != checkpoint["root"]:
            yield f"{place}: the case is not among what it covers"
        if head["position"] in hashes and hashes[head["position"]] != head["hash"]:
            yield f"{place}: it covers another entry {head['position']} than the one in case.json"
        elif head["position"] not in hashes and not _purged_after(case, head["position"]):
            yield f"{place}: entry {head['position']}, which it covers, is missing"
        yield from _signature_faults(checkpoint, place, keys, notes)
        covered = max(covered, head["position"])
    last = max(hashes, default=0)
    if covered < last:
        notes.append(f"entries {covered + 1} to {last} are younger than the last checkpoint in the bundle")


def _purged_after(case: Any, position: int) -> bool:
    tombstone = case.get("tombstone")
    return bool(tombstone) and tombstone["position"] > position


def statement(checkpoint: Any) -> str:
    return "\n".join(
        (
            "corridor-checkpoint/1",
            f"number: {checkpoint['number']}",
            f"previous: {checkpoint['previous_hash'] or '-'}",
            f"heads: {checkpoint['head_count']}",
            f"root: {checkpoint['root']}",
            f"taken-at: {checkpoint['taken_at']}",
            f"key: {checkpoint['key_id'] or '-'}",
        )
    )


def climb(case_id: str, head: Any, path: list[Any]) -> str:
    """The root of the Merkle tree (RFC 6962) at which the path from this head arrives."""
    leaf = f"{case_id}\n{head['position']}\n{head['hash']}"
    at = hashlib.sha256(b"\x00" + leaf.encode()).digest()
    for step in path:
        beside = bytes.fromhex(step["hash"])
        pair = beside + at if step["left"] else at + beside
        at = hashlib.sha256(b"\x01" + pair).digest()
    return at.hex()


def _signature_faults(checkpoint: Any, place: str, keys: Any, notes: list[str]) -> Iterator[str]:
    if not checkpoint["key_id"]:
        notes.append(f"checkpoint {checkpoint['number']} is not signed")
        return
    if checkpoint["key_id"] not in keys["keys"]:
        yield f"{place}: it is signed with the unknown key {checkpoint['key_id']}"
        return
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 (it may not be there)
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 (as above)
            Ed25519PublicKey,
        )
    except ImportError:
        if not any("cryptography" in note for note in notes):
            notes.append("SIGNATURES WERE NOT CHECKED: install the package `cryptography` and run this again")
        return
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(keys["keys"][checkpoint["key_id"]], validate=True))
        signature = base64.b64decode(checkpoint["signature"], validate=True)
        key.verify(signature, statement(checkpoint).encode())
    except (InvalidSignature, ValueError):
        yield f"{place}: its signature does not fit"


def _unsigned_faults(proofs: Any) -> Iterator[str]:
    """Without a signature, anybody could have made the checkpoints."""
    proven = proofs["checkpoints"]
    if proven and not any(proof["checkpoint"]["key_id"] for proof in proven):
        yield "checkpoints.json: none of its checkpoints is signed, and there are published keys"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
