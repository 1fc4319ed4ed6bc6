"""The demonstration's tables of money are readable on any terminal: an amount is whole, or not there."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO

import pytest
from rich.console import Console

from cli.demo.bills.counting import BillRow, PaymentRow
from cli.demo.bills.report import show_bills
from cli.demo.bills.show import BillsVerdict, Rate, RunRow

LARGE = Decimal("1234567.89")
VERDICT = BillsVerdict(
    bills=(
        BillRow(
            number="MMS-70101",
            title="Gloves, paid early for the discount that the supplier gives",
            case_id="invoice-to-payment.north.MMS70101-0123456789ab",
            format="factur-x",
            channel="drop-folder",
            order="PO-2026-000001",
            ordered=LARGE,
            received=LARGE,
            billed=LARGE,
            booked=LARGE,
            paid=LARGE,
            ended="paid",
            exceptions=("bank-account-changed", "duplicate-suspected"),
            reasons=(),
        ),
    ),
    payments=(
        PaymentRow(
            payment_id="PABCDEFGHIJKLMN",
            run_id="payment-run.north.20261121-USD-1",
            supplier="S-1001",
            bills=3,
            billed=LARGE,
            discount=Decimal(0),
            in_file=LARGE,
            at_bank=LARGE,
            in_books=LARGE,
            ended="booked",
            reasons=(),
        ),
    ),
    runs=(
        RunRow(
            case_id="payment-run.north.20261121-USD-1",
            payments=1,
            total=LARGE,
            status="running",
            people=("a.holt", "y.tanaka"),
            files=(),
            overlaps=True,
        ),
    ),
    touchless=Rate(part=Decimal(1), whole=Decimal(1)),
    first_pass=Rate(part=Decimal(1), whole=Decimal(1)),
    faults=(),
)


@pytest.mark.parametrize("width", [80, 120, 230])
def test_amounts_are_whole(width: int) -> None:
    out = StringIO()
    show_bills(VERDICT, Console(file=out, width=width, color_system=None))
    shown = out.getvalue()
    amounts = 3 + 1 + 6 if width < 200 else 5 + 1 + 8
    assert shown.count("1,234,567.89") == amounts
    assert all(len(line) <= width for line in shown.splitlines())
