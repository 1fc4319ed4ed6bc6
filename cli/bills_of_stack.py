"""The bills of the examples on the embedded stack: where documents are left, who pays, and where all is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from adapters.policy_files import FilePolicyStore
from adapters.reference_files import load
from cli.composition import POLICIES, REFERENCE_FILES, service_environment
from cli.demo.api import DemoApi
from cli.demo.bills.channels import Channels
from cli.demo.bills.counting import Outside
from cli.demo.bills.desk import BillDesk
from cli.demo.bills.paying import Treasury
from cli.demo.bills.play import House
from cli.demo.bills.show import BillsShow
from cli.demo.bills.story import Bill, load_bills
from cli.demo.story import Example
from cli.erp_of_stack import payable_books
from cli.stack import StackAddresses
from cli.stack.mock_bank import MockBank
from domain.people import Person


def bills_of(
    addresses: StackAddresses,
    api: DemoApi,
    examples: Sequence[Example],
    people: Sequence[Person],
    today: date,
    bills: Sequence[Bill] | None = None,
) -> BillsShow:
    """`bills` stand in the place of the example bills. Raises StoryError for examples that cannot be used."""
    if bills is None:
        bills = load_bills(REFERENCE_FILES / "invoices.jsonl", [each.number for each in examples])
    environment, reference = service_environment(addresses), load(REFERENCE_FILES, today)
    desk, bank = BillDesk(api, people), MockBank(addresses.bank_url)

    async def books() -> Outside:
        return await payable_books(addresses, tuple(dict(each) for each in await bank.payments()))

    house = House(
        api=api,
        desk=desk,
        channels=Channels(
            api,
            Path(environment["CORRIDOR_INVOICE_DROP_FOLDER"]),
            Path(environment["CORRIDOR_INVOICE_MAILDIR"]),
        ),
        suppliers={each.code: each for each in reference.payable_suppliers},
        glns={each.code: each.gln for each in FilePolicyStore(POLICIES).facilities()},
        today=today,
    )
    show = BillsShow(bills, house, Treasury(api, desk, bank), bank, books)
    if not addresses.tryton_url:
        return show
    # Payments are booked one after the other there, and each takes half a second when nothing else runs.
    return replace(show, still_seconds=180, longest_seconds=900)
