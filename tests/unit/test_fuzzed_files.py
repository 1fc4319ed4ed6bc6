"""Files and mails made bad on purpose: each ends in what its reader declares, in bounded time and memory."""

from __future__ import annotations

import tempfile
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given

from adapters.bank_folder.inbox import decoded
from adapters.bank_messages.reader import BankMessages
from adapters.exclusion_lists import leie, sam
from adapters.hr_files.reading import CsvRows, facts_of
from adapters.list_files import ListFileError, parse_table
from adapters.maildir.letters import MAX_HEADERS, UnusableLetterError, letter_of
from adapters.policy_files.yaml_source import read_source
from cli.demo.hires.writing import write_hr_file
from domain.hire_file import HeaderError, read_header, read_row
from domain.payment import BankMessage, ReadBankMessage
from domain.policy.documents import FacilityDocument
from domain.policy.source import PolicyFilesError
from domain.ports.hire_files import UnreadableFileError
from tests.fixtures.fuzzing import bounded, fuzzed, mutated
from tests.http.hr_office import hired
from tests.unit.test_bank_messages import (
    ACKNOWLEDGEMENT,
    BAI2,
    _entry,
    _group,
    _payment,
    _return_file,
    _statement,
    _status,
)
from tests.unit.test_exclusion_lists import SAM, row, text

SECONDS, MEBIBYTES = 10, 300
HR = [write_hr_file([hired(1), hired(2)]).encode(), write_hr_file([hired(1)]).encode("utf-16")]
LISTS = [
    text(row(), row("SMITH", "JOHN", npi="1234567893")).encode(),
    f'{SAM}\r\n"Individual","","","ELLEN","","ROSEWATER","","ALBANY","NY","Ineligible","01/02/2020","Indefinite","S4M",""\r\n'.encode(),
]
BANK = [
    each.encode()
    for each in (
        _status(_group("ACCP") + _payment("P1", "RJCT", "AC04", "closed")),
        _statement(_entry("100.00", "DBIT", "P1")),
        _return_file(),
        BAI2,
        ACKNOWLEDGEMENT,
    )
]
POLICIES = [Path("policies/north.yaml").read_bytes(), Path("policies/elm-clinic.yaml").read_bytes()]


def _letter() -> bytes:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "Acme <bills@acme.example>", "ap@north.example", "Invoice 42"
    letter["Authentication-Results"] = "mx.north.example; dmarc=pass (p=reject) header.from=acme.example"
    letter.set_content("See the attachment.")
    letter.add_attachment(b"<Invoice/>", maintype="application", subtype="xml", filename="INV-42.xml")
    return letter.as_bytes()


MAIL = [_letter()]


@given(mutated(HR))
@fuzzed(120)
def test_hr_files(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder, bounded(SECONDS, MEBIBYTES):
        path = Path(folder, "hires-full-20260302.csv")
        path.write_bytes(content)
        try:
            cells = iter(CsvRows(path, facts_of(path), end_required=True))
            line, names = next(cells)
            header = read_header(names, line)
            for number, each in cells:
                read = read_row(each, header, number)
                assert read.faults or read.hire or read.ends
        except (UnreadableFileError, HeaderError) as error:
            assert str(error)


@given(mutated(LISTS))
@fuzzed(120)
def test_lists_of_the_excluded(content: bytes) -> None:
    with bounded(SECONDS, MEBIBYTES):
        for read in (leie.entries, sam.entries):
            try:
                read(parse_table("list.csv", content))
            except ListFileError as error:
                assert str(error)


@given(mutated(BANK))
@fuzzed(150)
def test_messages_of_banks(content: bytes) -> None:
    with bounded(SECONDS, MEBIBYTES):
        read = BankMessages().read(BankMessage(key="7", name="message", content=decoded(content)))
        assert not (read.fault and (read.facts or read.balances))
        assert len(read.fault) <= 300
        assert ReadBankMessage.model_validate_json(read.model_dump_json()) == read


@given(mutated(POLICIES))
@fuzzed(60)
def test_policies(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder, bounded(SECONDS, MEBIBYTES):
        path = Path(folder, "north.yaml")
        path.write_bytes(content)
        try:
            source, faults = read_source(path)
            policy, more = source.read(FacilityDocument)
            assert policy is not None or faults or more
        except PolicyFilesError as error:
            assert error.faults


@given(mutated(MAIL))
@fuzzed(120)
def test_mails(content: bytes) -> None:
    with bounded(SECONDS, MEBIBYTES):
        try:
            assert letter_of(content, "mx.north.example").documents
        except UnusableLetterError as error:
            assert error.fault.message


@pytest.mark.parametrize(
    "instead",
    [b'"\\"', b"a ", b"a.", b"(", b"a@b.example, ", b"=?utf-8?q?a?= ", b"\r\n \\"],
    ids=["quotes", "words", "dots", "remarks", "addresses", "encoded-words", "folded"],
)
@pytest.mark.parametrize("header", [b"Acme <bills@acme.example>", b"mx.north.example;", b"attachment;"])
def test_a_header_without_end_is_not_read(header: bytes, instead: bytes) -> None:
    assert header in MAIL[0]
    with bounded(SECONDS, MEBIBYTES), pytest.raises(UnusableLetterError) as caught:
        letter_of(MAIL[0].replace(header, instead * 100_000 + header, 1), "mx.north.example")
    assert caught.value.fault.rule == "header-too-long"


def test_headers_without_number_are_not_read() -> None:
    many = b"Authentication-Results: (" + b"a" * 4_000 + b")\r\n"
    with bounded(SECONDS, MEBIBYTES), pytest.raises(UnusableLetterError) as caught:
        letter_of(many * (MAX_HEADERS // 4_000 + 1) + MAIL[0], "mx.north.example")
    assert caught.value.fault.rule == "header-too-long"
