"""The books of a new Tryton: company, accounts, fiscal years, cost centres, budgets, and what was spent before."""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal

from adapters.erp.tryton.loading import Loader, Values
from domain.master_data import Budget
from domain.reference_system import ClosedPeriod, PostingAccounts, ReferenceSystem

OPENING_ACCOUNT = "300100"
COST_CENTRES = "COST-CENTRES"
COMPANY = "Meridian Valley Health"
CURRENCY = "USD"
# ISO 4217 numbers, and the decimals that amounts have.
_CURRENCIES = {"USD": ("840", 2), "EUR": ("978", 2), "CAD": ("124", 2), "GBP": ("826", 2), "CHF": ("756", 2)}
_COUNTRIES = {"US": "United States", "CA": "Canada", "GB": "United Kingdom", "DE": "Germany"}


class Books:
    """The ids of what the books consist of, by the codes that are ours. `years` are fiscal years by number."""

    def __init__(self) -> None:
        self.company = 0
        self.currencies: dict[str, int] = {}
        self.countries: dict[str, int] = {}
        self.accounts: dict[str, int] = {}
        self.cost_centres: dict[str, int] = {}
        self.years: dict[int, int] = {}


def facilities(system: ReferenceSystem) -> tuple[str, ...]:
    """Every facility that something belongs to, by name."""
    named = {each.facility for each in system.cost_centres} | {each.facility for each in system.stock}
    return tuple(sorted(named | {each.facility for each in system.debtor_accounts} | {system.shared_facility}))


async def load_company(loader: Loader, system: ReferenceSystem, books: Books) -> None:
    """The company, its currencies and countries. The administrator gets every right, and works for
    the company from the next login on."""
    me = await loader.only("res.user", [["login", "=", "admin"]])
    groups = await loader.ids("res.group", [])
    await loader.write("res.user", [me], groups=[["add", [*groups.values()]]])
    codes = {
        CURRENCY,
        *(each.currency for each in system.suppliers),
        *(each.currency for each in system.debtor_accounts),
    }
    books.currencies = await loader.create_named(
        "currency.currency", {code: _currency(code) for code in sorted(codes | _priced(system))}
    )
    names = {each.country for each in system.suppliers} | {each.country for each in system.payable_suppliers}
    books.countries = await loader.create_named(
        "country.country", {code: {"name": _COUNTRIES.get(code, code), "code": code} for code in sorted(names)}
    )
    party = await loader.create_one("party.party", name=COMPANY, code="COMPANY", addresses=[])
    books.company = await loader.create_one(
        "company.company", party=party, currency=books.currencies[CURRENCY], timezone="UTC"
    )
    await loader.write("res.user", [me], companies=[["add", [books.company]]], company=books.company)


async def load_chart(loader: Loader, system: ReferenceSystem, books: Books, years: Iterable[int]) -> None:
    """Accounts, fiscal years with their months, and cost centres."""
    await _accounts(loader, system, books)
    await _fiscal_years(loader, books, sorted(years))
    await _cost_centres(loader, system, books)


async def load_balances(loader: Loader, system: ReferenceSystem, books: Books) -> None:
    """Budgets, and what was spent of them before; then the months that are over are closed."""
    await _budgets(loader, system.budgets, books)
    await _opening_moves(loader, system.budgets, books)
    await _close_months(loader, system, books)


def _priced(system: ReferenceSystem) -> set[str]:
    return {each.price.currency for each in system.items} | {each.total.currency for each in system.budgets}


def _currency(code: str) -> Values:
    number, digits = _CURRENCIES.get(code, ("", 2))
    rounding = Decimal(1).scaleb(-digits)
    return {"name": code, "symbol": code, "code": code, "numeric_code": number, "digits": digits, "rounding": rounding}


async def _accounts(loader: Loader, system: ReferenceSystem, books: Books) -> None:
    common = {"company": books.company}
    types = await loader.create_named(
        "account.account.type",
        {
            "cash": {"name": "Cash", "statement": "balance", "assets": True, **common},
            "payable": {"name": "Payables", "statement": "balance", "assets": False, "payable": True, **common},
            "owed": {"name": "Other liabilities", "statement": "balance", "assets": False, "debt": True, **common},
            "equity": {"name": "Equity", "statement": "balance", "assets": False, **common},
            "income": {"name": "Income", "statement": "income", "revenue": True, **common},
            "expense": {"name": "Expenses", "statement": "income", "expense": True, **common},
        },
    )
    records = {
        each.code: {"name": each.name, "code": each.code, "type": types["expense"], "closed": not each.open, **common}
        for each in system.accounts
    }
    for code, (name, kind) in _posting_accounts(system.posting_accounts).items():
        held = {"reconcile": True, "party_required": True} if kind == "payable" else {"reconcile": kind == "cash"}
        records[code] = {"name": name, "code": code, "type": types[kind], **common, **held}
    books.accounts = await loader.create_named("account.account", records)
    payables = books.accounts[system.posting_accounts.payables]
    await loader.write("account.configuration", [1], default_account_payable=payables)


def _posting_accounts(accounts: PostingAccounts) -> dict[str, tuple[str, str]]:
    return {
        accounts.bank: ("Bank", "cash"),
        accounts.payables: ("Payables", "payable"),
        accounts.disputed: ("Payables, disputed", "owed"),
        accounts.accrual: ("Goods received, not billed", "owed"),
        accounts.discounts: ("Discounts taken", "income"),
        accounts.variance: ("Purchase price variance", "expense"),
        accounts.tax: ("Sales tax paid", "expense"),
        OPENING_ACCOUNT: ("Opening balances", "equity"),
    }


