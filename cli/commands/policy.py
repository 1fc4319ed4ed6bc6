"""`corridor policy`: check the policy files, and preview what they say about a request."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from adapters.policy_files import FilePolicyStore, load_book
from adapters.reference_files import InvalidReferenceFilesError, load
from cli.composition import POLICIES, REFERENCE_FILES
from cli.gateway_client import FAILED, REFUSED, AsJson, show
from cli.settle import exit_settled
from domain.business_time import local_day
from domain.money import Money
from domain.people import Person
from domain.policy.examples import check as check_book
from domain.policy.flaws import URGENCIES
from domain.policy.model import FrozenPolicy
from domain.policy.preview import Preview, preview_of
from domain.policy.schema import policy_schema_text
from domain.policy.source import PolicyFault, PolicyFilesError

app = typer.Typer(help="The rules: are they sound, and what do they say?", no_args_is_help=True)
_out = Console(soft_wrap=True, highlight=False)
_err = Console(stderr=True, soft_wrap=True, highlight=False)

Directory = Annotated[
    Path,
    typer.Option(
        "--directory", envvar="CORRIDOR_POLICIES_DIR", file_okay=False, help="Where system.yaml and its facilities are."
    ),
]


@app.callback()
def policy() -> None:
    """The rules: are they sound, and what do they say?"""


@app.command()
def check(directory: Directory = POLICIES, as_json: AsJson = False) -> None:
    """Read every policy file, prove the rules and run their examples; exit 1 and list every fault if one fails.

    Example: corridor policy check
    """
    try:
        verdict = check_book(load_book(directory))
    except PolicyFilesError as error:
        _refuse(error.faults, as_json)
    if verdict.faults:
        _refuse(PolicyFilesError(verdict.faults).faults, as_json)
    if as_json:
        show({"sound": True, **verdict.model_dump(mode="json")}, as_json)
    else:
        _out.print(
            f"[green]sound[/]: {verdict.facilities} facilities, {verdict.rules} routing rules, "
            f"{verdict.periods} spans of time proven, {verdict.examples} examples hold"
        )
        _out.print("  Every amount, category and urgency has an approver at each facility; every rule can match;")
        _out.print("  every escalation ends; every exception has an owner; every local change is within its bounds.")
    exit_settled(0)


def _refuse(faults: tuple[PolicyFault, ...], as_json: bool) -> NoReturn:
    if as_json:
        show({"sound": False, "faults": [fault.model_dump(mode="json") for fault in faults]}, as_json)
    else:
        for fault in faults:
            _out.print(str(fault), markup=False)
        _err.print(f"{len(faults)} {'fault' if len(faults) == 1 else 'faults'}: these files are not used", style="red")
    exit_settled(FAILED)


@app.command()
def preview(
    facility: Annotated[str, typer.Option("--facility", "-f", help="Code of the facility, such as north.")],
    amount: Annotated[str, typer.Option("--amount", "-a", help="Total of the request, such as 12000.")],
    category: Annotated[list[str] | None, typer.Option("--category", "-c", help="Of a line; may be repeated.")] = None,
    urgency: Annotated[str, typer.Option(help=f"One of {', '.join(URGENCIES)}.")] = "routine",
    requester: Annotated[str | None, typer.Option(help="Who asks, and so may not decide.")] = None,
    on: Annotated[str | None, typer.Option(help="A day, YYYY-MM-DD; today at the facility without it.")] = None,
    directory: Directory = POLICIES,
    people: Annotated[
        Path, typer.Option(envvar="CORRIDOR_REFERENCE_DIR", help="The folder of people.csv.")
    ] = REFERENCE_FILES,
    as_json: AsJson = False,
) -> None:
    """Say who would have to approve a request, and which rule says so. Nothing is kept or asked.

    Example: corridor policy preview --facility north --amount 12000 --category it-equipment
    """
    try:
        store = FilePolicyStore(directory)
    except PolicyFilesError as error:
        _refuse(error.faults, as_json)
    effective, listed = _policy_on(store, facility, on)
    money = _money(amount, effective.facility.currency)
    if urgency not in URGENCIES:
        _stop(f"--urgency is one of {', '.join(URGENCIES)}, not {urgency}")
    for each in category or ():
        if each not in listed:
            _stop(f"there is no category {each}; there are {', '.join(listed)}")
    answer = preview_of(effective, money, tuple(category or ()), urgency, _people(people), requester)
    if as_json:
        show(answer.model_dump(mode="json"), as_json)
    else:
        _print(answer)
    exit_settled(0 if answer.levels else FAILED)


def _policy_on(store: FilePolicyStore, code: str, on: str | None) -> tuple[FrozenPolicy, tuple[str, ...]]:
    """The policy of the day, and the categories that it knows."""
    known = {facility.code: facility for facility in store.facilities()}
    if code not in known:
        _stop(f"there is no facility {code}; there are {', '.join(known)}")
    try:
        day = date.fromisoformat(on) if on else local_day(datetime.now(UTC), known[code].calendar)
    except ValueError:
        _stop(f"--on is a day such as 2026-11-30, not {on}")
    policy = store.effective(code, day)
    if policy is None:
        _stop(f"no policy is in force at {code} on {day}")
    return policy, store.categories(day)


def _money(text: str, currency: str) -> Money:
    try:
        money = Money(amount=Decimal(text.replace(",", "")), currency=currency)
    except (InvalidOperation, ValidationError):
        _stop(f"--amount is a number such as 12000 or 99.90, not {text}")
    if money.amount < 0:
        _stop("--amount must not be negative")
    return money


def _people(folder: Path) -> tuple[Person, ...]:
    """Who works where, or nobody when there is no such folder: the route is then told in roles alone."""
    if not (folder / "people.csv").is_file():
        return ()
    try:
        return load(folder, datetime.now(UTC).date()).people
    except InvalidReferenceFilesError as error:
        _stop(f"the people cannot be read: {error}")


def _print(answer: Preview) -> None:
    goods = ", ".join(answer.categories) or "no category"
    _out.print(f"[bold]{answer.amount}[/] of {goods}, {answer.urgency}, at {answer.facility}")
    _out.print(f"policy {answer.policy_version} ({answer.policy_sha256[:12]})", style="dim")
    if answer.retrospective:
        _out.print(
            f"An emergency under the cap: the order goes out at once. {answer.retrospective} answers for it within "
            f"{answer.retrospective_hours} business hours; the levels below are not asked before."
        )
    for level in answer.levels:
        _out.print(f"\n[bold]{level.place}. {level.name}[/]  {', '.join(level.people)}")
        for rule, reason in zip(level.rules, level.reasons, strict=True):
            _out.print(f"   rule {rule}: {escape(reason)}")
        chain = " -> ".join(level.escalation)
        _out.print(
            f"   reminded after {level.remind_after_hours} business hours, "
            f"after {level.escalate_after_hours} passed on: {chain}",
            style="dim",
        )
    if not answer.levels:
        _out.print(answer.words[0], style="red")


def _stop(message: str) -> NoReturn:
    _err.print(message, markup=False)
    exit_settled(REFUSED)


@app.command()
def schema(
    write: Annotated[Path | None, typer.Option(dir_okay=False, help="A file to write; printed without it.")] = None,
) -> None:
    """Give the JSON schema of policy files, with which editors complete and check them.

    Example: corridor policy schema --write policies/policy.schema.json
    """
    if write is None:
        typer.echo(policy_schema_text(), nl=False)
    else:
        write.write_text(policy_schema_text(), "utf-8")
    exit_settled(0)
