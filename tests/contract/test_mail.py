"""Mail to people and suppliers, through a real SMTP session."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from pydantic import SecretStr

from adapters.mail.notifier import MailNotifier
from adapters.mail.suppliers import MailSupplierChannel
from adapters.memory.suppliers import MemorySupplierChannel
from domain.outside_errors import OutsideError, RefusedError, TemporarilyUnavailableError
from domain.people import Person
from tests.fixtures.evidence import CASE, START, a_notice
from tests.fixtures.mail import SmtpSink
from tests.fixtures.orders import a_dispatch


class People:
    """A directory of three, of whom one has left."""

    def __init__(self) -> None:
        self._people = {
            name: Person(
                person=name,
                name=name,
                email=f"{name}@hospital.example" if name != "d.mute" else "",
                facility="north",
                roles=("buyer",),
                active=name != "c.gone",
            )
            for name in ("a.buyer", "b.buyer", "c.gone", "d.mute")
        }

    async def person(self, person: str) -> Person | None:
        return self._people.get(person)

    async def holders(self, role: str, facility: str) -> tuple[Person, ...]:
        return tuple(p for p in self._people.values() if p.active and role in p.roles and p.facility == facility)

    async def superiors(self, person: str) -> tuple[Person, ...]:
        found = self._people.get(person)
        manager = self._people.get(found.manager) if found is not None and found.manager is not None else None
        return (manager,) if manager is not None else ()


def _notifier(sink: SmtpSink, **changes: object) -> MailNotifier:
    return MailNotifier(People(), sink.settings(**changes), lambda: START)


def _supplier_channel(sink: SmtpSink, **changes: object) -> MailSupplierChannel:
    return MailSupplierChannel(sink.settings(**changes), lambda: datetime(2026, 3, 3, 2, tzinfo=UTC))


async def test_a_notice_reaches_each_person_whom_it_concerns_once(smtp_sink: SmtpSink) -> None:
    notice = a_notice("N-1", role="buyer", people=("a.buyer", "c.gone", "nobody"), data={"task_id": "T 1/2"})
    proof = await _notifier(smtp_sink).send(notice)
    assert "OK, kept" in proof
    assert smtp_sink.envelopes == [["a.buyer@hospital.example", "b.buyer@hospital.example"]]
    (mail,) = smtp_sink.mails
    assert mail["Subject"] == f"[{CASE}] Please approve"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/plain"
    assert "https://portal.hospital.example/v1/tasks/T%201%2F2" in mail.get_content()
    assert mail["Message-ID"] in proof


async def test_the_same_notice_is_the_same_mail_and_a_case_is_one_thread(smtp_sink: SmtpSink) -> None:
    notifier = _notifier(smtp_sink)
    for notice_id in ("N-1", "N-1", "N-2"):
        await notifier.send(a_notice(notice_id, people=("a.buyer",)))
    ids = [mail["Message-ID"] for mail in smtp_sink.mails]
    assert ids[0] == ids[1] != ids[2]
    assert len({mail["References"] for mail in smtp_sink.mails}) == 1
    assert "/v1/cases/procure-to-pay.north.REQ-1" in smtp_sink.mails[0].get_content()


async def test_a_notice_of_no_case_names_none_and_is_no_thread(smtp_sink: SmtpSink) -> None:
    notice = a_notice("N-1", people=("a.buyer",)).model_copy(update={"case_id": ""})
    await _notifier(smtp_sink).send(notice)
    (mail,) = smtp_sink.mails
    assert (mail["Subject"], mail["References"]) == ("Please approve", None)
    assert "Case:" not in mail.get_content()
    assert "http" not in mail.get_content()


async def test_a_notice_never_carries_its_data(smtp_sink: SmtpSink) -> None:
    await _notifier(smtp_sink).send(a_notice("N-1", people=("a.buyer",), data={"note": "something private"}))
    assert "something private" not in smtp_sink.mails[0].as_string()


async def test_a_subject_cannot_smuggle_in_a_header(smtp_sink: SmtpSink) -> None:
    notice = a_notice("N-1", people=("a.buyer",), subject="Hello\r\nBcc: evil@example.org\x00 ümlaut " + "x" * 500)
    await _notifier(smtp_sink).send(notice)
    (mail,) = smtp_sink.mails
    assert mail["Bcc"] is None
    assert "Hello Bcc: evil@example.org ümlaut" in mail["Subject"]
    assert len(mail["Subject"]) <= 180


async def test_a_notice_for_systems_only_is_no_mail(smtp_sink: SmtpSink) -> None:
    assert await _notifier(smtp_sink).send(a_notice("N-1", people=())) == "addressed to nobody in person"
    assert smtp_sink.mails == []


async def test_a_notice_that_reaches_nobody_is_refused(smtp_sink: SmtpSink) -> None:
    for notice in (a_notice("N-1", people=("c.gone", "d.mute")), a_notice("N-2", people=(), role="auditor")):
        with pytest.raises(RefusedError) as caught:
            await _notifier(smtp_sink).send(notice)
        assert caught.value.code == "nobody-to-tell"


async def test_one_refused_recipient_does_not_keep_the_mail_from_the_others(smtp_sink: SmtpSink) -> None:
    smtp_sink.refuse = {"a.buyer@hospital.example": "550 no such user"}
    proof = await _notifier(smtp_sink).send(a_notice("N-1", people=(), role="buyer"))
    assert smtp_sink.envelopes == [["b.buyer@hospital.example"]]
    assert "a.buyer@hospital.example: 550" in proof


@pytest.mark.parametrize(
    ("recipient", "answer", "kind", "code"),
    [
        ("550 no such user", "250 OK", RefusedError, "recipients-refused"),
        ("450 mailbox busy", "250 OK", TemporarilyUnavailableError, "recipients-deferred"),
        (None, "554 looks like spam", RefusedError, "smtp-554"),
        (None, "451 try again later", TemporarilyUnavailableError, "smtp-451"),
    ],
)
async def test_answers_are_told_apart(
    smtp_sink: SmtpSink, recipient: str | None, answer: str, kind: type[OutsideError], code: str
) -> None:
    smtp_sink.answer = answer
    if recipient:
        smtp_sink.refuse = {"orders@acme.example": recipient}
    with pytest.raises(kind) as caught:
        await _supplier_channel(smtp_sink).send_order(a_dispatch())
    assert (caught.value.system, caught.value.code) == ("mail", code)


async def test_our_own_wrong_settings_park_nothing(smtp_sink: SmtpSink) -> None:
    notice = a_notice("N-1", people=("a.buyer",))
    for changes in (
        {"username": "corridor", "password": SecretStr("mistaken-word")},
        {"security": "starttls"},  # which this server does not offer
        {"security": "tls"},
        {"port": 1},
    ):
        with pytest.raises(TemporarilyUnavailableError) as caught:
            await _notifier(smtp_sink, **changes).send(notice)
        assert "mistaken-word" not in str(caught.value)
    await _notifier(smtp_sink, username="corridor", password=SecretStr("right")).send(notice)
    assert len(smtp_sink.mails) == 1


async def test_a_server_that_stays_silent_is_given_up() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        sink = SmtpSink(port=server.sockets[0].getsockname()[1])
        with pytest.raises(TemporarilyUnavailableError):
            await _notifier(sink, timeout_seconds=0.05).send(a_notice("N-1", people=("a.buyer",)))


def _attachments(mail: EmailMessage) -> dict[str, bytes]:
    found = {}
    for part in mail.iter_attachments():
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        found[str(part.get_filename())] = content
    return found


async def test_a_header_begins_on_the_line_of_its_name(smtp_sink: SmtpSink) -> None:
    """Not every receiver reads one that begins on the next, and the Message-ID tells it a mail that comes twice."""
    long = a_dispatch().facility.model_copy(update={"name": "Shared-Service Centre"})
    await _supplier_channel(smtp_sink).send_order(a_dispatch(facility=long, occasion="cancellation"))
    head = smtp_sink.raw[0].partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")
    assert [line for line in head if line.endswith(":")] == []
    (told,) = [line for line in head if line.startswith("Message-ID: ")]
    assert told.endswith(">")


async def test_an_order_goes_out_with_its_documents_and_proof(smtp_sink: SmtpSink) -> None:
    proof = await _supplier_channel(smtp_sink, reply_to="buying@hospital.example").send_order(a_dispatch())
    (mail,) = smtp_sink.mails
    files = _attachments(mail)
    assert sorted(files) == ["PO-2026-0007.pdf", "PO-2026-0007.xml"]
    assert files["PO-2026-0007.pdf"].startswith(b"%PDF")
    assert b"<cbc:ID>PO-2026-0007</cbc:ID>" in files["PO-2026-0007.xml"]
    assert proof.document_sha256 == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    assert (proof.recipient, proof.message_id) == ("orders@acme.example", mail["Message-ID"])
    assert "kept" in proof.answer
    assert mail["Subject"] == "Purchase order PO-2026-0007 from North Hospital"
    assert mail["Reply-To"] == "buying@hospital.example"


async def test_an_undated_order_is_of_the_day_at_the_facility(smtp_sink: SmtpSink) -> None:
    await _supplier_channel(smtp_sink).send_order(a_dispatch(issued_on=None))
    (xml,) = (content for name, content in _attachments(smtp_sink.mails[0]).items() if name.endswith("xml"))
    assert b"<cbc:IssueDate>2026-03-02</cbc:IssueDate>" in xml  # in Chicago it is still the evening before


async def test_a_repeated_key_repeats_the_message_id(smtp_sink: SmtpSink) -> None:
    channel = _supplier_channel(smtp_sink)
    first = await channel.send_order(a_dispatch())
    again = await channel.send_order(a_dispatch())
    reminder = await channel.send_order(a_dispatch(key="reminder-1", occasion="reminder"))
    assert first.message_id == again.message_id != reminder.message_id
    assert first.document_sha256 == again.document_sha256 == reminder.document_sha256
    assert smtp_sink.mails[2]["Subject"].startswith("Reminder: ")


@pytest.mark.parametrize("occasion", ["change", "cancellation"])
async def test_later_versions_do_not_look_like_the_first(smtp_sink: SmtpSink, occasion: str) -> None:
    await _supplier_channel(smtp_sink).send_order(a_dispatch(occasion=occasion, version=2))
    (mail,) = smtp_sink.mails
    assert sorted(_attachments(mail)) == [f"PO-2026-0007-{occasion}-2.{kind}" for kind in ("pdf", "xml")]


@pytest.mark.parametrize("address", ["", "nobody", "a@b\r\nRCPT TO:<x@y>", "a@b, c@d", "<a@b>"])
async def test_a_supplier_without_a_good_address_is_refused(smtp_sink: SmtpSink, address: str) -> None:
    dispatch = a_dispatch()
    supplier = dispatch.supplier.model_copy(update={"email": address})
    with pytest.raises(RefusedError) as caught:
        await _supplier_channel(smtp_sink).send_order(dispatch.model_copy(update={"supplier": supplier}))
    assert caught.value.code == "no-address"
    assert smtp_sink.mails == []


async def test_the_channel_in_memory_sends_once_for_a_key() -> None:
    channel = MemorySupplierChannel(lambda: START)
    first = await channel.send_order(a_dispatch())
    assert await channel.send_order(a_dispatch()) == first
    assert list(channel.sent) == [a_dispatch().key]
    dispatch = a_dispatch(key="another-key")
    mute = dispatch.model_copy(update={"supplier": dispatch.supplier.model_copy(update={"email": ""})})
    with pytest.raises(RefusedError):
        await channel.send_order(mute)


async def test_a_server_that_takes_mail_says_so_and_gets_none(smtp_sink: SmtpSink) -> None:
    login = {"username": "corridor", "password": SecretStr("right")}
    await _supplier_channel(smtp_sink).health()
    await _supplier_channel(smtp_sink, **login).health()
    assert smtp_sink.mails == []


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"security": "starttls"}, {"security": "tls"}])
async def test_a_server_that_would_take_no_mail_of_ours_does_not_count_as_there(
    smtp_sink: SmtpSink, wrong: dict[str, str]
) -> None:
    settings = {"username": "corridor", "password": "right", "timeout_seconds": 1, **wrong}
    with pytest.raises(TemporarilyUnavailableError):
        await _supplier_channel(smtp_sink, **settings).health()


async def test_a_server_that_is_gone_does_not_count_as_there() -> None:
    with pytest.raises(TemporarilyUnavailableError):
        await _supplier_channel(SmtpSink(port=9)).health()
