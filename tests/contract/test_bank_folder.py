"""Files to and from a bank through folders: what a crash, a slow writer or a lost record does to them."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.bank_folder import FolderBank, connect
from adapters.bank_folder import outbox as outbox_module
from adapters.bank_folder.files import move as move_whole
from adapters.bank_folder.files import write_whole
from adapters.bank_folder.inbox import decoded
from adapters.bank_messages.reader import BankMessages
from domain.outside_errors import RefusedError, TemporarilyUnavailableError
from tests.fixtures.bank_files import Transfer, a_pain001

FILE = a_pain001("RUN-1", "1000000001", [Transfer("P1", "10.00")])
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
def bank(tmp_path: Path) -> FolderBank:
    return _bank(tmp_path)


def _bank(folder: Path, *, settle_seconds: float = 0) -> FolderBank:
    return FolderBank(folder / "out", folder / "in", folder / "state", lambda: NOW, settle_seconds)


def _outbox(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "out").iterdir())


async def test_a_file_that_the_gateway_took_away_is_not_put_there_again(bank: FolderBank, tmp_path: Path) -> None:
    await bank.deliver(FILE)
    (tmp_path / "out" / FILE.name).unlink()

    again = await _bank(tmp_path).deliver(FILE)

    assert again.delivered_at == NOW and _outbox(tmp_path) == []


@pytest.mark.parametrize("crash_at", [1, 2, 3])
async def test_a_crash_at_any_moment_leaves_one_delivery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crash_at: int
) -> None:
    """The disk operations of a delivery in order: staged, recorded, moved. Each is struck, and the file taken away."""
    moves = 0

    def strike() -> None:
        nonlocal moves
        moves += 1
        if moves == crash_at:
            raise OSError(5, "the power went")

    def write(path: Path, octets: bytes) -> None:
        strike()
        write_whole(path, octets)

    def move(source: Path, target: Path) -> None:
        strike()
        move_whole(source, target)

    monkeypatch.setattr(outbox_module, "write_whole", write)
    monkeypatch.setattr(outbox_module, "move", move)
    with pytest.raises(TemporarilyUnavailableError):
        await _bank(tmp_path).deliver(FILE)
    assert _outbox(tmp_path) == []

    await _bank(tmp_path).deliver(FILE)
    assert _outbox(tmp_path) == [FILE.name]
    assert (tmp_path / "out" / FILE.name).read_text() == FILE.content
    (tmp_path / "out" / FILE.name).unlink()
    await _bank(tmp_path).deliver(FILE)
    assert _outbox(tmp_path) == []


async def test_a_crash_after_the_file_is_out_does_not_send_it_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def move_and_die(source: Path, target: Path) -> None:
        move_whole(source, target)
        target.unlink()  # the gateway is quick
        raise OSError(5, "the power went")

    with monkeypatch.context() as struck:
        struck.setattr(outbox_module, "move", move_and_die)
        with pytest.raises(TemporarilyUnavailableError):
            await _bank(tmp_path).deliver(FILE)

    await _bank(tmp_path).deliver(FILE)
    assert _outbox(tmp_path) == []


async def test_a_name_that_is_taken_by_another_file_is_refused(bank: FolderBank, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / FILE.name).write_text("somebody else's")

    with pytest.raises(RefusedError) as refused:
        await bank.deliver(FILE)

    assert refused.value.code == "duplicate-file"
    assert (tmp_path / "out" / FILE.name).read_text() == "somebody else's"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"content": FILE.content.replace("10.00", "99.00")}, "file-altered"),
        ({"name": "../elsewhere.xml"}, "file-name-invalid"),
        ({"name": ".hidden.xml"}, "file-name-invalid"),
        ({"name": "unfinished.tmp"}, "file-name-invalid"),
    ],
)
async def test_a_file_that_was_altered_or_leads_elsewhere_does_not_leave(
    bank: FolderBank, tmp_path: Path, change: dict[str, str], code: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        await bank.deliver(FILE.model_copy(update=change))

    assert refused.value.code == code
    assert not (tmp_path / "out").exists()


async def test_messages_keep_the_order_of_arrival_whatever_their_names_and_times_say(
    bank: FolderBank, tmp_path: Path
) -> None:
    inbox = tmp_path / "in"
    inbox.mkdir()
    for name in ("camt.053-north-11.xml", "camt.053-north-3.xml"):
        _put(inbox / name, at=5)
    first = await bank.messages("", 10)
    _put(inbox / "a-late-one.xml", at=1)
    later = await bank.messages(first[-1].key, 10)

    assert [each.name for each in first] == ["camt.053-north-3.xml", "camt.053-north-11.xml"]
    assert [each.name for each in later] == ["a-late-one.xml"]
    assert await _bank(tmp_path).messages("", 10) == first + later


async def test_a_file_that_changed_arrives_again_behind_the_cursor(bank: FolderBank, tmp_path: Path) -> None:
    inbox = tmp_path / "in"
    inbox.mkdir()
    _put(inbox / "m.xml", at=5)
    (before,) = await bank.messages("", 10)
    _put(inbox / "m.xml", at=6, content="<whole/>")

    (after,) = await bank.messages(before.key, 10)
    assert after.content == "<whole/>"
    assert await bank.messages("", 10) == (after,)


async def test_a_lost_or_torn_journal_lets_messages_arrive_again_and_loses_none(
    bank: FolderBank, tmp_path: Path
) -> None:
    inbox, journal = tmp_path / "in", tmp_path / "state" / "arrivals.jsonl"
    inbox.mkdir()
    _put(inbox / "1.xml", at=1)
    _put(inbox / "2.xml", at=2)
    first, second = await bank.messages("", 10)

    os.truncate(journal, journal.stat().st_size - 9)
    torn = await bank.messages(first.key, 10)
    assert [each.name for each in torn] == ["2.xml"]
    _put(inbox / "3.xml", at=3)
    assert [each.name for each in await bank.messages(torn[-1].key, 10)] == ["3.xml"]

    journal.unlink()
    later = FolderBank(tmp_path / "out", inbox, tmp_path / "state", lambda: NOW.replace(hour=10), 0)
    assert [each.name for each in await later.messages(second.key, 10)] == ["1.xml", "2.xml", "3.xml"]


async def test_what_is_still_written_or_hidden_is_left_alone(tmp_path: Path) -> None:
    inbox = tmp_path / "in"
    (inbox / "archive").mkdir(parents=True)
    for name in (".hidden.xml", "m.xml.part", "m.xml.tmp"):
        _put(inbox / name, at=1)
    (inbox / "link.xml").symlink_to("/etc/hostname")
    _put(inbox / "fresh.xml", at=NOW.timestamp() - 0.5)
    _put(inbox / "settled.xml", at=NOW.timestamp() - 2)
    _put(inbox / "tomorrow.xml", at=NOW.timestamp() + 86400)

    found = await _bank(tmp_path, settle_seconds=1).messages("", 10)

    assert [each.name for each in found] == ["settled.xml", "tomorrow.xml"]


async def test_two_readers_at_once_agree_on_the_keys(tmp_path: Path) -> None:
    inbox = tmp_path / "in"
    inbox.mkdir()
    for number in range(50):
        _put(inbox / f"m-{number}.xml", at=1)

    seen = await asyncio.gather(*(_bank(tmp_path).messages("", 100) for _ in range(4)))

    assert all(each == seen[0] for each in seen) and len({each.key for each in seen[0]}) == 50


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"\xef\xbb\xbf<a/>", "<a/>"),
        ("<a>é</a>".encode("utf-16"), "<a>é</a>"),
        (b'<?xml version="1.0" encoding="latin1"?><a/>', '<?xml version="1.0" encoding="latin1"?><a/>'),
        (b'<?xml encoding="ISO-8859-1"?><a>\xe9</a>', '<?xml encoding="ISO-8859-1"?><a>é</a>'),
        (b"<a>\xe9</a>", "<a>\ufffd</a>"),
    ],
)
def test_a_message_is_text_in_the_encoding_that_it_names(octets: bytes, text: str) -> None:
    assert decoded(octets) == text


async def test_bytes_in_a_wrong_encoding_become_a_fault(bank: FolderBank, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "m.xml").write_bytes(b'<?xml version="1.0" encoding="UTF-8"?><a>\xff\xfe</a>')

    (message,) = await bank.messages("", 10)

    assert "encoding" in BankMessages().read(message).fault


async def test_a_folder_that_cannot_be_had_is_a_bank_that_is_away(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    bank = connect(tmp_path / "file" / "out", tmp_path / "file" / "in")

    for call in (bank.health(), bank.messages("", 1), bank.deliver(FILE)):
        with pytest.raises(TemporarilyUnavailableError) as away:
            await call
        assert away.value.code == "folder-unavailable"


def _put(path: Path, *, at: float, content: str = "<m/>") -> None:
    """A file with a modification time of its own, in seconds since 1970."""
    path.write_text(content)
    os.utime(path, (at, at))
