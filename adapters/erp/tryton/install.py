"""Fills a new Tryton with a reference system over its own API, as its administrator.

Only ever into an empty one: afterwards the master data are Tryton's, and people keep them there.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import date

from adapters.erp.tryton.client import TrytonClient
from adapters.erp.tryton.install_books import CURRENCY, Books, load_balances, load_chart, load_company
from adapters.erp.tryton.install_goods import Goods, load_goods
from adapters.erp.tryton.install_parties import Parties, load_parties
from adapters.erp.tryton.install_people import RIGHTS, load_people
from adapters.erp.tryton.loading import Loader
from adapters.erp.tryton.settings import TrytonLogin, TrytonSettings
from domain.reference_system import ReferenceSystem

USERS = tuple(RIGHTS)
# Changes when the same reference system becomes other records: databases that were kept are then built anew.
_RELEASE = "3"


def fingerprint(system: ReferenceSystem, today: date) -> str:
    """Of what `seed` writes. `today` decides which fiscal years there are, and which contracts run."""
    told = f"{_RELEASE}|{today.isoformat()}|{system.model_dump_json()}"
    return hashlib.sha256(told.encode()).hexdigest()[:12]


async def seed(
    settings: TrytonSettings, admin: TrytonLogin, passwords: Mapping[str, str], system: ReferenceSystem, today: date
) -> None:
    """Load `system` into the new database of `settings`. `passwords` are by login, one for each of USERS.

    Raises the errors of `domain.outside_errors`; what was loaded until then stays, and the database is of no use.
    """
    books = Books()
    async with TrytonClient.open(settings, admin) as client:
        await load_company(Loader(client), system, books)
    async with TrytonClient.open(settings, admin) as client:  # whose session now works for the company
        loader = Loader(client)
        await _number_orders(loader)
        await load_chart(loader, system, books, _years(system, today))
        # One after the other in each row: what is in a row takes locks of the others in it.
        await asyncio.gather(
            load_balances(loader, system, books),
            _load_trade(loader, system, books, passwords, today),
        )


async def _load_trade(
    loader: Loader, system: ReferenceSystem, books: Books, passwords: Mapping[str, str], today: date
) -> None:
    parties, goods = Parties(), Goods()
    await load_parties(loader, system, books, parties)
    await load_goods(loader, system, books, parties, goods, today)
    await _pay(loader, system, books)
    await load_people(loader, system, books, passwords)


def _years(system: ReferenceSystem, today: date) -> set[int]:
    """Every year that something is said of, without a gap, and the next one."""
    named = {today.year - 1, today.year + 1}
    named |= {each.key.fiscal_year for each in system.budgets}
    named |= {day.year for each in system.closed_periods for day in (each.starts, each.ends)}
    return set(range(min(named), max(named) + 1))


async def _number_orders(loader: Loader) -> None:
    sequence = await loader.only("ir.sequence", [["sequence_type.name", "=", "Purchase"]])
    await loader.write("ir.sequence", [sequence], prefix="PO-${year}-", padding=6)


async def _pay(loader: Loader, system: ReferenceSystem, books: Books) -> None:
    """Payments are made by hand as far as Tryton knows: Corridor writes the files for the bank."""
    journal = await loader.only("account.journal", [["code", "=", "CASH"]])
    await loader.create_one(
        "account.payment.journal",
        name="Bank transfers",
        currency=books.currencies[CURRENCY],
        company=books.company,
        process_method="manual",
        clearing_account=books.accounts[system.posting_accounts.bank],
        clearing_journal=journal,
    )
