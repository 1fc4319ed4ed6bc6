"""Who works in a new Tryton: employees, and users whose rights are split as their duties are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adapters.erp.tryton.install_books import Books
from adapters.erp.tryton.loading import Loader
from domain.reference_system import ReferenceSystem

BOT, APPROVER, BUYER = "corridor", "corridor.payments", "buyer"
# What each may do and no more; docs/adapters/tryton.md says why. Nobody who submits payments approves them.
RIGHTS: Mapping[str, Sequence[str]] = {
    BOT: (
        "Accounting",
        "Employee Administration",
        "Payment",
        "Purchase",
        "Purchase Amendment",
        "Stock",
        "Stock Cancellation",
    ),
    APPROVER: ("Payment Approval",),
    BUYER: (
        "Accounting",
        "Purchase",
        "Purchase Administrator",
        "Purchase Amendment",
        "Stock",
        "Stock Cancellation",
    ),
}


async def load_people(loader: Loader, system: ReferenceSystem, books: Books, passwords: Mapping[str, str]) -> None:
    """An employee for each person, and the users of `RIGHTS` with the passwords by login."""
    people = await loader.create_named(
        "party.party",
        {each.person: {"code": each.person, "name": each.name, "addresses": []} for each in system.people},
    )
    await loader.create("company.employee", [{"party": party, "company": books.company} for party in people.values()])
    users = await loader.create_named(
        "party.party", {login: {"code": f"USER-{login}", "name": login, "addresses": []} for login in RIGHTS}
    )
    employees = await loader.create(
        "company.employee", [{"party": party, "company": books.company} for party in users.values()]
    )
    groups = await loader.ids("res.group", [])
    await loader.create(
        "res.user",
        [
            {
                **{"name": login, "login": login, "password": passwords[login]},
                **{"companies": [["add", [books.company]]], "company": books.company},
                **{"employees": [["add", [employee]]], "employee": employee},
                "groups": [["add", [groups[name] for name in RIGHTS[login]]]],
            }
            for login, employee in zip(users, employees, strict=True)
        ],
    )
