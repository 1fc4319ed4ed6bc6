"""Is every case where it must be, and every effect there once: counted in the systems outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from adapters.erp.reference.install import OrderSummary
from chaos.outside import Found, Mail
from chaos.waves import Played
from cli.demo.bills.counting import book_faults, payment_rows
from cli.demo.bills.paying import STARTS, RunPlay
from cli.demo.hires.judge import faults_of, judge_hires
from cli.demo.play import CasePlay


def effects_of(found: Found) -> dict[str, int]:
    """How many of each kind there are outside."""
    return {
        "orders": len(found.orders),
        "receipts": sum(each.receipts for each in found.orders),
        "orders sent by mail": sum(each.kind == "order" for each in found.to_suppliers),
        "bills booked": sum(each.status != "reversed" for each in found.money.invoices),
        "payments in files": len(found.in_files),
        "payments booked by the bank": sum(bool(each.get("booked_at")) for each in found.money.bank),
        "workers": len(found.people.workers),
        "accounts": len(found.people.users),
        "mails": found.mails,
        "mails sent again under the same Message-ID": sum(
            count - 1 for each in found.to_suppliers for count in each.ids.values()
        ),
    }


def judge(waves: Sequence[Played], found: Found, release_from: Mapping[str, Decimal]) -> list[str]:
    """What is wrong, in words; empty when nothing is. `release_from` says by facility from which amount of a payment
    run on (inclusive, USD) a second person releases it.
    """
    purchases = [play for wave in waves for play in (*wave.purchases, *wave.equipment.values())]
    runs = [run for wave in waves for run in wave.runs]
    return [
        *(fault for wave in waves for fault in _ended(wave)),
        *_orders(purchases, found),
        *_mails(found),
        *_bills(waves, found),
        *_payments(runs, found),
        *undecided(runs, release_from),
        *_hires(waves, found),
    ]


def _ended(wave: Played) -> Iterator[str]:
    """Cases that are not in the state in which their story ends."""
    for play in wave.purchases:
        expected = play.script.story.expect.status
        if play.failure:
            yield f"{play.case_id}: {play.failure}"
        elif play.snapshot.get("status") != expected:
            yield f"{play.case_id}: ended {play.snapshot.get('status', 'nowhere')}, not {expected}"
    if wave.paid is None:
        return
    yield from (f"wave {wave.wave.number}: {fault}" for fault in wave.paid.faults)
    for row in wave.paid.bills:
        if row.ended != "paid":
            told = [reason for reason in row.reasons if not reason.startswith("exceptions: ")]
            yield f"{row.case_id or row.number}: {'; '.join(told)}"


def _orders(plays: Sequence[CasePlay], found: Found) -> Iterator[str]:
    """Each case has its orders once, approved by people, with the goods that the dock reported, and nobody else has."""
    known = {play.case_id: play for play in plays}
    count = Counter(order.case_id for order in found.orders)
    yield from (
        f"{case}: has {number} orders, and nobody asked for it" for case, number in count.items() if case not in known
    )
    for play in plays:
        yield from _orders_of(play, count[play.case_id])
        for number, told in play.received.items():
            came = {line: quantity for line, quantity in told.items() if quantity}
            booked = {line: quantity for line, quantity in found.received.get(number, {}).items() if quantity}
            if came != booked:
                yield f"{play.case_id}: {_lines(came)} came in of {number}, and the ERP has {_lines(booked)}"


def _orders_of(play: CasePlay, count: int) -> Iterator[str]:
    expected = play.script.story.expect.orders
    if count != expected:
        yield f"{play.case_id}: {count} orders in the ERP, not {expected}"
    if count and not play.script.approvals:
        yield f"{play.case_id}: was ordered, and nobody approved it"


def _lines(quantities: Mapping[int, Decimal]) -> str:
    return ", ".join(f"{quantity:f} of line {line}" for line, quantity in sorted(quantities.items())) or "nothing"


def _mails(found: Found) -> Iterator[str]:
    """Every order was sent once, whatever is sent again being the same mail; every cancelled one was cancelled once."""
    sent = {(each.kind, each.order): each for each in found.to_suppliers}
    known = {order.number for order in found.orders}
    for order in found.orders:
        for kind in _told(order, sent):
            mail = sent.get((kind, order.number))
            if mail is None:
                yield f"{order.case_id}: no mail says '{kind}' of {order.number}"
            elif len(mail.ids) > 1:
                yield f"{order.case_id}: {len(mail.ids)} mails say '{kind}' of {order.number}"
    yield from (f"a mail is about {order}, which does not exist" for _, order in sent if order not in known)


def _told(order: OrderSummary, sent: Mapping[tuple[str, str], Mail]) -> tuple[str, ...]:
    """What the supplier must have heard: of an order that was cancelled before it was sent, nothing."""
    if order.status != "CANCELLED":
        return ("order",)
    return ("order", "cancellation") if ("order", order.number) in sent else ()


def _bills(waves: Sequence[Played], found: Found) -> Iterator[str]:
    """Each bill is booked once with its amount and paid once; nothing else is booked."""
    live = [each for each in found.money.invoices if each.status != "reversed"]
    count = Counter(each.case_id for each in live)
    booked = {each.case_id: each for each in live}
    rows = {row.case_id: row for wave in waves if wave.paid is not None for row in wave.paid.bills}
    yield from (f"{case}: is booked, and nobody sent it" for case in count if case not in rows)
    for case, row in rows.items():
        if count[case] != 1:
            yield f"{case}: booked {count[case]} times"
            continue
        bill = booked[case]
        if (bill.amount, bill.paid, bill.open) != (row.billed, row.billed, Decimal(0)):
            yield f"{case}: billed {row.billed}, booked {bill.amount}, paid {bill.paid}, open {bill.open}"


def _payments(runs: Sequence[RunPlay], found: Found) -> Iterator[str]:
    """Each payment stands in one file, and left bank and books once."""
    for row in payment_rows(runs, found.money):
        yield from (f"{row.payment_id}: {reason}" for reason in row.reasons)
    yield from book_faults(found.money, runs)
    for payment, places in found.in_files.items():
        if len(places) != 1:
            yield f"{payment}: stands in {', '.join(name for name, _ in places)}"
    known = {str(payment["payment_id"]) for run in runs for payment in run.payments}
    yield from (f"{payment}: went to the bank, and is in no run" for payment in found.in_files if payment not in known)


def undecided(runs: Sequence[RunPlay], release_from: Mapping[str, Decimal]) -> Iterator[str]:
    """Runs whose files were written before so many people as the policy asks had said yes, the first of whom, who
    approves, did not start them."""
    for run in runs:
        wanted = 2 if run.total >= release_from[run.facility] else 1
        if run.files and (len(set(run.people)) < wanted or run.people[0] == STARTS):
            yield f"{run.case_id}: {run.total} went to the bank, decided on by {', '.join(run.people) or 'nobody'}"


def _hires(waves: Sequence[Played], found: Found) -> Iterator[str]:
    """Each hire has its worker, position, account and groups once, and nothing is left of those who do not come."""
    plays = [play for wave in waves for play in wave.hires]
    for play, row in zip(plays, judge_hires(plays, {}, {}, found.people), strict=True):
        yield from (f"{play.case_id}: {reason}" for reason in row.reasons)
    yield from faults_of(found.people)
    known = {play.case_id for play in plays}
    yield from (f"{case}: has a worker, and nobody told of it" for case in found.people.workers if case not in known)
