"""Plans of hires: which rows hold, what they become, when it is due and in which order."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.business_time import business_days_before, business_days_between
from domain.hire import EquipmentNeed, Hire
from domain.hire_plan import HirePlan, PlanItem
from domain.hire_planning import asks_of, plan
from domain.hire_rules import HireRules, PlanRule
from domain.money import Money
from domain.worker import HireReference, Position
from tests.fixtures.hire_rules import (
    CALENDAR,
    ENTITLEMENTS,
    HOLIDAYS,
    NORTH,
    PLAN,
    RULES,
    START,
    TODAY,
    a_hire,
    extra,
    row,
)

SATURDAY = date(2026, 12, 5)


def planned(hire: Hire | None = None, rules: HireRules = RULES, **over: Any) -> HirePlan:
    return plan(hire or a_hire(), rules, NORTH, HOLIDAYS, TODAY, **over)


def of_rows(*rows: PlanRule, hire: Hire | None = None) -> HirePlan:
    return planned(hire, HireRules(entitlements=ENTITLEMENTS, plan=rows))


def item(found: HirePlan, key: str) -> PlanItem:
    known = found.item(key)
    assert known is not None, [each.key for each in found.items]
    return known


@pytest.mark.parametrize(
    ("day", "days", "wanted"),
    [
        (date(2026, 11, 27), 0, date(2026, 11, 27)),
        (date(2026, 11, 26), 0, date(2026, 11, 25)),  # Thanksgiving
        (date(2026, 11, 29), 0, date(2026, 11, 27)),  # a Sunday
        (date(2026, 11, 30), 3, date(2026, 11, 24)),  # over a weekend and the holiday
    ],
)
def test_counts_business_days_backwards(day: date, days: int, wanted: date) -> None:
    assert business_days_before(day, days, CALENDAR, HOLIDAYS) == wanted


def test_counts_the_business_days_that_are_left() -> None:
    assert business_days_between(date(2026, 11, 24), date(2026, 11, 30), CALENDAR, HOLIDAYS) == 3
    assert business_days_between(date(2026, 11, 30), date(2026, 11, 24), CALENDAR, HOLIDAYS) == 0


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"job_families": ("nursing", "surgery")}, True),
        ({"job_families": ("surgery",)}, False),
        ({"departments": ("nursing",)}, True),
        ({"departments": ("radiology",)}, False),
        ({"kinds": ("hospital",)}, True),
        ({"kinds": ("clinic",)}, False),
        ({"facilities": ("north",)}, True),
        ({"facilities": ("south",)}, False),
        ({"employment_types": ("employee",)}, True),
        ({"employment_types": ("contractor",)}, False),
        ({"job_families": ("nursing",), "employment_types": ("volunteer",)}, False),
    ],
)
def test_a_row_holds_when_all_its_conditions_do(condition: dict[str, Any], holds: bool) -> None:
    assert bool(of_rows(row("badge", "fulfilment", -1, **condition)).items) is holds


def test_the_last_row_of_an_item_says_what_holds_and_all_are_named() -> None:
    found = of_rows(
        row("badge", "fulfilment", -1, name="any-badge"),
        row("badge", "fulfilment", -4, name="nurse-badge", title="Ward badge"),
        row("badge", "fulfilment", -9, name="guest-badge", employment_types=("volunteer",)),
    )
    badge = item(found, "badge")
    assert (badge.title, badge.due_on, badge.rules) == ("Ward badge", date(2026, 12, 1), ("any-badge", "nurse-badge"))


def test_an_access_row_gives_an_item_per_entitlement_and_is_waited_for_whole() -> None:
    found = of_rows(
        row("tour", "fulfilment", 0, after=("basics", "nothing-here")),
        row("basics", "access", -1, entitlements=("staff", "wards")),
    )
    staff, wards = item(found, "access:staff"), item(found, "access:wards")
    assert (staff.group, staff.system, staff.source) == ("g-staff", "identity", "birthright")
    assert (wards.group, wards.system) == ("g-wards", "directory")
    assert item(found, "tour").after == ("access:staff", "access:wards")


def test_two_rows_for_one_entitlement_are_one_item_that_both_names_lead_to() -> None:
    found = of_rows(
        row("ward", "access", -1, entitlements=("wards",)),
        row("night", "access", -5, entitlements=("wards",)),
        row("tour", "fulfilment", 0, after=("night",)),
    )
    assert item(found, "tour").after == ("access:wards",)
    assert item(found, "access:wards").rules == ("ward-row", "night-row")
    assert item(found, "access:wards").due_on == date(2026, 11, 30)


def test_extra_access_is_asked_for_once_and_ends() -> None:
    until = date(2027, 3, 1)
    found = planned(a_hire(extra_access=(extra("pay-bills", until), extra("staff", until))))
    bills, staff = item(found, "access:pay-bills"), item(found, "access:staff")
    assert (bills.source, bills.until, bills.done_by, bills.due_on) == ("requested", until, "it-security", START)
    assert (staff.source, staff.until) == ("birthright", None)
    assert [each.key for each in found.items].count("access:staff") == 1


def test_what_may_not_be_requested_was_removed_or_has_ended_is_not_planned() -> None:
    asked = (extra("payroll"), extra("unheard-of"), extra("create-suppliers"), extra("pay-bills", date(2026, 11, 8)))
    found = planned(a_hire(extra_access=asked), removed=("create-suppliers", "wards"))
    assert {each.entitlement for each in found.items if each.kind == "access"} == {"staff", "chart"}


def test_access_of_a_contractor_ends_with_the_contract_at_the_latest() -> None:
    hire = a_hire(
        employment_type="contractor",
        end_on=date(2027, 1, 15),
        extra_access=(extra("pay-bills", date(2027, 6, 1)), extra("create-suppliers")),
    )
    assert item(planned(hire), "access:pay-bills").until == date(2027, 1, 15)
    assert item(planned(hire), "access:create-suppliers").until == date(2027, 1, 15)


def test_access_that_a_mitigation_lets_pass_ends_with_it() -> None:
    asked = (extra("create-suppliers", date(2027, 6, 1)), extra("pay-bills", date(2027, 6, 1)))
    found = planned(a_hire(extra_access=asked), mitigated={"suppliers-and-payments": date(2027, 1, 31)})
    first, second = item(found, "access:create-suppliers"), item(found, "access:pay-bills")
    assert (first.until, first.source) == (date(2027, 6, 1), "requested")
    assert (second.until, second.source) == (date(2027, 1, 31), "mitigated")


def test_equipment_of_policy_and_hire_adds_up() -> None:
    hire = a_hire(equipment=(EquipmentNeed(item="LAPTOP-14"), EquipmentNeed(item="HEADSET", quantity=2)))
    laptop, headset = item(planned(hire), "equipment:LAPTOP-14"), item(planned(hire), "equipment:HEADSET")
    assert (laptop.quantity, laptop.blocks_day_one, laptop.rules) == (2, True, ("laptop-row",))
    assert (headset.quantity, headset.blocks_day_one, headset.due_on) == (2, False, START)


def test_records_accounts_and_proofs_come_first_even_if_rows_forget_it() -> None:
    order = [each.key for each in planned().items]
    chart = item(planned(), "access:chart")
    assert {"identity-account", "rn-licence", "npi-check", "exclusion-lists"} <= set(chart.after)
    assert "acls" not in chart.after  # it may follow within 30 days
    assert item(planned(), "access:wards").after == ("directory-account",)
    assert order.index("worker") < order.index("identity-account") < order.index("access:staff")
    assert item(planned(), "employee").after == ("worker",)


def test_a_certificate_that_day_one_depends_on_is_proven_before_clinical_access() -> None:
    rules = RULES.model_copy(update={"plan": (*PLAN, row("bls", "certificate", 0, credential="bls"))})
    found = planned(rules=rules)
    assert "bls" in item(found, "access:chart").after
    assert item(found, "bls").due_on == item(found, "access:chart").due_on


def test_what_is_waited_for_is_due_earlier() -> None:
    found = of_rows(row("late", "fulfilment", 0), row("soon", "fulfilment", -6, after=("late",)))
    assert item(found, "late").due_on == item(found, "soon").due_on == date(2026, 11, 27)
    assert [each.key for each in found.items] == ["late", "soon"]


def test_a_start_on_a_weekend_is_prepared_on_friday_and_met_on_monday() -> None:
    found = of_rows(
        row("badge", "fulfilment", 0),
        row("desk", "fulfilment", -1, from_days=-3),
        row("arrival", "arrival", 0),
        row("tour", "fulfilment", 0, after=("arrival",)),
        row("i9-2", "fulfilment", 3, after=("arrival",)),
        hire=a_hire(start_on=SATURDAY),
    )
    friday, monday = date(2026, 12, 4), date(2026, 12, 7)
    assert (item(found, "badge").due_on, item(found, "desk").due_on) == (friday, date(2026, 12, 3))
    assert item(found, "desk").from_on == date(2026, 12, 1)
    assert (item(found, "arrival").from_on, item(found, "arrival").due_on) == (SATURDAY, monday)
    assert item(found, "tour").due_on == monday  # it waits for somebody who cannot be there before
    assert item(found, "i9-2").due_on == date(2026, 12, 9)  # Monday is the first business day after the start


def test_what_is_due_after_the_first_day_never_blocks_it() -> None:
    found = planned()
    assert not any(item(found, key).blocks_day_one for key in ("i9-2", "acls", "arrival", "check"))


def test_access_is_checked_so_many_calendar_days_after_the_start() -> None:
    check = item(planned(), "check")
    assert check.from_on == date(2027, 1, 6) <= check.due_on


def test_a_plan_made_late_keeps_its_dates() -> None:
    found = plan(a_hire(), RULES, NORTH, HOLIDAYS, date(2026, 12, 4))
    assert found == planned()
    assert item(found, "worker").due_on < date(2026, 12, 4)


def test_rows_in_a_circle_are_opened_where_others_depend_on_it() -> None:
    found = of_rows(
        row("chart", "access", -2, entitlements=("chart",)),
        row("licence", "licence", -2, after=("tour",)),
        row("tour", "fulfilment", -2, after=("chart",)),
    )
    assert [each.key for each in found.items] == ["licence", "access:chart", "tour"]


def asks(hire: Hire, amount: int = 0, budgeted: bool = True) -> tuple[str, ...]:
    position = Position(
        number="P-100",
        facility="north",
        department="nursing",
        job_family="nursing",
        title="Nurse",
        cost_centre="N-100",
        open=True,
        budgeted=budgeted,
    )
    money = Money(amount=Decimal(amount), currency="USD")
    return asks_of(hire, planned(hire), RULES, HireReference(position=position), money)


def test_asks_for_the_position_and_for_nothing_that_nobody_wants() -> None:
    assert asks(a_hire()) == ("position",)
    assert asks(a_hire(extra_access=(extra("staff"),))) == ("position",)  # birthright needs no approval


def test_asks_for_all_that_is_wanted_beyond_birthright() -> None:
    hire = a_hire(extra_access=(extra("domain-admin", date(2027, 1, 31)),))
    assert asks(hire, 1501, budgeted=False) == (
        "position",
        "unbudgeted-position",
        "extra-access",
        "privileged-access",
        "equipment",
    )
    assert asks(a_hire(extra_access=(extra("pay-bills"),)), 1500) == ("position", "extra-access")
