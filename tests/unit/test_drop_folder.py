"""Which files of a drop folder are taken, when, and for whom."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from adapters.drop_folder import DropFolder
from domain.capture import MAX_DOCUMENT_BYTES
from tests.fixtures.invoices import as_json


def taken(folder: Path) -> list[str]:
    source = DropFolder(folder)
    source.waiting(100)
    return list(source.waiting(100))


def test_a_file_is_complete_when_it_stays_as_it_is(tmp_path: Path) -> None:
    source, file = DropFolder(tmp_path), tmp_path / "a.xml"
    file.write_bytes(b"<inv")
    assert source.waiting(9) == ()
    file.write_bytes(b"<invoice/>")
    assert source.waiting(9) == ()
    assert source.waiting(9) == ("a.xml",)


@pytest.mark.parametrize("name", [".a.xml", "a.xml.part", "a.PART", "a.pdf.tmp", "a.filepart", "a.crdownload"])
def test_unfinished_copies_are_left_alone(tmp_path: Path, name: str) -> None:
    DropFolder(tmp_path)
    (tmp_path / name).write_bytes(as_json())
    assert taken(tmp_path) == []


def test_a_copy_that_gets_its_name_at_last_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a.xml.part").write_bytes(as_json())
    assert taken(tmp_path) == []
    (tmp_path / "a.xml.part").rename(tmp_path / "a.xml")
    assert taken(tmp_path) == ["a.xml"]


def test_links_pipes_and_deeper_folders_are_left_alone(tmp_path: Path) -> None:
    folder, outside = tmp_path / "drop", tmp_path / "secret.xml"
    outside.write_bytes(b"<secret/>")
    source = DropFolder(folder)
    (folder / "link.xml").symlink_to(outside)
    (folder / "elsewhere").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.xml")
    (folder / "north" / "deeper").mkdir(parents=True)
    (folder / "north" / "deeper" / "a.xml").write_bytes(as_json())
    (folder / "No Facility").mkdir()
    (folder / "No Facility" / "a.xml").write_bytes(as_json())
    source.waiting(9)
    assert source.waiting(9) == ()
    assert source.take("link.xml") is None


def test_a_sub_folder_says_whose_they_are(tmp_path: Path) -> None:
    (tmp_path / "north").mkdir()
    (tmp_path / "north" / "a.json").write_bytes(as_json())
    (tmp_path / "b.json").write_bytes(as_json())
    source = DropFolder(tmp_path)
    source.waiting(9)
    found = {key: source.take(key) for key in source.waiting(9)}
    of_north, of_nobody = found["north/a.json"], found["b.json"]
    assert of_north is not None
    assert of_nobody is not None
    assert (of_north.sender, of_north.documents[0].facility, of_north.documents[0].name) == ("north", "north", "a.json")
    assert (of_nobody.sender, of_nobody.documents[0].facility) == ("", None)
    source.done(of_north)
    assert [path.parent.name for path in (tmp_path / "done").rglob("*a.json")] == ["north"]


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "a.pdf").open("wb") as file:
        file.truncate(MAX_DOCUMENT_BYTES + 1)
    source = DropFolder(tmp_path)
    source.waiting(9)
    found = source.take("a.pdf")
    assert found is not None
    assert ([fault.rule for fault in found.faults], found.documents) == (["too-large"], ())


@pytest.mark.parametrize("name", [b"\xff\xfe.json", ("ä" * 120).encode() + b".json", b"a\nb.json", b"~9~x.json"])
def test_any_name_can_be_taken_and_told(tmp_path: Path, name: bytes) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(as_json())
    source = DropFolder(tmp_path)
    source.waiting(9)
    (key,) = source.waiting(9)
    found = source.take(key)
    assert found is not None
    text = found.documents[0].name
    assert text.encode().decode() == text
    assert text.isprintable()
    source.refused(found, ())
    assert len(list((tmp_path / "refused").glob("*.problem.json"))) == 1


def test_foreign_files_in_working_are_nobodys(tmp_path: Path) -> None:
    source = DropFolder(tmp_path)
    (tmp_path / "working" / "_").mkdir()
    (tmp_path / "working" / "_" / "notes.txt").write_text("do not touch")
    source.waiting(9)
    assert source.waiting(9) == ()
    assert source.take("working/_/notes.txt") is None
