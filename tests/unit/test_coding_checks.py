"""Where a bill without an order may be booked, and who answers for it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from domain.coding_checks import coding_findings, owner_of
from domain.invoice import InvoiceLine
from domain.master_data import CostCentre, MasterData
from domain.quantity import Quantity
from domain.requisition import CostShare
from tests.fixtures.small_hospital import usd

MASTER = MasterData(
    cost_centres=(
        CostCentre(code="N-100", name="Ward", facility="north", owner="carla"),
        CostCentre(code="N-300", name="Lobby", facility="north"),
        CostCentre(code="N-900", name="Closed", facility="north", open=False),
        CostCentre(code="S-100", name="Ward", facility="south", owner="sam"),
    ),
    accounts=("610100",),
)


def line(number: int = 1, centre: str = "N-100", account: str | None = "610100") -> InvoiceLine:
    return InvoiceLine(
        line=number,
        quantity=Quantity(value=Decimal(1)),
        unit_price=usd(10),
        amount=usd(10),
        costs=(CostShare(cost_centre=centre, account=account),),
    )


def codes(*lines: InvoiceLine, owner: str = "carla") -> list[str]:
    return [each.code for each in coding_findings(lines, MASTER, "north", owner)]


def test_what_is_open_and_owned_may_be_booked() -> None:
    assert codes(line()) == []
    assert codes() == []


def test_every_line_that_cannot_be_booked_is_named_at_once() -> None:
    bad: list[Any] = [
        line(1, "N-900"),
        line(2, "N-777"),
        line(3, "S-100"),
        line(4, account=None),
        line(5, account="999999"),
    ]
    (found,) = coding_findings(bad, MASTER, "north", "")
    assert found.code == "coding-invalid"
    assert found.evidence["lines"] == {
        "line 1": "cost centre N-900 is closed",
        "line 2": "cost centre N-777 does not exist",
        "line 3": "cost centre S-100 belongs to south",
        "line 4": "no account beside cost centre N-100",
        "line 5": "account 999999 does not exist or is closed",
    }


def test_somebody_answers_for_it() -> None:
    assert owner_of([line()], MASTER, "") == "carla"
    assert owner_of([line()], MASTER, "dirk") == "dirk"
    assert owner_of([line(centre="N-300"), line(2)], MASTER, "") == "carla"
    assert owner_of([line(centre="N-300")], MASTER, "") == ""
    assert codes(line(centre="N-300"), owner="") == ["owner-missing"]
