"""`corridor policy`: check the policy files, and preview what they say about a request."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, NoReturn, get_args

import typer
from pydantic import ValidationError
from rich.console import Console

from adapters.policy_files import FilePolicyStore, load_book
from adapters.reference_files import InvalidReferenceFilesError, load
from cli.composition import POLICIES, REFERENCE_FILES
from cli.gateway_client import FAILED, REFUSED, AsJson, show
from cli.policy_preview import print_preview
from cli.settle import exit_settled
from domain.authority import ApproverDirectory
from domain.business_time import local_day
from domain.master_data import SupplierRisk
from domain.money import Money
from domain.people import Person
from domain.policy.examples import Verdict, every_fault
from domain.policy.examples import check as check_book
from domain.policy.flaws import URGENCIES
from domain.policy.model import FrozenPolicy
from domain.policy.preview import preview_of
from domain.policy.schema import policy_schema_text
from domain.policy.source import PolicyFault, PolicyFilesError
from domain.policy.staffing import StaffVerdict, check_staff
from domain.routing import RequestFacts
from domain.staff import Staff, approver_directory

app = typer.Typer(help="The rules: are they sound, and what do they say?", no_args_is_help=True)
_out = Console(soft_wrap=True, highlight=False)
_err = Console(stderr=True, soft_wrap=True, highlight=False)

RISKS: tuple[str, ...] = get_args(SupplierRisk)
PROVEN = (
    "Every amount, category, urgency and job level has an approver at each facility, whatever the cost centre and the",
    "supplier's risk; every rule can match, and no row of a table stands in the shadow of others; rules that may match",
    "together agree where the hit policy asks for it; every escalation ends, and authority rises with the job level;",
    "levels of one stage are neighbours; segregated duties differ; every exception has an owner; every local change is",
    "within its bounds. Whatever a hire asks for has an approver; everybody who is hired gets a worker record and is",
    "awaited; no access comes before its account, and none to patients before a screening.",
)

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
def check(
    directory: Directory = POLICIES,
    people: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="A folder with people.csv: is there somebody for every question?"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read every policy file, prove the rules and run their examples; exit 1 and list every fault if one fails.

    Example: corridor policy check --people examples
    """
    try:
        book = load_book(directory)
    except PolicyFilesError as error:
        _refuse(every_fault(error), as_json)
    verdict = check_book(book)
    staffed = None if people is None else check_staff(book, Staff(_known_people(people)), datetime.now(UTC).date())
    faults = (*verdict.faults, *(staffed.faults if staffed is not None else ()))
    if faults:
        _refuse(PolicyFilesError(faults).faults, as_json)
    if as_json:
        proven = {"sound": True, **verdict.model_dump(mode="json")}
        show(proven | ({} if staffed is None else {"staff": staffed.model_dump(mode="json")}), as_json)
    else:
        _tell_proven(verdict, staffed)
    exit_settled(0)


def _tell_proven(verdict: Verdict, staffed: StaffVerdict | None) -> None:
    _out.print(
        f"[green]sound[/]: {verdict.facilities} facilities, {verdict.rules} routing rules, "
        f"{verdict.rows} rows of other tables, {verdict.levels} levels, "
        f"{verdict.periods} spans of time proven, {verdict.examples} examples hold"
    )
    for sentence in PROVEN:
        _out.print(f"  {sentence}")
    if staffed is None:
        return
    _out.print(
        f"  With {staffed.people} active people: at each of {staffed.facilities} facilities somebody else than the "
        "requester can answer every question."
    )
    for note in staffed.notes:
        _out.print(f"  note: {note}", style="dim", markup=False)


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
    cost_centre: Annotated[list[str] | None, typer.Option(help="Of a line, such as N-7100; may be repeated.")] = None,
    risk: Annotated[list[str] | None, typer.Option(help="Of a supplier to order from; may be repeated.")] = None,
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
    staff = Staff(_people(people))
    facts = RequestFacts(
        amount=_money(amount, effective.facility.currency),
        categories=_each_of(category, listed, "category"),
        urgency=_each_of([urgency], URGENCIES, "urgency")[0],
        cost_centres=tuple(cost_centre or ()),
        risks=_each_of(risk, RISKS, "risk"),
        requester_level=_job_level(staff, requester),
    )
    answer = preview_of(effective, facts, _approvers(effective, staff, requester), requester)
    if as_json:
        show(answer.model_dump(mode="json"), as_json)
    else:
        print_preview(_out, answer)
    exit_settled(0 if answer.levels else FAILED)


def _each_of(given: Sequence[str] | None, known: Sequence[str], what: str) -> tuple[str, ...]:
    for each in given or ():
        if each not in known:
            _stop(f"there is no {what} {each}; there are {', '.join(known)}")
    return tuple(given or ())


def _job_level(staff: Staff, requester: str | None) -> int | None:
    if requester is None or not staff:
        return None
    person = staff.person(requester)
    if person is None:
        _stop(f"the people directory knows nobody with the id {requester}")
    return person.job_level


def _approvers(policy: FrozenPolicy, staff: Staff, requester: str | None) -> ApproverDirectory:
    """Who holds the roles of the policy's levels, and who is above the requester."""
    return approver_directory(
        staff.person(requester) if requester is not None else None,
        staff.superiors(requester) if requester is not None else (),
        {level.role: staff.holders(level.role, policy.facility.code) for level in policy.levels},
    )


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
    return _known_people(folder) if (folder / "people.csv").is_file() else ()


def _known_people(folder: Path) -> tuple[Person, ...]:
    try:
        return load(folder, datetime.now(UTC).date()).people
    except (InvalidReferenceFilesError, OSError) as error:
        _stop(f"the people cannot be read: {error}")


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
