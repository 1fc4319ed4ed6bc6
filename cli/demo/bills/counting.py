"""Do the amounts agree? Counted where they are kept: orders, receipts, bills, payment files, the bank, the ERP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict

from cli.demo.bills.paying import RunPlay
from cli.demo.bills.play import BillPlay

ZERO, CENT = Decimal(0), Decimal("0.01")


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True)


class BillRow(_Row):
    """One bill. `ordered` is the order's total, `received` what came in at its prices (None without an order), `booked`
    what the ERP owes for it, `paid` what its books say has left; amounts in US dollars."""

    number: str
    title: str
    case_id: str
    format: str
    channel: str
    order: str
    ordered: Decimal | None
    received: Decimal | None
    billed: Decimal
    booked: Decimal
    paid: Decimal
    ended: str
    exceptions: tuple[str, ...]
    reasons: tuple[str, ...]


class PaymentRow(_Row):
    """One payment: what its bills come to, the discount that was kept, and the amount in the file, at the bank and in
    the ERP's books."""

    payment_id: str
    run_id: str
    supplier: str
    bills: int
    billed: Decimal
    discount: Decimal
    in_file: Decimal
    at_bank: Decimal
    in_books: Decimal
    ended: str
    reasons: tuple[str, ...]


class BookedBill(_Row):
    """A bill in the ERP's books, in US dollars. `amount` is what is owed, `withheld` what is not; 'reversed' ones
    stay in the books."""

    case_id: str
    status: str
    amount: Decimal
    withheld: Decimal
    paid: Decimal
    open: Decimal


class BookedPayment(_Row):
    """Money that left for a payment; one payment may be booked in parts."""

    external_id: str
    status: str
    amount: Decimal


class BookBalance(_Row):
    """What one ledger shows on an account: debits less credits. An ERP may keep one ledger for all facilities."""

    facility: str
    currency: str
    balance: Decimal


class Outside(_Row):
    """What the outside systems hold at the end."""

    invoices: tuple[BookedBill, ...]
    payments: tuple[BookedPayment, ...]
    balances: tuple[BookBalance, ...]
    bank: tuple[dict[str, Any], ...]


def bill_rows(
    plays: Sequence[BillPlay], timelines: Mapping[str, Sequence[Mapping[str, Any]]], outside: Outside
) -> list[BillRow]:
    booked = {each.case_id: each for each in outside.invoices if each.status != "reversed"}
    return [_bill_row(play, timelines.get(play.case_id, ()), booked.get(play.case_id)) for play in plays]


def _bill_row(play: BillPlay, timeline: Sequence[Mapping[str, Any]], booked: BookedBill | None) -> BillRow:
    order = play.billed.order if play.billed is not None else None
    received = (play.billed.received or {}) if play.billed is not None else {}
    codes = tuple(str(each["detail"]["code"]) for each in timeline if each["kind"] == "exception.raised")
    sign = -1 if play.bill.credits is not None else 1
    billed = sign * play.invoice.totals.payable.amount if play.invoice is not None else ZERO
    row = BillRow(
        number=play.bill.number,
        title=play.bill.title,
        case_id=play.case_id,
        format=play.bill.format,
        channel=play.bill.channel,
        order=order.number if order is not None else "",
        ordered=order.total.amount if order is not None else None,
        received=None
        if order is None
        else sum((_cents(each.unit_price.amount * received.get(each.line, ZERO)) for each in order.lines), ZERO),
        billed=billed,
        booked=booked.amount if booked is not None else ZERO,
        paid=booked.paid if booked is not None else ZERO,
        ended=_ended(play),
        exceptions=codes,
        reasons=(),
    )
    return row.model_copy(update={"reasons": tuple(_bill_reasons(play, row, booked))})


def _ended(play: BillPlay) -> str:
    if play.stage == "settlement":
        return "paid"
    return "paid" if play.stage == "closed" and play.status == "completed" else play.status


