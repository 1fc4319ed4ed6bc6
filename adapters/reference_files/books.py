"""How the money is kept: accounts, cost centres, budgets, closed periods."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from adapters.reference_files.dates import resolve_day, resolve_year
from adapters.reference_files.tables import Faults, Row, read_table, unique
from domain.master_data import Budget, BudgetKey, CostCentre
from domain.people import Person
from domain.reference_system import Account, ClosedPeriod


def read_accounts(directory: Path, faults: Faults) -> tuple[Account, ...]:
    rows = read_table(directory, "accounts.csv", ("code", "name", "categories", "open"), faults)
    unique(rows, "code")
    taken: dict[str, str] = {}
    for row in rows:
        if not re.fullmatch(r"\d{6}", row.text("code")):
            row.fault(f"code '{row.text('code')}' must have six digits")
        for category in row.words("categories"):
            if category in taken:
                row.fault(f"category '{category}' is booked to {taken[category]} already")
            taken.setdefault(category, row.text("code"))
    return tuple(
        Account(
            code=row.text("code"),
            name=row.required("name"),
            open=row.flag("open"),
            categories=row.words("categories"),
        )
        for row in rows
    )


def read_cost_centres(directory: Path, people: Sequence[Person], faults: Faults) -> tuple[CostCentre, ...]:
    columns = ("code", "name", "facility", "owner", "open")
    rows = read_table(directory, "cost_centres.csv", columns, faults)
    unique(rows, "code")
    by_id = {person.person: person for person in people}
    return tuple(_cost_centre(row, by_id) for row in rows)


def _cost_centre(row: Row, people: dict[str, Person]) -> CostCentre:
    owner = people.get(row.text("owner"))
    facility = row.required("facility")
    if owner is None:
        row.fault(f"owner '{row.text('owner')}' is not in people.csv")
    elif not owner.active or "cost-centre-owner" not in owner.roles or facility not in owner.facilities:
        row.fault(f"owner {owner.person} must be active and hold the role cost-centre-owner at {facility}")
    return CostCentre(
        code=row.required("code"),
        name=row.required("name"),
        facility=facility,
        open=row.flag("open"),
        owner=row.text("owner"),
    )


def check_charging(people: Sequence[Person], cost_centres: Sequence[CostCentre], faults: Faults) -> None:
    """People charge and serve only what exists."""
    codes = {centre.code for centre in cost_centres}
    facilities = {centre.facility for centre in cost_centres}
    for person in people:
        for code in person.cost_centres:
            if code not in codes:
                faults.add("people.csv", person.person, f"cost centre '{code}' is not in cost_centres.csv")
        for facility in {*person.facilities, person.facility} - {"*"} - facilities:
            faults.add("people.csv", person.person, f"facility '{facility}' has no cost centre in cost_centres.csv")


def read_budgets(
    directory: Path, today: date, cost_centres: Sequence[CostCentre], accounts: Sequence[Account], faults: Faults
) -> tuple[Budget, ...]:
    columns = ("cost_centre", "account", "year", "total", "spent")
    rows = read_table(directory, "budgets.csv", columns, faults)
    facility_of = {centre.code: centre.facility for centre in cost_centres}
    open_accounts = {account.code for account in accounts if account.open}
    budgets, lines = [], dict[BudgetKey, int]()
    for row in rows:
        budget = _budget(row, today, facility_of, open_accounts)
        if budget.key in lines:
            row.fault(f"budget {budget.key} stands on line {lines[budget.key]} already")
        lines.setdefault(budget.key, row.number)
        budgets.append(budget)
    return tuple(budgets)


def _budget(row: Row, today: date, facility_of: dict[str, str], accounts: set[str]) -> Budget:
    if row.text("cost_centre") not in facility_of:
        row.fault(f"cost centre '{row.text('cost_centre')}' is not in cost_centres.csv")
    if row.text("account") not in accounts:
        row.fault(f"account '{row.text('account')}' is no open account of accounts.csv")
    key = BudgetKey(
        facility=facility_of.get(row.text("cost_centre"), ""),
        cost_centre=row.text("cost_centre"),
        account=row.text("account"),
        fiscal_year=row.parsed("year", lambda text: resolve_year(text, today), today.year),
    )
    return Budget(key=key, total=row.money("total"), spent=row.money("spent"))


def read_closed_periods(directory: Path, today: date, facilities: set[str], faults: Faults) -> tuple[ClosedPeriod, ...]:
    rows = read_table(directory, "closed_periods.csv", ("facility", "starts", "ends"), faults)
    periods = []
    for row in rows:
        if row.text("facility") not in facilities:
            row.fault(f"facility '{row.text('facility')}' has no cost centre in cost_centres.csv")
        starts = row.parsed("starts", lambda text: resolve_day(text, today), today)
        ends = row.parsed("ends", lambda text: resolve_day(text, today), today)
        if ends < starts:
            row.fault("ends before it starts")
        periods.append(ClosedPeriod(facility=row.text("facility"), starts=starts, ends=ends))
    return tuple(periods)
