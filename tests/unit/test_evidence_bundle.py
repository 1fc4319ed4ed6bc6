"""A bundle is checked by a third party with the program inside it; whatever is changed in it shows, and where."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import sys
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.memory.checkpoints import MemoryCheckpoints
from adapters.memory.evidence import MemoryEvidence
from adapters.memory.keeping import MemoryKeeper
from adapters.signing import Ed25519Signer
from api.bundle import Evidence, packed, verify
from domain.keeping import Order, hold, purge, redact
from domain.people import Actor
from tests.fixtures.evidence import CASE, START, a_journal, a_task, an_entry

SIGNER = Ed25519Signer({"k1": b"1" * 32}, "k1")
ORDER = Order(actor=Actor(person="cleo"), reason="The law wants it", at=START + timedelta(days=4000))
FILES = ("case.json", "checkpoints.json", "keys.json", "story.html", "VERIFY.md", "verify.py", "manifest.json")


class Archive:
    """A store in memory whose cases are exported."""

    def __init__(self, signer: Ed25519Signer | None = SIGNER) -> None:
        self.evidence = MemoryEvidence()
        self.checkpoints = MemoryCheckpoints(self.evidence, signer, signer)
        self.keeper = MemoryKeeper(self.evidence)

    async def bundle(self) -> bytes:
        record = await self.keeper.record_of(CASE)
        assert record is not None
        inclusions = await self.checkpoints.inclusions(CASE)
        return packed(Evidence(record, inclusions, self.checkpoints.public_keys(), START, "cleo"))


async def an_archive(signer: Ed25519Signer | None = SIGNER) -> Archive:
    """A case of four entries among others, with two checkpoints and one entry after them."""
    archive = Archive(signer)
    decided = an_entry(
        2,
        kind="decision.applied",
        actor="b.brown",
        on_behalf_of="c.clark",
        summary="Decided: approve <now>",
        detail={
            "rule": "over-100",
            "before": "100.00 USD",
            "after": "120.50 USD",
            "comment": "",
            "n": [1, {"é": None}],
        },
    )
    for number in range(4):
        await archive.evidence.record(a_journal(f"procure-to-pay.north.A-{number}", 1, an_entry(1)))
    closed = START + timedelta(days=1)
    await archive.evidence.record(
        a_journal(CASE, 1, an_entry(1), decided, tasks=(a_task("T-1"),), status="completed", closed_at=closed)
    )
    await archive.checkpoints.seal(START)
    await archive.evidence.record(a_journal(CASE, 2, an_entry(3), status="completed", closed_at=closed))
    await archive.checkpoints.seal(START + timedelta(minutes=10))
    await archive.evidence.record(a_journal(CASE, 3, an_entry(4), status="completed", closed_at=closed))
    return archive


def unpack(content: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        bundle.extractall(folder)
    return folder


async def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """The program of the bundle, alone: isolated from this project, with the packages that are installed."""
    program = [sys.executable, "-I", str(folder / "verify.py"), *arguments]
    process = await asyncio.create_subprocess_exec(
        *program, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await process.communicate()
    return process.returncode or 0, output.decode() + errors.decode()


async def test_a_third_party_checks_a_bundle(tmp_path: Path) -> None:
    content = await (await an_archive()).bundle()
    (tmp_path / "evidence.zip").write_bytes(content)
    folder = unpack(content, tmp_path / "unpacked")
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    code, output = await run(folder)
    assert (code, output.splitlines()[-1]) == (0, "everything holds")
    assert "entries 4 to 4 are younger than the last checkpoint" in output
    assert (await run(folder, str(tmp_path / "evidence.zip")))[0] == 0
    assert not list(folder.glob("__pycache__"))


@pytest.mark.parametrize("name", FILES)
async def test_one_changed_byte_is_found_in_each_file(tmp_path: Path, name: str) -> None:
    folder = unpack(await (await an_archive()).bundle(), tmp_path)
    content = bytearray((folder / name).read_bytes())
    # In the program, a letter of its description: it still runs, and accuses itself.
    at = content.index(b"C") if name == "verify.py" else content.rindex(b"e")
    content[at : at + 1] = b"E"
    (folder / name).write_bytes(bytes(content))
    code, output = await run(folder)
    assert code == 1, output
    assert f"FAULT {name}" in output


@pytest.mark.parametrize("name", FILES)
async def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(io.BytesIO(await (await an_archive()).bundle())) as packed_files:
        files = {each: packed_files.read(each) for each in packed_files.namelist() if each != name}
    faults, _ = verify.check(files)
    assert any(fault.startswith(name) for fault in faults)


async def test_a_file_too_many_is_named() -> None:
    files = opened(await (await an_archive()).bundle())
    files["more.txt"] = b""
    assert "more.txt: it is no part of a bundle" in verify.check(files)[0]


def opened(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def forged(files: dict[str, bytes], name: str, change: Any) -> dict[str, bytes]:
    """With one JSON file changed, and a manifest that fits: as somebody would who knows the format."""
    content = json.loads(files[name])
    change(content)
    files = {**files, name: json.dumps(content).encode()}
    return {**files, "manifest.json": verify.manifest_of(files)}


def _rewrite(case: Any) -> None:
    """Another story, with a chain that fits it."""
    case["entries"][0]["body"] = case["entries"][0]["body"].replace("Fact", "Tale")
    for before, row in zip([None, *case["entries"]], case["entries"], strict=False):
        row["previous_hash"] = before["hash"] if before else ""
        row["hash"] = verify.entry_hash(case["case_id"], row)


FORGERIES = {
    "a body": ("case.json", lambda case: case["entries"][1].update(body='{"seq": 2}'), "entry 2: its content"),
    "an instant": (
        "case.json",
        lambda case: case["entries"][0].update(recorded_at="2026-01-01T00:00:00.000000Z"),
        "entry 1: its content, instant",
    ),
    "an entry left out": ("case.json", lambda case: case["entries"].pop(1), "entry 3: entries 2 to 2 are missing"),
    "the end left out": ("case.json", lambda case: case["entries"].__delitem__(slice(2, None)), "entry 3, which it"),
    "all left out": ("case.json", lambda case: case["entries"].clear(), "there are no entries"),
    "a whole chain": ("case.json", _rewrite, "covers another entry"),
    "an unrecorded redaction": (
        "case.json",
        lambda case: case["entries"][0].update(
            original_sha256=verify._sha256(case["entries"][0]["body"]), body='{"seq":1}'
        ),
        "without a recorded redaction",
    ),
    "another case": ("case.json", lambda case: case.update(case_id="procure-to-pay.north.X"), "entry 1: its content"),
    "a head": (
        "checkpoints.json",
        lambda proofs: proofs["checkpoints"][0]["head"].update(position=1),
        "not among what it covers",
    ),
    "a path": (
        "checkpoints.json",
        lambda proofs: proofs["checkpoints"][0]["path"].pop(),
        "not among what it covers",
    ),
    "a date": (
        "checkpoints.json",
        lambda proofs: proofs["checkpoints"][1]["checkpoint"].update(taken_at="2020-01-01T00:00:00.000000Z"),
        "checkpoint 2: it was changed",
    ),
    "a signature": (
        "checkpoints.json",
        lambda proofs: proofs["checkpoints"][1]["checkpoint"].update(signature="AAAA"),
        "checkpoint 2: its signature does not fit",
    ),
    "a key": (
        "keys.json",
        lambda keys: keys["keys"].update(k1=base64.b64encode(b"2" * 32).decode()),
        "its signature does not fit",
    ),
    "no key": ("keys.json", lambda keys: keys["keys"].clear(), "signed with the unknown key k1"),
    "another form": ("case.json", lambda case: case.pop("entries"), "not in the form of a bundle"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forgery_with_a_fitting_manifest_is_found(forgery: str) -> None:
    name, change, words = FORGERIES[forgery]
    files = opened(await (await an_archive()).bundle())
    assert verify.check(files)[0] == []
    faults, _ = verify.check(forged(files, name, change))
    assert any(words in fault for fault in faults), faults
    assert all(fault.startswith(("case.json", "checkpoints.json")) for fault in faults)


async def test_keys_that_came_another_way_are_preferred() -> None:
    files = opened(await (await an_archive()).bundle())
    stranger = {"keys": {"k1": base64.b64encode(Ed25519Signer({"x": b"x" * 32}, "x").public_keys()["x"]).decode()}}
    assert any("does not fit" in fault for fault in verify.check(files, stranger)[0])
    faults, notes = verify.check(files, json.loads(files["keys.json"]))
    assert faults == []
    assert not any("taken from the bundle" in note for note in notes)


async def test_without_the_package_the_program_says_what_it_did_not_check(monkeypatch: pytest.MonkeyPatch) -> None:
    files = opened(await (await an_archive()).bundle())
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    faults, notes = verify.check(files)
    assert faults == []
    assert any("SIGNATURES WERE NOT CHECKED" in note for note in notes)


async def test_unsigned_checkpoints_are_said_to_be_so() -> None:
    files = opened(await (await an_archive(signer=None)).bundle())
    faults, notes = verify.check(files)
    assert faults == []
    assert "checkpoint 1 is not signed" in notes


async def test_published_keys_vouch_for_nothing_that_is_not_signed() -> None:
    """Whoever makes a bundle anew can take every signature off; only the reader knows that there are keys."""
    files = opened(await (await an_archive(signer=None)).bundle())
    published = {"keys": {"k1": "x"}}
    faults, _ = verify.check(files, published)
    assert faults == ["checkpoints.json: none of its checkpoints is signed, and there are published keys"]
    assert verify.check(files, {"keys": {}})[0] == []


async def test_redacted_and_purged_cases_are_still_proven() -> None:
    archive = await an_archive()
    await archive.keeper.change(CASE, lambda case: redact(case, "approve <now>", ORDER))
    faults, notes = verify.check(opened(await archive.bundle()))
    assert faults == []
    assert "entry 2 was redacted; a later entry says by whom and why" in notes
    await archive.checkpoints.seal(START + timedelta(minutes=20))
    await archive.keeper.change(CASE, lambda case: purge(case, 7, "retention: 7 years", ORDER))
    files = opened(await archive.bundle())
    assert verify.check(files)[0] == []
    assert [row["position"] for row in json.loads(files["case.json"])["entries"]] == [6]
    assert "was purged" in files["story.html"].decode()
    faults, _ = verify.check(forged(files, "case.json", lambda case: case["tombstone"].update(position=4)))
    assert faults


async def test_the_story_says_who_decided_for_whom_by_which_rule_and_what_changed() -> None:
    archive = await an_archive()
    await archive.keeper.change(CASE, lambda case: hold(case, "LIT-1", ORDER))
    page = opened(await archive.bundle())["story.html"].decode()
    for words in (
        "b.brown<br>on behalf of c.clark",
        "over-100",
        "100.00 USD",
        "120.50 USD",
        "Gloves for ward 3",
        "LIT-1",
    ):
        assert words in page, words
    assert "Decided: approve &lt;now&gt;" in page
    assert "<now>" not in page
    assert "<script" not in page


async def test_the_same_evidence_makes_the_same_bytes() -> None:
    archive = await an_archive()
    assert await archive.bundle() == await archive.bundle()


async def test_what_is_no_bundle_is_said_to_be_none(tmp_path: Path) -> None:
    unpack(await (await an_archive()).bundle(), tmp_path / "ok")
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("no zip")
    for other in ("empty", "text.zip", "nowhere"):
        code, output = await run(tmp_path / "ok", str(tmp_path / other))
        assert (code, "no evidence bundle" in output) == (2, True), output
    assert (await run(tmp_path / "ok", "--keys"))[0] == 2
    assert (await run(tmp_path / "ok", "a", "b"))[0] == 2


@pytest.fixture
async def bundle_files() -> dict[str, bytes]:
    return opened(await (await an_archive()).bundle())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(data=st.data())
def test_any_changed_byte_anywhere_is_found(bundle_files: dict[str, bytes], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(bundle_files)))
    content = bytearray(bundle_files[name])
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    faults, _ = verify.check({**bundle_files, name: bytes(content)})
    assert any(fault.startswith(name) for fault in faults)