def _bill_reasons(play: BillPlay, row: BillRow, booked: BookedBill | None) -> list[str]:
    found = [play.failure] if play.failure else []
    if row.ended != play.bill.expect.end:
        found.append(f"ended {row.ended} in stage {play.stage or 'none'}, not {play.bill.expect.end}")
    if Counter(row.exceptions) != Counter(play.bill.expect.exceptions):
        found.append(f"exceptions: {', '.join(row.exceptions) or 'none'}")
    if play.bill.expect.end == "rejected":
        return found + ([f"{row.booked} stands in the ERP"] if row.booked else [])
    withheld = booked.withheld if booked is not None else ZERO
    if row.booked + withheld != row.billed and row.booked != row.billed:
        found.append(f"billed {row.billed}, booked {row.booked} and withheld {withheld}")
    if booked is not None and booked.open:
        found.append(f"{booked.open} is still open in the ERP")
    if play.bill.is_plain and row.received not in (None, row.billed):
        found.append(f"received {row.received}, billed {row.billed}")
    return found


def payment_rows(runs: Sequence[RunPlay], outside: Outside) -> list[PaymentRow]:
    bank = {str(each["end_to_end_id"]): each for each in outside.bank}
    books: dict[str, Decimal] = {}
    for each in outside.payments:
        if each.status == "booked":
            books[each.external_id] = books.get(each.external_id, ZERO) + each.amount
    return [_payment_row(run, payment, bank, books) for run in runs for payment in run.payments]


def _payment_row(
    run: RunPlay, payment: Mapping[str, Any], bank: Mapping[str, Mapping[str, Any]], books: Mapping[str, Decimal]
) -> PaymentRow:
    name, amount = str(payment["payment_id"]), Decimal(payment["amount"]["amount"])
    items = payment["items"]
    at_bank = bank.get(name, {})
    settled = Decimal(int(at_bank.get("amount", 0))) / 100
    left = at_bank.get("status") == "accepted" and bool(at_bank.get("booked_at"))
    row = PaymentRow(
        payment_id=name,
        run_id=run.case_id,
        supplier=str(payment["supplier"]),
        bills=len(items),
        billed=sum((Decimal(each["amount"]["amount"]) for each in items), ZERO),
        discount=sum((Decimal(each["discount"]["amount"]) for each in items), ZERO),
        in_file=run.files.get(name, ZERO),
        at_bank=settled if left else ZERO,
        in_books=books.get(name, ZERO),
        ended="booked" if left else str(at_bank.get("status", "unknown to the bank")),
        reasons=(),
    )
    wrong = []
    if row.billed - row.discount != amount:
        wrong.append(f"its bills come to {row.billed} less {row.discount}, and {amount} is paid")
    if row.in_file != amount:
        wrong.append(f"{amount} is paid, and the file says {row.in_file}")
    if left and row.at_bank != amount:
        wrong.append(f"{amount} is paid, and the bank booked {row.at_bank}")
    if row.in_books != row.at_bank:
        wrong.append(f"the bank booked {row.at_bank}, and the ERP {row.in_books}")
    return row.model_copy(update={"reasons": tuple(wrong)})


def book_faults(outside: Outside, runs: Sequence[RunPlay]) -> list[str]:
    """What is wrong with the whole: balances that are not nought, and bills or payments that are in two runs."""
    found, sums = [], Counter[tuple[str, str]]()
    totals: dict[tuple[str, str], Decimal] = {}
    for each in outside.balances:
        key = (each.facility, each.currency)
        totals[key] = totals.get(key, ZERO) + each.balance
    found += [
        f"the ledger of {place} is {total} {unit} out of balance" for (place, unit), total in totals.items() if total
    ]
    for payment in outside.bank:
        if payment.get("status") == "accepted":
            sums[(str(payment["end_to_end_id"]), "")] += 1
    found += [f"the bank has {name} {count} times" for (name, _), count in sums.items() if count > 1]
    live = Counter(
        item["case_id"]
        for run in runs
        for payment in run.payments
        if payment["state"] in ("proposed", "delivered", "accepted", "booked")
        for item in payment["items"]
    )
    return found + [f"{case} is paid by {count} payments" for case, count in live.items() if count > 1]


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT)
