"""The files of a run: one for each method, under ids that follow from the run."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from adapters.payment_files import PaymentFileError, build_files, build_positive_pay, message_id_of, read_layout
from adapters.payment_files.text import SWIFT, latin, nacha_text, swift_id
from tests.fixtures.paid import CREATED, payment
from tests.fixtures.payable import DEBTOR, IBAN

RUN = "payment-run.north.20261123-USD-1"


def test_each_method_of_payment_has_a_file_of_its_own() -> None:
    both = [payment(1), payment(2, method="credit-transfer", account=IBAN)]
    ach, transfer = build_files(RUN, both, DEBTOR, CREATED)
    assert (ach.format, transfer.format) == ("nacha", "pain.001")
    assert sorted(ach.payments + transfer.payments) == sorted(each.payment_id for each in both)
    assert build_files(RUN, both, DEBTOR, CREATED) == (ach, transfer)
    assert [each.format for each in build_files(RUN, both[1:], DEBTOR, CREATED)] == ["pain.001"]
    with pytest.raises(PaymentFileError):
        build_files(RUN, [], DEBTOR, CREATED)


def test_runs_of_one_facility_and_minute_have_files_of_different_ids() -> None:
    ids = set()
    for run in range(1, 37):
        ids |= {
            each.message_id
            for each in build_files(f"payment-run.north.20261123-USD-{run}", [payment(1)], DEBTOR, CREATED)
        }
    assert len(ids) == 36


def test_the_next_number_gives_the_next_id() -> None:
    transfer = [payment(1, method="credit-transfer")]
    for payments in ([payment(1)], transfer):
        first, second = (build_files(RUN, payments, DEBTOR, CREATED, number)[0] for number in (0, 1))
        assert first.message_id != second.message_id
    later = build_files(RUN, transfer, DEBTOR, CREATED + timedelta(days=1))[0]
    assert later.message_id == build_files(RUN, transfer, DEBTOR, CREATED)[0].message_id


def test_message_ids_fit_and_differ_by_kind() -> None:
    ids = {message_id_of(RUN, kind, number) for kind in ("pain.001", "positive-pay") for number in range(3)}
    assert len(ids) == 6 and all(len(each) == 26 and each.isalnum() for each in ids)


def test_a_positive_pay_list_of_a_run() -> None:
    layout = read_layout(Path("examples/positive_pay/delimited.yaml"))
    file = build_positive_pay(RUN, [payment(1)], DEBTOR, CREATED, layout)
    assert file.message_id == message_id_of(RUN, "positive-pay") and file.total.amount == 100


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Müller & Söhne GmbH", "Muller + Sohne GmbH"),
        ("Łódź\u2013Straße", "Lodz-Strasse"),
        ("  two\n lines ", "two lines"),
        ("日本 医療", ".. .."),
        ("a_b@c", "a-b(at)c"),
        ("", ""),
    ],
)
def test_text_in_the_characters_that_banks_take(text: str, expected: str) -> None:
    assert latin(text, SWIFT, 140) == expected


def test_references_hold_no_slashes_at_their_ends() -> None:
    assert swift_id("//INV//7/", 35) == "INV/7" and swift_id("///", 35) == "."


def test_addenda_delimiters_never_come_from_a_name() -> None:
    assert nacha_text("a*b\\c~d", 10) == "A.B.C.D   "
