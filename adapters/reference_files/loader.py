"""The reference health system, read from a directory of tables."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from adapters.reference_files import books, goods, suppliers
from adapters.reference_files.faults import InvalidReferenceFilesError
from adapters.reference_files.people import read_people
from adapters.reference_files.tables import Faults
from domain.reference_system import ReferenceSystem


def load(directory: Path, today: date) -> ReferenceSystem:
    """Everything that the tables in `directory` say, with relative days counted from `today`.

    Raises InvalidReferenceFilesError with every fault, its file and its line.
    """
    faults = Faults()
    people = read_people(directory, faults)
    accounts = books.read_accounts(directory, faults)
    centres = books.read_cost_centres(directory, people, faults)
    books.check_charging(people, centres, faults)
    facilities = {centre.facility for centre in centres}
    codes = {person.person for person in people}
    vendors, payable = suppliers.read_suppliers(directory, today, codes, faults)
    debtors = suppliers.read_debtor_accounts(directory, facilities, faults)
    items = goods.read_items(directory, accounts, vendors, faults)
    contracts = goods.read_contracts(directory, today, items, vendors, faults)
    stock = goods.read_stock(directory, facilities, items, faults)
    budgets = books.read_budgets(directory, today, centres, accounts, faults)
    periods = books.read_closed_periods(directory, today, facilities, faults)
    if faults.found:
        raise InvalidReferenceFilesError(faults.found)
    return ReferenceSystem(
        accounts=accounts,
        cost_centres=centres,
        items=items,
        suppliers=vendors,
        contracts=contracts,
        stock=stock,
        budgets=budgets,
        people=people,
        closed_periods=periods,
        payable_suppliers=payable,
        debtor_accounts=debtors,
    )
