"""NACHA: 94 columns, blocks of ten, totals and hashes; checked by two other readers of the format."""

from __future__ import annotations

import re
from decimal import Decimal

import achkit  # type: ignore[import-untyped]  # carries no types
import mockbank.validate  # type: ignore[import-untyped]  # carries no types
import pytest
from hypothesis import given, settings

from adapters.payment_files import PaymentFileError, nacha_file
from domain.invoice import PayeeAccount
from domain.money import Money
from domain.payment import Payment, PaymentFile
from tests.fixtures.paid import CREATED, item, payment, payments
from tests.fixtures.payable import ACH, DEBTOR, IBAN, MONDAY, usd

OTHER = PayeeAccount(routing_number="122000247", account_number="99-1 2")
credits_ = payments("ach", (ACH, OTHER))


def written(*given_: Payment) -> PaymentFile:
    return nacha_file(given_, DEBTOR, CREATED, 2)


def records(file: PaymentFile, code: str) -> list[str]:
    return [line for line in file.content.splitlines() if line[0] == code and set(line) != {"9"}]


def test_one_invoice_is_a_ccd_entry_with_one_addenda() -> None:
    file = written(payment(1, item("INV-42", "1000.00", "20.00")))
    (header,), (batch,) = records(file, "1"), records(file, "5")
    assert header[:40] == "101 09100001912345678902611231405C094101"
    assert header[40:] == "WELLS FARGO            NORTH HOSPITAL                 "
    assert batch[:63] == "5220NORTH HOSPITAL                      1234567890CCDVENDOR PMT"
    assert batch[69:] == "261123   1091000010000001"
    (entry,), (addenda,) = records(file, "6"), records(file, "7")
    assert entry[:39] == "6220210000211002003004       0000098000"
    assert entry[39:54] == file.payments[0] and entry[54:76].strip() == "MEDLINE"
    assert entry[76:] == "  1091000010000001"
    assert addenda[:83].rstrip() == r"705RMR*IV*INV-42**980.00*1000.00*20.00" + "\\"
    assert addenda[83:] == "00010000001"
    assert records(file, "8")[0][4:44] == "0000020002100002000000000000000000098000"
    assert records(file, "9")[0][:55] == "9000001000001000000020002100002000000000000000000098000"


def test_several_documents_are_a_ctx_entry_with_an_820() -> None:
    file = written(payment(1, item("INV-1", 100, 2), item("INV-2", 50, reference="PO*9"), item("CN-1", -30)))
    (entry,) = records(file, "6")
    addenda = records(file, "7")
    assert records(file, "5")[0][50:53] == "CTX"
    assert entry[54:58] == f"{len(addenda):04d}" and entry[58:74].strip() == "MEDLINE" and entry[78] == "1"
    segments = "".join(line[3:83] for line in addenda).rstrip().split("\\")
    assert segments == [
        "ST*820*0001",
        "BPR*C*118.00*C*ACH*CTX***********20261123",
        f"TRN*1*{file.payments[0]}",
        "N1*PE*Medline",
        "ENT*1",
        "RMR*IV*INV-1**98.00*100.00*2.00",
        "DTM*003*20261123",
        "RMR*IV*INV-2**50.00*50.00",
        "REF*ZZ*PO.9",
        "DTM*003*20261123",
        "RMR*CL*CN-1**-30.00*-30.00",
        "DTM*003*20261123",
        "SE*13*0001",
        "",
    ]
    assert [line[83:87] for line in addenda] == [f"{number:04d}" for number in range(1, len(addenda) + 1)]


def test_batches_part_days_and_entry_classes() -> None:
    later = MONDAY.replace(day=24)
    both = (item("A", 1), item("B", 2))
    file = written(payment(1), payment(2, pay_on=later), payment(3, *both), payment(4, *both, pay_on=later))
    assert [(line[50:53], line[69:75], line[87:]) for line in records(file, "5")] == [
        ("CCD", "261123", "0000001"),
        ("CTX", "261123", "0000002"),
        ("CCD", "261124", "0000003"),
        ("CTX", "261124", "0000004"),
    ]
    traces = [line[79:] for line in records(file, "6")]
    assert traces == sorted(traces) and len(set(traces)) == 4


@settings(max_examples=60, deadline=None)
@given(credits_)
def test_any_name_gives_a_file_whose_totals_and_hashes_agree(given_: list[Payment]) -> None:
    file = written(*given_)
    lines = file.content.split("\n")
    assert lines.pop() == "" and len(lines) % 10 == 0
    assert all(len(line) == 94 and re.fullmatch("[ -~]+", line) for line in lines)
    assert achkit.validate(file.content) == {"ok": True, "errors": []}
    total = sum((each.amount.amount for each in given_), Decimal(0))
    parsed = achkit.parse(file.content)
    entries = [entry for batch in parsed["batches"] for entry in batch["entries"]]
    assert sum(entry["amount_cents"] for entry in entries) == parsed["control"]["total_credit"] == total * 100
    assert {entry["id_number"] for entry in entries} == {each.payment_id for each in given_}
    assert int(parsed["control"]["entry_hash"]) == sum(int(each.account.routing_number[:8]) for each in given_)
    assert file.content == written(*reversed(given_)).content


@settings(max_examples=40, deadline=None)
@given(credits_)
def test_a_bank_reads_back_what_was_sent(given_: list[Payment]) -> None:
    file = written(*given_)
    read, findings = mockbank.validate.inspect(file.content, today=MONDAY)
    assert findings == []
    assert read.msg_id == file.message_id
    found = {each.end_to_end_id: Decimal(each.amount).scaleb(-2) for each in read.payments}
    assert found == {each.payment_id: each.amount.amount for each in given_}


def test_an_entry_hash_keeps_its_last_ten_digits() -> None:
    account = PayeeAccount(routing_number="322271627", account_number="1")
    file = written(*(payment(number, account=account) for number in range(400)))
    assert achkit.validate(file.content) == {"ok": True, "errors": []}
    assert records(file, "9")[0][21:31] == str(400 * 32227162)[-10:] and 400 * 32227162 > 10**10


def test_files_of_one_minute_differ_in_their_modifier() -> None:
    ids = {nacha_file([payment(1)], DEBTOR, CREATED, number).message_id for number in range(36)}
    assert len(ids) == 36


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"method": "credit-transfer"}, "not by ach"),
        ({"account": IBAN}, "cannot be reached"),
        ({"items": (item("1", "100000000.00"),), "amount": usd("100000000.00")}, "ten digits"),
        ({"items": (item("1", "0.005"),), "amount": usd("0.005")}, "minor units"),
        ({"amount": Money(amount=Decimal(100), currency="EUR")}, "in EUR"),
    ],
)
def test_what_cannot_be_paid_by_ach_is_refused(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(PaymentFileError, match=says):
        written(payment(1, **wrong))


@pytest.mark.parametrize(
    "wrong",
    [{"company_id": "123"}, {"company_id": "12345678é0"}, {"account": IBAN}, {"account": PayeeAccount()}],
)
def test_an_originator_that_the_bank_could_not_know_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(PaymentFileError):
        nacha_file([payment(1)], DEBTOR.model_copy(update=wrong), CREATED)


def test_a_fault_names_no_bank_number() -> None:
    account = ACH.model_copy(update={"routing_number": "021000022"})
    with pytest.raises(PaymentFileError) as refused:
        written(payment(1, account=account))
    assert "1002003004" not in str(refused.value) and "021000022" not in str(refused.value)
