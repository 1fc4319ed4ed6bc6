"""What is taken of a mail, and that no mail can do harm."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.maildir.letters import MAX_DOCUMENTS, UnusableLetterError, letter_of
from domain.capture import MAX_DOCUMENT_BYTES
from tests.fixtures.invoices import as_pdf, as_xml
from tests.fixtures.left_invoices import SENDER, a_mail

HERE = "mx.hospital.example"


def refused(content: bytes, authenticator: str = "") -> str:
    with pytest.raises(UnusableLetterError) as error:
        letter_of(content, authenticator)
    return error.value.fault.rule


def test_attachments_come_with_their_names_and_their_sender() -> None:
    letter = letter_of(bytes(a_mail(as_pdf(), as_pdf(number="B"), name="May/our invoice.pdf")))
    assert letter.sender == SENDER
    assert [document.content for document in letter.documents] == [as_pdf(), as_pdf(number="B")]
    assert {document.name for document in letter.documents} == {"our invoice.pdf"}


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("application/xml", "a"),
        ("text/xml", ""),
        ("application/vnd.oasis.ubl+xml", "a"),
        ("application/octet-stream", "A.XML"),
        ("application/octet-stream", "a.pdf"),
    ],
)
def test_documents_are_known_by_type_or_name(kind: str, name: str) -> None:
    mail = a_mail()
    mail.clear_content()
    main, sub = kind.split("/")
    mail.set_content(as_xml(), maintype=main, subtype=sub, filename=name)
    assert [document.content for document in letter_of(bytes(mail)).documents] == [as_xml()]


def test_what_is_no_document_is_left_out() -> None:
    mail = a_mail()
    mail.add_attachment(b"GIF89a", maintype="image", subtype="gif", filename="logo.gif")
    mail.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="a.exe")
    mail.add_attachment("<p>hello</p>", subtype="html", filename="a.html")
    mail.add_attachment(b"<svg/>", maintype="image", subtype="svg+xml", filename="a.svg")
    assert len(letter_of(bytes(mail)).documents) == 1


def test_a_mail_without_a_document_is_refused() -> None:
    mail = EmailMessage()
    mail["From"] = SENDER
    mail.set_content("Where is our money?")
    assert refused(bytes(mail)) == "no-attachment"
    assert refused(b"") == "sender-unclear"


def test_the_attachments_of_a_forwarded_mail_count_under_who_forwards() -> None:
    outer = EmailMessage()
    outer["From"] = "Ada <Ada@hospital.example>"
    outer.set_content("see below")
    outer.add_attachment(a_mail())
    letter = letter_of(bytes(outer))
    assert (letter.sender, len(letter.documents)) == ("ada@hospital.example", 1)


@pytest.mark.parametrize(
    "sender", [b"", b"From: \r\n", b"From: a@b.example, c@d.example\r\n", b"From: nobody\r\n", b"From: <@>\r\n"]
)
def test_a_mail_must_name_one_sender(sender: bytes) -> None:
    whole = bytes(a_mail()).replace(f"From: Acme <{SENDER}>\n".encode(), sender)
    assert SENDER.encode() not in whole
    assert refused(whole) == "sender-unclear"


def test_two_from_headers_name_nobody() -> None:
    assert refused(b"From: boss@hospital.example\r\n" + bytes(a_mail())) == "sender-unclear"


PASS = f"{HERE}; spf=pass smtp.mailfrom=x.example; dmarc=pass (p=reject) header.from=acme.example"


@pytest.mark.parametrize(
    ("results", "good"),
    [
        ([PASS], True),
        (["other.example; dmarc=fail", PASS], True),
        ([f"{HERE} 1; DMARC=pass header.from=Acme.Example"], True),
        ([], False),
        ([f"{HERE}; dmarc=fail header.from=acme.example"], False),
        ([f"{HERE}; spf=pass"], False),
        ([f"{HERE}; dmarc=fail (was dmarc=pass header.from=acme.example)"], False),
        ([f"{HERE}; dmarc=fail ( dmarc=pass header.from=acme.example (x) )"], False),
        ([f'{HERE}; dmarc=fail reason="; dmarc=pass header.from=acme.example ;"'], False),
        ([f"{HERE}; spf=fail ( ; dmarc=pass header.from=acme.example ;"], False),
        ([f"{HERE}; spf=pass dmarc=pass header.from=acme.example"], False),
        (["other.example; dmarc=pass header.from=acme.example"], False),
        ([f"{HERE}; dmarc=pass header.from=evil.example"], False),
        ([f'{HERE}; dmarc=fail reason="never closed', PASS], False),
        ([f"{HERE}; dmarc=fail header.from=acme.example", PASS], False),  # what lies below came with the mail
    ],
)
def test_our_own_mail_server_must_vouch_for_the_sender_where_that_is_asked(results: list[str], good: bool) -> None:
    mail = b"".join(f"Authentication-Results: {each}\r\n".encode() for each in results) + bytes(a_mail())
    if good:
        assert letter_of(mail, HERE).sender == SENDER
    else:
        assert refused(mail, HERE) == "sender-not-authentic"
    assert letter_of(mail).documents


def nested(depth: int) -> bytes:
    head = b"From: a@b.example\r\nMIME-Version: 1.0\r\n"
    inner = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in range(depth))
    return head + inner.encode() + b"Content-Type: application/pdf\r\n\r\n%PDF-\r\n"


def forwarded(depth: int) -> bytes:
    return b"From: a@b.example\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * depth + b"From: a@b.example\r\n\r\nx"


def test_hostile_mails_are_refused_and_nothing_else_happens() -> None:
    assert refused(nested(150)) == "too-many-parts"
    assert refused(nested(5_000)) == "too-many-parts"
    assert refused(forwarded(50)) == "too-many-parts"
    assert refused(forwarded(20_000)) == "header-too-long"
    assert refused(bytes(a_mail(*(as_pdf() for _ in range(MAX_DOCUMENTS + 1))))) == "too-many-documents"
    assert refused(bytes(a_mail(b"%PDF-" + b"0" * MAX_DOCUMENT_BYTES))) == "too-large"
    assert len(letter_of(nested(3)).documents) == 1


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(at=st.integers(0, 2_000), junk=st.binary(min_size=1, max_size=60))
def test_a_mail_with_junk_anywhere_ends_in_one_of_two_ways(at: int, junk: bytes) -> None:
    whole = bytes(a_mail())
    try:
        letter = letter_of(whole[:at] + junk + whole[at:])
    except UnusableLetterError as error:
        assert error.fault.rule
    else:
        assert letter.documents
        assert letter.model_dump_json(exclude={"documents"})
