"""Key files: made private, rotated without loss, read anew without a restart, refused when others may read them."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

import cli.commands.keys
from adapters.key_files import KeyFiles, KeyFilesError, add_key, make_current, make_missing, new_ring
from adapters.key_files.wire import text_of
from domain.keys import PURPOSES, KeyRing

AT = datetime(2026, 3, 2, 23, 59, tzinfo=UTC)
GOOD = base64.b64encode(b"k" * 32).decode()


def write(folder: Path, content: object, mode: int = 0o600) -> Path:
    path = folder / "payload.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    path.chmod(mode)
    return path


def test_new_rings_are_random_and_private(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    assert make_missing(folder, AT) == PURPOSES
    assert make_missing(folder, AT) == ()
    files = KeyFiles(folder)
    rings = [files.payload(), files.links(), files.checkpoint()]
    assert len({ring.current_key for ring in rings}) == 3
    assert all(ring.current.startswith("20260302-") for ring in rings)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        f"{purpose}.json": 0o600 for purpose in PURPOSES
    }


def test_a_ring_is_never_overwritten(tmp_path: Path) -> None:
    made = new_ring(tmp_path, "payload", AT)
    with pytest.raises(KeyFilesError, match="Rotate its keys instead"):
        new_ring(tmp_path, "payload", AT)
    assert KeyFiles(tmp_path).payload().current_key == made.current_key


def test_rotation_is_seen_without_a_restart_and_keeps_what_opens_the_old(tmp_path: Path) -> None:
    first = new_ring(tmp_path, "payload", AT)
    files = KeyFiles(tmp_path)
    assert files.payload().current == first.current
    second = add_key(tmp_path, "payload", AT, current=True)
    assert files.payload().current == second
    assert files.payload().key(first.current) == first.current_key
    prepared = add_key(tmp_path, "payload", AT, current=False)
    assert (files.payload().current, prepared in files.payload().ids) == (second, True)
    make_current(tmp_path, "payload", prepared)
    assert files.payload().current == prepared
    assert (tmp_path / "payload.json").stat().st_mode & 0o777 == 0o600


def test_rotations_at_the_same_time_lose_no_key(tmp_path: Path) -> None:
    new_ring(tmp_path, "payload", AT)
    rotations = [
        threading.Thread(target=add_key, args=(tmp_path, "payload", AT), kwargs={"current": True}) for _ in range(8)
    ]
    for each in rotations:
        each.start()
    for each in rotations:
        each.join()
    assert len(KeyFiles(tmp_path).payload().ids) == 9


@pytest.mark.parametrize(
    ("content", "because"),
    [
        ("{", "it is no JSON: line 1"),
        ([], "the members 'current' and 'keys'"),
        ({"current": "a", "keys": {"a": GOOD}, "more": 1}, "and no other"),
        ({"current": 1, "keys": {"a": GOOD}}, "'current' must be a text"),
        ({"current": "a", "keys": [GOOD]}, "an object of texts"),
        ({"current": "a", "keys": {"a": "not base64!"}}, "'a' is not base64"),
        ({"current": "a", "keys": {"a": 7}}, "'a' is not base64"),
        ({"current": "a", "keys": {"a": "c2hvcnQ="}}, "has 5 bytes instead of 32"),
        ({"current": "b", "keys": {"a": GOOD}}, "'b' is not in the ring"),
        (f'{{"current": "a", "keys": {{"a": "{GOOD}", "a": "{GOOD}"}}}}', "the same member twice"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_name(tmp_path: Path, content: object, because: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(KeyFilesError, match=because) as caught:
        KeyFiles(tmp_path).payload()
    assert str(path) in str(caught.value)
    assert GOOD not in str(caught.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "payload.json").write_bytes(b"\xff\xfe")
    (tmp_path / "payload.json").chmod(0o600)
    with pytest.raises(KeyFilesError, match="not UTF-8"):
        KeyFiles(tmp_path).payload()


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o620, 0o666])
def test_a_file_that_others_may_read_or_a_group_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    write(tmp_path, {"current": "a", "keys": {"a": GOOD}}, mode)
    with pytest.raises(KeyFilesError, match="chmod 600"):
        KeyFiles(tmp_path).payload()


def test_a_missing_ring_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(KeyFilesError, match="corridor keys new links"):
        KeyFiles(tmp_path).links()
    with pytest.raises(KeyFilesError, match="corridor keys new payload"):
        add_key(tmp_path, "payload", AT, current=True)


def test_a_key_that_is_not_there_is_not_made_current(tmp_path: Path) -> None:
    new_ring(tmp_path, "payload", AT)
    with pytest.raises(KeyFilesError, match="'gone' is not in the ring"):
        make_current(tmp_path, "payload", "gone")


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "keys").touch()
    with pytest.raises(KeyFilesError, match="cannot be used as the folder of keys"):
        new_ring(tmp_path / "keys", "payload", AT)


@pytest.mark.parametrize("slip", [lambda path: path.write_text("{"), lambda path: path.unlink()])
def test_a_slip_leaves_the_last_good_ring_in_use_and_is_reported(
    tmp_path: Path, slip: Callable[[Path], object]
) -> None:
    made = new_ring(tmp_path, "payload", AT)
    files, path = KeyFiles(tmp_path), tmp_path / "payload.json"
    files.payload()
    slip(path)
    with capture_logs() as logs:
        assert files.payload().current_key == made.current_key
    assert [(line["event"], line["log_level"]) for line in logs] == [("keys.kept_last_good_ring", "error")]
    assert text_of(made) not in str(logs)
    mended = KeyRing("mended", {"mended": b"m" * 32})
    path.write_text(text_of(mended))
    path.chmod(0o600)
    os.utime(path, ns=(1, 1))
    assert files.payload().current == "mended"


def test_the_commands_print_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def end(code: int) -> None:
        raise SystemExit(code)

    monkeypatch.setattr(cli.commands.keys, "exit_settled", end)

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(cli.commands.keys.app, [*arguments, "--directory", str(tmp_path)])
        return result.exit_code, result.output

    ran = [run("new", "payload"), run("rotate", "payload"), run("rotate", "payload", "--prepare")]
    ring = KeyFiles(tmp_path).payload()
    assert ring.current == ring.ids[1]
    ran += [run("rotate", "payload", "--to", ring.ids[2]), run("list"), run("list", "--json")]
    assert [code for code, _ in ran] == [0] * 6
    listed = json.loads(ran[-1][1])
    assert [(row["id"], row["current"]) for row in listed] == [
        (ring.ids[0], False),
        (ring.ids[1], False),
        (ring.ids[2], True),
    ]
    refused = [run("new", "payload"), run("rotate", "links"), run("rotate", "payload", "--to", "gone")]
    assert [code for code, _ in refused] == [1] * 3
    said = "".join(output for _, output in ran + refused)
    for each in ring.keys.values():
        assert base64.b64encode(each).decode() not in said
        assert each.hex() not in said
