"""`corridor policy diff`: what changed between two sets of rules, in words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from cli.gateway_client import AsJson, show
from cli.policy_books import book_of, day_of, our_policies, stop
from cli.settle import exit_settled
from domain.policy.difference import EffectiveChange, PolicyDifference, difference, difference_between

_out = Console(soft_wrap=True, highlight=False)


def diff(
    old: Annotated[Path, typer.Argument(file_okay=False, help="Folder of the rules as they were.")],
    new: Annotated[
        Path | None,
        typer.Argument(file_okay=False, help="As they are to be; those of this installation without it."),
    ] = None,
    since: Annotated[str | None, typer.Option("--from", help="Compare this day, YYYY-MM-DD ...")] = None,
    until: Annotated[
        str | None, typer.Option("--to", help="... with this one; in OLD alone when NEW is left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say in words which rules, levels, limits, owners and reasons changed, and where and when that is felt.

    Example: corridor policy diff policies changed-policies
    """
    days = _days(since, until)
    before = book_of(old, as_json)
    if days is None:
        found = difference(before, book_of(new or our_policies(), as_json))
    else:
        found = difference_between(before, days[0], before if new is None else book_of(new, as_json), days[1])
    if as_json:
        show(found.model_dump(mode="json"), as_json)
    else:
        _print(found, days)
    exit_settled(0)


def _days(since: str | None, until: str | None) -> tuple[date, date] | None:
    if since is None and until is None:
        return None
    if since is None or until is None:
        stop("give both days, --from and --to, or neither")
    return day_of("--from", since), day_of("--to", until)


def _print(found: PolicyDifference, days: tuple[date, date] | None) -> None:
    versions = f"{', '.join(found.versions_before) or 'none'} -> {', '.join(found.versions_after) or 'none'}"
    _out.print(f"policy {versions}" + (f", {days[0]} -> {days[1]}" if days else ""), style="dim")
    if found.empty:
        _out.print("Nothing changed.")
    for heading, changes in _by_place(found.effects).items():
        _out.print(f"\n[bold]{heading}[/]")
        for change in changes:
            _out.print(f"  {escape(change.words)}")
    for file in dict.fromkeys(change.file for change in found.files):
        _out.print(f"\n[bold]In {file}, without changing a decision by itself[/]")
        for each in found.files:
            if each.file == file:
                _out.print(f"  {escape(each.words)}")

    _warn_of_the_past(found)


def _warn_of_the_past(found: PolicyDifference) -> None:
    """Cases were decided by the rules of past days: who reads them later must find the same ones."""
    today = datetime.now(UTC).date()
    past = sum(1 for change in found.effects if change.since is not None and change.since < today)
    if past:
        what = "1 change is" if past == 1 else f"{past} changes are"
        _out.print(
            f"\n{what} felt on days before {today}: cases keep the policy that they were begun with, and who looks up "
            "those days finds another. Changed rules belong into a new edition, or into a dated override.",
            style="yellow",
        )


def _by_place(changes: tuple[EffectiveChange, ...]) -> dict[str, list[EffectiveChange]]:
    """Changes under where and when they are felt; what concerns everybody comes first."""
    headings: dict[str, list[EffectiveChange]] = {}
    for change in sorted(changes, key=lambda each: (-len(each.facilities), each.facilities)):
        headings.setdefault(_heading(change), []).append(change)
    return headings


def _heading(change: EffectiveChange) -> str:
    place = f"At all {len(change.facilities)} facilities" if change.everywhere else f"At {', '.join(change.facilities)}"
    if change.since is None:
        return place
    return f"{place}, from {change.since} " + ("on" if change.until is None else f"to {change.until}")
