"""The check of a policy book: its proof, and the examples beside its rules. `corridor policy check` does this."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import get_args

from domain.facility import FacilityKind
from domain.model import Value
from domain.policy.compose import PolicyBook
from domain.policy.documents import Edition
from domain.policy.flaws import Flaw
from domain.policy.hire_references import LOCAL_PLAN, PLAN
from domain.policy.model import FrozenPolicy
from domain.policy.proof import prove
from domain.policy.references import TABLES
from domain.policy.sections import Rule
from domain.policy.source import Place, PolicyFault, PolicyFilesError
from domain.policy.trials import run_examples

KINDS: tuple[FacilityKind, ...] = get_args(FacilityKind)
Known = Sequence[Mapping[FacilityKind, Sequence[Flaw]]]
"""The flaws of each edition by the kind of facility; those are told once, whatever facilities vary."""


class Verdict(Value):
    """What a check went through. `periods` counts facility and edition spans for which the proof was carried out,
    `rows` the rules of all tables beside the routing."""

    faults: tuple[PolicyFault, ...] = ()
    facilities: int = 0
    periods: int = 0
    rules: int = 0
    rows: int = 0
    levels: int = 0
    examples: int = 0


def check(book: PolicyBook) -> Verdict:
    """Prove the policy of every facility for every span of time, and run every example beside the rules."""
    return _checked(book, [*_proofs(book), *_idle_levels(book)])


def _checked(book: PolicyBook, proofs: Sequence[Sequence[PolicyFault]]) -> Verdict:
    runs = run_examples(book)
    faults = [fault for found in proofs for fault in found] + [fault for fault in runs if fault is not None]
    editions = book.system.editions
    local = [book.local(code) for code in book.codes()]
    return Verdict(
        faults=tuple(dict.fromkeys(faults)),
        facilities=len(local),
        periods=len(book.system.editions) + sum(len(book.change_dates(code)) for code in book.codes()),
        rules=sum(len(each.routing.rules) for each in editions) + sum(len(each.rules) for each in local),
        rows=sum(len(getattr(each, table).rules) for each in editions for table in TABLES if table != "routing")
        + sum(len(rows) for each in editions for rows in _rows_of_hires(each))
        + sum(len(each.segregation) + len(each.hire_plan) for each in local),
        levels=sum(len(each.levels) for each in editions),
        examples=len(runs),
    )


def _rows_of_hires(edition: Edition) -> tuple[Sequence[Rule], ...]:
    hire = edition.hire
    return hire.entitlements, hire.plan.rules, hire.conflicts.rules, hire.approvals.rules


def proof_faults(book: PolicyBook) -> tuple[PolicyFault, ...]:
    """The flaws alone: a policy that has one must not be used, whatever its examples say."""
    return tuple(dict.fromkeys(fault for found in (*_proofs(book), *_idle_levels(book)) for fault in found))


def every_fault(error: PolicyFilesError) -> tuple[PolicyFault, ...]:
    """The faults for which files were refused, and those that a check finds in what is left without them."""
    if error.readable is None:
        return error.faults
    more = _checked(error.readable.book, _proofs(error.readable.book)).faults
    return PolicyFilesError([*error.faults, *error.readable.told(more)]).faults


def _proofs(book: PolicyBook) -> list[list[PolicyFault]]:
    """The flaws of each edition, then of each facility in each of its spans of time."""
    known = [
        {kind: tuple(prove(book.of_the_system(edition, kind), edition.categories)) for kind in KINDS}
        for edition in book.system.editions
    ]
    local = (each for code in book.codes() for each in _local_proofs(book, code, known))
    return [*_system_proofs(book, known), *local]


def _system_proofs(book: PolicyBook, known: Known) -> Iterator[list[PolicyFault]]:
    for index, (edition, found) in enumerate(zip(book.system.editions, known, strict=True)):
        flaws = dict.fromkeys(flaw for flaws in found.values() for flaw in flaws)
        yield [
            _edition_fault(book, index, edition, flaw, [kind for kind in KINDS if flaw in found[kind]])
            for flaw in flaws
        ]


def _edition_fault(
    book: PolicyBook, index: int, edition: Edition, flaw: Flaw, kinds: Sequence[FacilityKind]
) -> PolicyFault:
    where = "" if len(kinds) == len(KINDS) else f" (at a facility of the kind {' or '.join(kinds)})"
    return book.system_source.fault(("editions", index, *_place(flaw, edition)), _reason(flaw) + where)


def _idle_levels(book: PolicyBook) -> Iterator[list[PolicyFault]]:
    """Levels that no rule demands, here or at any facility: only for a book of which no file is missing."""
    local = {name for code in book.codes() for rule in book.local(code).rules for name in rule.levels}
    for index, edition in enumerate(book.system.editions):
        demanded = local | {name for rule in edition.routing.rules for name in rule.levels}
        demanded |= {name for row in edition.hire.approvals.rules for name in row.levels}
        yield [
            book.system_source.fault(
                ("editions", index, "levels", number), f"level {level.name}: no rule demands it, here or at a facility"
            )
            for number, level in enumerate(edition.levels)
            if level.name not in demanded
        ]


def place_in_edition(book: PolicyBook, edition: Edition, flaw: Flaw) -> Place:
    """Where in the system file the part stands that a flaw is about."""
    return ("editions", book.system.editions.index(edition), *_place(flaw, edition))


def _place(flaw: Flaw, edition: Edition) -> Place:
    parts: dict[str, tuple[Place, list[str]]] = {
        "rule": (("routing", "rules"), [rule.name for rule in edition.routing.rules]),
        "level": (("levels",), [level.name for level in edition.levels]),
        "exception": (("exceptions",), [entry.code for entry in edition.exceptions]),
    }
    for table in TABLES[1:]:
        parts[table] = ((table, "rules"), [row.name for row in getattr(edition, table).rules])
    hire = edition.hire
    parts["plan"] = (PLAN, [row.name for row in hire.plan.rules])
    parts["hire_approvals"] = (("hire", "approvals", "rules"), [row.name for row in hire.approvals.rules])
    parts["entitlements"] = (("hire", "entitlements"), [each.name for each in hire.entitlements])
    place, names = parts.get(flaw.part, ((flaw.part,), []))
    return (*place, names.index(flaw.name)) if flaw.name in names else place


def _reason(flaw: Flaw) -> str:
    return f"{flaw.part} {flaw.name}: {flaw.reason}" if flaw.name else flaw.reason


def _local_proofs(book: PolicyBook, code: str, known: Known) -> Iterator[list[PolicyFault]]:
    """Flaws that the facility's own variation brings; those of the system file are told there."""
    document, source = book.local(code), book.source(code)
    own: dict[str, tuple[str, list[str]]] = {
        "rule": ("rules", [rule.name for rule in document.rules]),
        "segregation": ("segregation", [rule.name for rule in document.segregation]),
        "plan": (LOCAL_PLAN, [row.name for row in document.hire_plan]),
    }
    for edition, policy, day in _spans(book, code):
        told = known[book.system.editions.index(edition)][document.kind]
        flaws = [flaw for flaw in prove(policy, edition.categories) if flaw not in told]
        yield [source.fault(_local_place(flaw, own), f"from {day} on: {_reason(flaw)}") for flaw in flaws]


def _local_place(flaw: Flaw, own: dict[str, tuple[str, list[str]]]) -> Place:
    key, names = own.get(flaw.part, ("", []))
    return (key, names.index(flaw.name)) if flaw.name in names else ()


def _spans(book: PolicyBook, code: str) -> Iterator[tuple[Edition, FrozenPolicy, date]]:
    for day in book.change_dates(code):
        edition, policy = book.edition(day), book.effective(code, day)
        if edition is not None and policy is not None:
            yield edition, policy, day
