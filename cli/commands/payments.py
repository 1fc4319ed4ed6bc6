"""`corridor payments`: start a payment run, and see what it pays."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import uuid4

import typer

from cli.gateway_client import As, AsJson, connect, money, show, table_of

app = typer.Typer(help="Payment runs: start one, show one.", no_args_is_help=True)


@app.command()
def run(
    facility: Annotated[str, typer.Argument(help="Whose invoices, such as north.")],
    currency: Annotated[str | None, typer.Option(help="Otherwise the facility's own.")] = None,
    persona: As = "t.moran",
    as_json: AsJson = False,
) -> None:
    """Propose what is due at a facility now, beside the schedule.

    Whoever starts a run does not approve it.

    Example: corridor payments run north --as t.moran
    """
    body: dict[str, Any] = {"facility": facility}
    if currency is not None:
        body["currency"] = currency
    answer = connect(persona).post("/v1/payment-runs", body, {"Idempotency-Key": uuid4().hex})
    rows = [(answer["case_id"], f"corridor payments show {answer['case_id']}")]
    show(answer, as_json, table_of(("case", "what it pays"), rows, when_wide=("what it pays",)))


@app.command(name="show")
def show_run(
    case_id: Annotated[str, typer.Argument(help="Such as payment-run.north.20261121-USD-1.")],
    persona: As = "y.tanaka",
    as_json: AsJson = False,
) -> None:
    """Show the payments of a run: to whom, how much, when, and what became of them.

    Example: corridor payments show payment-run.north.20261121-USD-1
    """
    answer = connect(persona).get(f"/v1/payment-runs/{case_id}", limit=200)
    columns = ("payment", "supplier", "amount", "on", "state", "invoices", "reason")
    rows = [_row(payment) for payment in answer["payments"]]
    title = f"{answer['count']} payment(s), {money(answer['total'])}"
    show(answer, as_json, table_of(columns, rows, title=title, when_wide=("on", "reason")))


def _row(payment: dict[str, Any]) -> tuple[str, ...]:
    supplier = f"{payment['supplier']} {payment['supplier_name']} {payment['account']['masked']}"
    numbers = ", ".join(item["number"] for item in payment["items"])
    values = (supplier, money(payment["amount"]), payment["pay_on"], payment["state"], numbers, payment["reason"])
    return (payment["payment_id"], *map(str, values))
