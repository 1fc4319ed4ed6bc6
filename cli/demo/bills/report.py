"""The tables of bills, payment runs and payments at the end of a demonstration."""

from __future__ import annotations

from decimal import Decimal

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.demo.bills.show import BillsVerdict

_NARROW = 200


def show_bills(verdict: BillsVerdict, console: Console) -> None:
    """Print bills, runs and payments, then how well it went and every reason why something is not as told."""
    narrow = console.width < _NARROW
    console.print(bills_table(verdict, narrow))
    console.print(runs_table(verdict, narrow))
    console.print(payments_table(verdict, narrow))
    console.print(summary(verdict))


def bills_table(verdict: BillsVerdict, narrow: bool = False) -> Table:
    """One row for each bill; a narrow terminal gets fewer columns, and those whole."""
    table = _table("Bills: order, receipt, bill and books agree")
    table.add_column("Bill", no_wrap=True)
    if not narrow:
        table.add_column("Story", overflow="ellipsis", no_wrap=True, max_width=40)
        table.add_column("Came as", no_wrap=True)
        table.add_column("Order", no_wrap=True)
    amounts = ("Billed", "In the ERP", "Paid") if narrow else ("Ordered", "Received", "Billed", "In the ERP", "Paid")
    for name in amounts:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Ended", no_wrap=True)
    if not narrow:
        table.add_column("Exceptions", overflow="fold", max_width=30)
    table.add_column("", no_wrap=True)
    for row in verdict.bills:
        counted = [_amount(each) for each in (row.billed, row.booked, row.paid)]
        if narrow:
            table.add_row(row.number, *counted, row.ended, _mark(row.reasons))
            continue
        came, goods = f"{row.format}, {row.channel}", [_amount(row.ordered), _amount(row.received)]
        raised = ", ".join(row.exceptions)
        table.add_row(row.number, row.title, came, row.order, *goods, *counted, row.ended, raised, _mark(row.reasons))
    return table


def runs_table(verdict: BillsVerdict, narrow: bool = False) -> Table:
    """One row for each run, and who approved and released it."""
    table = _table("Payment runs: of two that overlap, each bill is in one")
    table.add_column("Run", no_wrap=True)
    if not narrow:
        table.add_column("Payments", justify="right", no_wrap=True)
    table.add_column("Total", justify="right", no_wrap=True)
    if not narrow:
        table.add_column("Ended", no_wrap=True)
    table.add_column("Approved and released by", overflow="fold")
    table.add_column("", no_wrap=True)
    for row in verdict.runs:
        name, both = row.case_id.removeprefix("payment-run."), "overlaps" if row.overlaps else ""
        count, end = ([], []) if narrow else ([str(row.payments)], [row.status])
        table.add_row(name, *count, _amount(row.total), *end, ", ".join(row.people), both)
    return table


def payments_table(verdict: BillsVerdict, narrow: bool = False) -> Table:
    """One row for each payment, and the sums of what the bank booked."""
    table = _table("Payments: bills, file, bank and ERP agree")
    table.add_column("Payment", no_wrap=True)
    if not narrow:
        table.add_column("Supplier", no_wrap=True)
        table.add_column("Bills", justify="right", no_wrap=True)
    for name in _counted_at(narrow).values():
        table.add_column(name, justify="right", no_wrap=True)
    if not narrow:
        table.add_column("Ended", no_wrap=True)
    table.add_column("", no_wrap=True)
    for row in verdict.payments:
        who, end = ([], []) if narrow else ([row.supplier, str(row.bills)], [row.ended])
        amounts = [_amount(getattr(row, name)) for name in _counted_at(narrow)]
        table.add_row(row.payment_id, *who, *amounts, *end, _mark(row.reasons))
    kept = [row for row in verdict.payments if row.ended == "booked"]
    sums = [_amount(sum((getattr(row, name) for row in kept), Decimal(0))) for name in _counted_at(narrow)]
    bills = [] if narrow else ["", str(sum(row.bills for row in kept))]
    table.add_section()
    table.add_row("Booked by bank", *bills, *sums, style="bold")
    return table


def _counted_at(narrow: bool) -> dict[str, str]:
    """Where a payment's amount is counted, with its heading."""
    outside = {"in_file": "In the file", "at_bank": "At the bank", "in_books": "In the ERP"}
    return outside if narrow else {"billed": "Billed", "discount": "Discount", **outside}


def summary(verdict: BillsVerdict) -> RenderableType:
    """How many bills ended as told, the rates, and what is wrong with the others."""
    good = sum(not row.reasons for row in verdict.bills)
    style = "bold green" if verdict.matched else "bold red"
    return Group(
        Text(f"{good} of {len(verdict.bills)} bills ended as told.", style=style),
        Text(f"Touchless, of the bills that were approved for payment: {verdict.touchless}."),
        Text(f"First-pass match, of the lines that an order backs: {verdict.first_pass}."),
        Text("Debits and credits of the ERP's ledger agree." if not verdict.faults else "", style="green"),
        Text("Paid bills stay open until their payment can no longer be returned, some business days from now."),
        *(Text(f"  {reason}", style="red") for reason in verdict.reasons),
    )


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", row_styles=("", "dim"), expand=False)


def _amount(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:,.2f}"


def _mark(reasons: tuple[str, ...]) -> Text:
    return Text("DIFFERS", style="bold red") if reasons else Text("as told", style="green")
