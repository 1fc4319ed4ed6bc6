"""Positive pay: a bank's layout is data, every fault of it is told, and no number is ever cut."""

from __future__ import annotations

import csv
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from adapters.payment_files import PaymentFileError, layout_of, positive_pay_file, read_layout
from domain.faults import InvalidRequestError
from domain.payment import Payment, PaymentFile
from tests.fixtures.paid import CREATED, item, payment, payments
from tests.fixtures.payable import ACH, DEBTOR

EXAMPLES = Path("examples/positive_pay")
listed = payments("ach", (ACH,))


def written(layout: str, *given_: Payment) -> PaymentFile:
    return positive_pay_file("MSG-1", given_, DEBTOR, CREATED, read_layout(EXAMPLES / f"{layout}.yaml"))


def lines(file: PaymentFile) -> list[str]:
    assert file.content.endswith("\r\n")
    return file.content[:-2].split("\r\n")


def test_a_delimited_list() -> None:
    name = ACH.model_copy(update={"name": 'Müller "Med", Inc.'})
    file = written("delimited", payment(1, account=name))
    assert file.content == f'"5550001","{file.payments[0]}","11/23/2026","100.00","Muller ""Med"", Inc.","I"\r\n'
    assert file.name == "MSG-1.delimited.csv" and file.format == "positive-pay"


def test_a_list_of_fixed_width_with_header_and_trailer() -> None:
    voided = payment(2, item("B", "20.50"), state="returned")
    file = written("fixed", payment(1), voided)
    assert {len(line) for line in lines(file)} == {100}
    header, *details, trailer = lines(file)
    assert header.rstrip() == "H1234567890NORTH HOSPITAL                20261123"
    by_id = {line[18:33]: line for line in details}
    assert by_id[voided.payment_id][33:].rstrip() == "20261123000000002050VMEDLINE"
    assert all(line[:18] == "D00000000005550001" for line in details)
    assert trailer.rstrip() == "T0000000200000000012050"


@settings(max_examples=40, deadline=None)
@given(listed)
def test_the_amounts_of_any_list_sum_to_its_total(given_: list[Payment]) -> None:
    total = sum((each.amount.amount for each in given_), Decimal(0))
    fixed = lines(written("fixed", *given_))
    assert {len(line) for line in fixed} == {100} and "".join(fixed).isascii()
    assert Decimal(fixed[-1][9:23]).scaleb(-2) == total
    assert sum((Decimal(line[41:53]) for line in fixed[1:-1]), Decimal(0)).scaleb(-2) == total
    rows = list(csv.reader(StringIO(written("delimited", *given_).content)))
    assert {len(row) for row in rows} == {6} and sum(Decimal(row[3]) for row in rows) == total


def test_a_number_that_does_not_fit_is_refused_rather_than_cut() -> None:
    layout = example("fixed")
    layout["detail"][4]["width"] = 4
    with pytest.raises(PaymentFileError, match="amount needs 5 columns"):
        positive_pay_file("M", [payment(1)], DEBTOR, CREATED, layout_of(layout))
    with pytest.raises(PaymentFileError, match="nothing"):
        written("fixed")


def example(name: str) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8"))
    return data


def faults(layout: dict[str, Any]) -> set[str]:
    with pytest.raises(InvalidRequestError) as refused:
        layout_of(layout)
    return {fault.pointer for fault in refused.value.faults}


def test_all_faults_of_a_layout_are_told_at_once() -> None:
    layout = {
        "name": "broken",
        "kind": "fixed",
        "quote": True,
        "header": [{"source": "payee", "width": 5}],
        "detail": [
            {"source": "amount", "width": 9, "cut": True},
            {"source": "pay-on", "width": 8, "format": "YYYYDD"},
            {"source": "text", "text": "too long", "width": 3},
            {"source": "payee", "text": "x"},
            {"source": "count", "width": 3, "fill": "0"},
        ],
    }
    assert faults(layout) == {
        "/quote",
        "/header/0/source",
        "/detail/0/cut",
        "/detail/0/format",
        "/detail/1/format",
        "/detail/2/text",
        "/detail/3/text",
        "/detail/3/width",
        "/detail/4/source",
        "/detail/4/fill",
        "/detail",
    }


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"kind": "tabular"}, "/kind"),
        ({"colour": "red"}, "/colour"),
        ({"detail": []}, "/detail"),
        ({"delimiter": '"'}, "/delimiter"),
        ({"name": "Not A Name"}, "/name"),
        ({"detail": [{"source": "amount", "format": "decimal", "width": 0}]}, "/detail/0/width"),
        ({"detail": [{"source": "blood-group"}]}, "/detail/0/source"),
        ({"detail": [{"source": "payee", "format": "cents"}]}, "/detail/0/format"),
    ],
)
def test_what_a_layout_may_not_say(change: dict[str, Any], pointer: str) -> None:
    assert pointer in faults({**example("delimited"), **change})


def test_a_file_that_is_no_layout(tmp_path: Path) -> None:
    for name, text in (("list", "- a"), ("broken", "a: [")):
        path = tmp_path / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InvalidRequestError):
            read_layout(path)
    with pytest.raises(InvalidRequestError):
        read_layout(tmp_path / "missing.yaml")
