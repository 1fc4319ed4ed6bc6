"""What a bill and its payment leave behind for others to read names no bank account in full."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from domain.invoice import PayeeAccount
from tests.fixtures.invoice_stories import coded, coded_line, sent, settled
from tests.fixtures.invoice_world import InvoiceWorld, fact, totals

STRANGE = PayeeAccount(routing_number="021000021", account_number="6660006660", name="Elsewhere")
KEYED = PayeeAccount(iban="DE89370400440532013000")
SECRETS = ("6660006660", "DE89370400440532013000", "000123456789")
CALL: dict[str, Any] = {
    "phone": "+1 555 0100",
    "spoken_with": "Ann of S-1",
    "called_at": datetime(2026, 11, 20, 15, 0, tzinfo=UTC),
}


async def test_no_account_number_is_on_a_timeline_a_task_a_notice_or_a_search_attribute(invoices: InvoiceWorld) -> None:
    sound = invoices.invoice(lines=(coded_line("210.00"),), accounts=(STRANGE, KEYED))
    wrong = sound.model_copy(update={"totals": totals((coded_line("1.00"),)), "accounts": (STRANGE,)})
    case = await invoices.capture(wrong)
    for_another = await coded(invoices, "211.00", number="PLAIN-1")
    await for_another.decide("owner", "approve")
    await case.decide("not-balanced", "correct", by="anna", invoice={"invoice": sound})
    for _ in ("the account of the document", "the one that was keyed"):
        task = await case.task("bank-account-mismatch")
        await case.answer(task, "confirm", "tess", keep=True, call_back=CALL)
        await case.answer(task, "confirm", "tim", call_back=CALL)
    await case.decide("owner", "approve", by="carla")
    await case.payable()
    run, payments = await sent(invoices)
    for payment in payments:
        invoices.bank.say(fact(payment, "payment-booked"))
    await invoices.collect()
    await case.until(lambda: "invoice.paid" in case.kinds())
    await settled(run)
    for known in (case, for_another, run):
        seen = [each.model_dump_json() for each in known.entries()]
        seen += [each.model_dump_json() for each in known.tasks()]
        seen += [each.model_dump_json() for each in invoices.evidence.notices_of(known.name)]
        seen.append(invoices.evidence.snapshot_of(known.name).model_dump_json())
        described = await known.handle.describe()
        seen.append(f"{described.search_attributes} {await described.memo()} {await described.static_summary()}")
        assert len(seen) > 5
        assert [secret for secret in SECRETS if secret in " ".join(seen)] == []
