"""Answers to suppliers: what leaves by mail, and that memory does the same."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest

from adapters.mail.supplier_answers import MailSupplierAnswers
from adapters.memory.supplier_answers import MemorySupplierAnswers
from domain.outside_errors import RefusedError, TemporarilyUnavailableError
from domain.ports.supplier_answers import SupplierAnswers
from domain.supplier_answers import Clarification
from tests.fixtures.mail import SmtpSink
from tests.fixtures.supplier_answers import ACCOUNT, ACME, a_remittance, an_answer, an_item, usd

_AT = datetime(2026, 11, 20, 15, tzinfo=UTC)


def _mail(sink: SmtpSink) -> MailSupplierAnswers:
    return MailSupplierAnswers(sink.settings(reply_to="ap@hospital.example"), lambda: _AT)


@pytest.fixture(params=["mail", "memory"])
def answers(request: pytest.FixtureRequest) -> SupplierAnswers:
    if request.param == "memory":
        return MemorySupplierAnswers()
    return _mail(request.getfixturevalue("smtp_sink"))


async def test_the_same_key_is_the_same_message(answers: SupplierAnswers) -> None:
    first, again = await answers.answer_invoice(an_answer()), await answers.answer_invoice(an_answer())
    other = await answers.answer_invoice(an_answer(key="case-1:answer:2"))
    remitted = await answers.send_remittance(a_remittance(an_item("A-1", "10.00"), key=an_answer().key))

    assert first == again and first.recipient == "orders@acme.example"
    assert len({first.message_id, other.message_id, remitted.message_id}) == 3
    assert remitted.recipient == "ar@acme.example"


async def test_a_supplier_without_an_address_is_refused(answers: SupplierAnswers) -> None:
    silent = ACME.model_copy(update={"email": "", "remittance_email": ""})

    for call in (
        answers.answer_invoice(an_answer(supplier=silent)),
        answers.send_remittance(a_remittance(an_item("A-1", "10.00"), supplier=silent)),
    ):
        with pytest.raises(RefusedError) as refused:
            await call
        assert refused.value.code == "no-address"


async def test_an_answer_says_in_words_what_its_document_says_in_codes(smtp_sink: SmtpSink) -> None:
    clarification = Clarification(reason="PRI", action="CNP", text="line 2: 12.00 billed, 10.00 agreed")
    proof = await _mail(smtp_sink).answer_invoice(
        an_answer(status="CA", clarifications=(clarification,), disputed=usd("20"))
    )
    (mail,) = smtp_sink.mails
    (document,) = mail.iter_attachments()
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()

    assert mail["Subject"] == "Your invoice INV/77: conditionally accepted"
    assert mail["Message-ID"].strip() == proof.message_id and mail["Reply-To"] == "ap@hospital.example"
    assert "prices are not as agreed" in text and "credit note for a part" in text and "20.00 USD" in text
    assert document.get_filename() == "invoice-response-INV-77.xml"
    content = document.get_payload(decode=True)
    assert isinstance(content, bytes)
    assert proof.document_sha256 == {"invoice-response-INV-77.xml": hashlib.sha256(content).hexdigest()}


async def test_a_remittance_carries_both_forms_and_a_masked_account(smtp_sink: SmtpSink) -> None:
    items = (an_item("A-1", "100.00", "2.00"), an_item("C-1", "-30.00"))
    proof = await _mail(smtp_sink).send_remittance(a_remittance(*items))
    (mail,) = smtp_sink.mails
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()

    assert sorted(proof.document_sha256) == ["remittance-PABCDEFGHIJKLMN.csv", "remittance-PABCDEFGHIJKLMN.xml"]
    assert "invoice A-1: 98.00 USD (of 100.00 USD, discount 2.00 USD)" in text
    assert "credit note C-1: -30.00 USD" in text and "Total: 68.00 USD" in text
    assert "…5544" in text and ACCOUNT.account_number not in mail.as_string()


async def test_a_server_that_is_away_is_tried_again_later(smtp_sink: SmtpSink) -> None:
    smtp_sink.answer = "451 come back later"

    with pytest.raises(TemporarilyUnavailableError):
        await _mail(smtp_sink).answer_invoice(an_answer())
    assert smtp_sink.mails == []


async def test_a_duplicate_is_told_apart_from_a_rejection(smtp_sink: SmtpSink) -> None:
    await _mail(smtp_sink).answer_invoice(an_answer(status="RE", duplicate=True))
    (mail,) = smtp_sink.mails
    body = mail.get_body(("plain",))
    assert body is not None
    assert mail["Subject"] == "Your invoice INV/77: received before, the first one stands"
    assert "is received before, the first one stands." in body.get_content()
    assert "rejected" not in body.get_content()