async def _fiscal_years(loader: Loader, books: Books, years: Sequence[int]) -> None:
    kinds = await loader.ids("ir.sequence.type", [])
    for year in years:
        common = {"company": books.company, "padding": 6}
        moves, bills = await loader.create(
            "ir.sequence.strict",
            [
                {"name": f"Moves {year}", "sequence_type": kinds["Account Move"], "prefix": f"{year}-", **common},
                {"name": f"Bills {year}", "sequence_type": kinds["Invoice"], "prefix": f"INV-{year}-", **common},
            ],
        )
        sequences = dict.fromkeys(
            ("in_invoice_sequence", "in_credit_note_sequence", "out_invoice_sequence", "out_credit_note_sequence"),
            bills,
        )
        books.years[year] = await loader.create_one(
            "account.fiscalyear",
            name=str(year),
            company=books.company,
            start_date=date(year, 1, 1),
            end_date=date(year, 12, 31),
            move_sequence=moves,
            invoice_sequences=[["create", [{"company": books.company, **sequences}]]],
        )
    await loader.client.call("model.account.fiscalyear.create_period", [*books.years.values()], 1, 31)


async def _cost_centres(loader: Loader, system: ReferenceSystem, books: Books) -> None:
    """Analytic accounts below the one of their facility; a closed one is there, and takes nothing."""
    common = {"company": books.company, "state": "opened"}
    root = await loader.create_one(
        "analytic_account.account", name="Cost centres", code=COST_CENTRES, type="root", **common
    )
    views = await loader.create_named(
        "analytic_account.account",
        {
            name: {"name": name, "code": name, "type": "view", "root": root, "parent": root, **common}
            for name in facilities(system)
        },
    )
    books.cost_centres = await loader.create_named(
        "analytic_account.account",
        {
            each.code: {
                **common,
                **{
                    "name": each.name,
                    "code": each.code,
                    "type": "normal",
                    "root": root,
                    "parent": views[each.facility],
                },
            }
            for each in system.cost_centres
        },
    )
    shut = [books.cost_centres[each.code] for each in system.cost_centres if not each.open]
    if shut:
        await loader.write("analytic_account.account", shut, state="closed", active=False)


async def _budgets(loader: Loader, budgets: Sequence[Budget], books: Books) -> None:
    """One budget of a cost centre for each year, called by its code. Tryton counts expenses as negative."""
    grouped: defaultdict[tuple[str, int], list[Budget]] = defaultdict(list)
    for each in budgets:
        grouped[each.key.cost_centre, each.key.fiscal_year].append(each)
    await loader.create(
        "account.budget",
        [
            {
                "name": cost_centre,
                "company": books.company,
                "fiscalyear": books.years[year],
                "lines": [["create", [_budget_line(each, books) for each in lines]]],
            }
            for (cost_centre, year), lines in grouped.items()
        ],
    )


def _budget_line(budget: Budget, books: Books) -> Values:
    return {"account": books.accounts[budget.key.account], "amount": -budget.total.amount}


async def _opening_moves(loader: Loader, budgets: Sequence[Budget], books: Books) -> None:
    """What each cost centre had spent before Corridor came: one posted move per year, on its first day."""
    for year in sorted(books.years):
        spent = [each for each in budgets if each.key.fiscal_year == year and each.spent.amount]
        if spent:
            await _opening_move(loader, spent, books, date(year, 1, 1))


async def _opening_move(loader: Loader, spent: Sequence[Budget], books: Books, on: date) -> None:
    period = await loader.only("account.period", [["start_date", "=", on], ["company", "=", books.company]])
    journal = await loader.only("account.journal", [["code", "=", "MISC"]])
    total = sum((each.spent.amount for each in spent), Decimal(0))
    lines = [_spent_line(each, books, on) for each in spent]
    lines.append({"account": books.accounts[OPENING_ACCOUNT], **_sides(-total)})
    move = await loader.create_one(
        "account.move",
        company=books.company,
        journal=journal,
        period=period,
        date=on,
        description="Spent before",
        lines=[["create", lines]],
    )
    await loader.client.press("account.move", "post", [move])


def _spent_line(budget: Budget, books: Books, on: date) -> Values:
    centre = books.cost_centres[budget.key.cost_centre]
    sides = _sides(budget.spent.amount)
    return {
        "account": books.accounts[budget.key.account],
        **sides,
        "analytic_lines": [["create", [{"account": centre, "date": on, **sides}]]],
    }


def _sides(amount: Decimal) -> Values:
    return {"debit": max(amount, Decimal(0)), "credit": max(-amount, Decimal(0))}


async def _close_months(loader: Loader, system: ReferenceSystem, books: Books) -> None:
    """Tryton has one calendar for the company: a month is closed in it when every facility's books are."""
    closed = [
        first
        for year in sorted(books.years)
        for first in (date(year, month, 1) for month in range(1, 13))
        if all(_closed_all_month(system.closed_periods, name, first) for name in _with_books(system))
    ]
    rows = await loader.client.search_read("account.period", [["company", "=", books.company]], ["id", "start_date"])
    periods = [row["id"] for row in rows if row["start_date"] in closed]
    if periods:
        await loader.client.press("account.period", "close", periods)


def _with_books(system: ReferenceSystem) -> tuple[str, ...]:
    return tuple(sorted({each.facility for each in system.cost_centres}))


def _closed_all_month(closed: Sequence[ClosedPeriod], facility: str, first: date) -> bool:
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    days = (first + timedelta(days=each) for each in range((last - first).days + 1))
    mine = [each for each in closed if each.facility == facility]
    return all(any(each.starts <= day <= each.ends for each in mine) for day in days)
