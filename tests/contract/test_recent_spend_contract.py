"""What every evidence store finds of the requests that may belong to one need."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from domain.case import Journal
from domain.money import Money
from domain.ports.evidence import SpendFilter
from tests.fixtures.evidence import START, Store, a_journal


def near(**changes: Any) -> SpendFilter:
    given = {"facility": "north", "since": date(2026, 3, 2), "until": date(2026, 3, 5), "requester": "nobody"}
    return SpendFilter.model_validate({**given, "cost_centres": ("CC-1",), "below": 100, **changes})


async def test_recent_spend_is_of_one_requester_or_cost_centre_and_each_below_an_amount(store: Store) -> None:
    def case(number: str, amount: str = "99.90", version: int = 1, **changes: Any) -> Journal:
        money = Money(amount=Decimal(amount), currency="USD")
        return a_journal(f"procure-to-pay.north.{number}", version, amount=money, **changes)

    for journal in (
        case("by-nina", requester="nina", cost_centres=("CC-9",)),
        case("on-ours", requester="olaf", cost_centres=("CC-2", "CC-1")),
        case("both", requester="nina", cost_centres=("CC-1",)),
        case("neither", requester="olaf", cost_centres=("CC-2",)),
        case("too-large", "100", requester="nina", cost_centres=("CC-1",)),
        case("moved-here", requester="olaf", cost_centres=("CC-2",)),
        case("moved-here", requester="olaf", cost_centres=("CC-2", "CC-3"), version=2),
        case("moved-away", requester="olaf", cost_centres=("CC-3", "CC-4")),
        case("moved-away", requester="olaf", cost_centres=("CC-4",), version=2),
        case("no-money", requester="olaf"),
    ):
        await store.writer.record(journal)
    found = await store.reader.recent_spend(near(requester="nina", cost_centres=("CC-1", "CC-3")))
    assert {line.case_id.rpartition(".")[2] for line in found} == {"by-nina", "on-ours", "both", "moved-here"}
    assert await store.reader.recent_spend(near(requester="nina", cost_centres=(), below=1)) == []


async def test_recent_spend_counts_what_was_not_taken_back(store: Store) -> None:
    def case(number: str, place: str = "north", days: int = 0, status: str = "running") -> Journal:
        return a_journal(
            f"procure-to-pay.{place}.{number}",
            1,
            submitted_at=START + timedelta(days=days),
            status=status,
            suppliers=("S-1",),
            cost_centres=("CC-1",),
            categories=("surgical",),
            amount=Money(amount=Decimal("99.90"), currency="USD"),
        )

    for journal in (
        case("first"),
        case("last", days=3),
        case("before", days=-1),
        case("after", days=4),
        case("elsewhere", place="south"),
        case("rejected", status="rejected"),
        case("withdrawn", status="withdrawn"),
        case("cancelled", status="cancelled"),
        case("completed", days=1, status="completed"),
    ):
        await store.writer.record(journal)
    found = await store.reader.recent_spend(near())
    assert [line.case_id.rpartition(".")[2] for line in found] == ["first", "completed", "last"]
    assert found[0].amount == Decimal("99.90")
    assert (found[0].suppliers, found[0].cost_centres, found[0].categories) == (("S-1",), ("CC-1",), ("surgical",))
    assert found[0].submitted_on == date(2026, 3, 2)
