"""The examples and the proof of a policy book: what `corridor policy check` does once the files could be combined."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from domain.model import Value
from domain.money import Money
from domain.policy.compose import PolicyBook
from domain.policy.documents import Edition, Example
from domain.policy.model import FrozenPolicy
from domain.policy.proof import Flaw, prove
from domain.policy.source import Place, PolicyFault, Source
from domain.routing import RequestFacts, route


class Verdict(Value):
    """What a check went through. `periods` counts facility and edition spans for which the proof was carried out."""

    faults: tuple[PolicyFault, ...] = ()
    facilities: int = 0
    periods: int = 0
    rules: int = 0
    examples: int = 0


def check(book: PolicyBook) -> Verdict:
    """Prove the policy of every facility for every span of time, and run every example beside the rules."""
    proofs = _proofs(book)
    runs = [*_system_examples(book), *(each for code in book.codes() for each in _local_examples(book, code))]
    faults = [fault for found in proofs for fault in found] + [fault for _, fault in runs if fault is not None]
    rules = sum(len(edition.routing.rules) for edition in book.system.editions)
    return Verdict(
        faults=tuple(dict.fromkeys(faults)),
        facilities=len(book.codes()),
        periods=len(proofs),
        rules=rules + sum(len(book.local(code).rules) for code in book.codes()),
        examples=len(runs),
    )


def proof_faults(book: PolicyBook) -> tuple[PolicyFault, ...]:
    """The flaws alone: a policy that has one must not be used, whatever its examples say."""
    return tuple(dict.fromkeys(fault for found in _proofs(book) for fault in found))


def _proofs(book: PolicyBook) -> list[list[PolicyFault]]:
    """The flaws of each edition, then of each facility in each of its spans of time."""
    return [*_system_proofs(book), *(each for code in book.codes() for each in _local_proofs(book, code))]


def _system_proofs(book: PolicyBook) -> Iterator[list[PolicyFault]]:
    for index, edition in enumerate(book.system.editions):
        policy = book.of_the_system(edition)
        yield [_edition_fault(book, index, edition, flaw) for flaw in prove(policy, edition.categories)]


def _edition_fault(book: PolicyBook, index: int, edition: Edition, flaw: Flaw) -> PolicyFault:
    return book.system_source.fault(("editions", index, *_place(flaw, edition)), _reason(flaw))


def _place(flaw: Flaw, edition: Edition) -> Place:
    parts: dict[str, tuple[Place, list[str]]] = {
        "rule": (("routing", "rules"), [rule.name for rule in edition.routing.rules]),
        "level": (("levels",), [level.name for level in edition.levels]),
        "exception": (("exceptions",), [entry.code for entry in edition.exceptions]),
    }
    place, names = parts.get(flaw.part, ((flaw.part,), []))
    return (*place, names.index(flaw.name)) if flaw.name in names else place


def _reason(flaw: Flaw) -> str:
    return f"{flaw.part} {flaw.name}: {flaw.reason}" if flaw.name else flaw.reason


def _local_proofs(book: PolicyBook, code: str) -> Iterator[list[PolicyFault]]:
    """Flaws that the facility's own variation brings; those of the system file are told there."""
    document, source = book.local(code), book.source(code)
    for edition, policy, day in _spans(book, code):
        known = prove(book.of_the_system(edition), edition.categories)
        flaws = [flaw for flaw in prove(policy, edition.categories) if flaw not in known]
        names = [rule.name for rule in document.rules]
        places: list[Place] = [
            ("rules", names.index(flaw.name)) if flaw.part == "rule" and flaw.name in names else () for flaw in flaws
        ]
        yield [
            source.fault(place, f"from {day} on: {_reason(flaw)}") for place, flaw in zip(places, flaws, strict=True)
        ]


def _spans(book: PolicyBook, code: str) -> Iterator[tuple[Edition, FrozenPolicy, date]]:
    for day in book.change_dates(code):
        edition, policy = book.edition(day), book.effective(code, day)
        if edition is not None and policy is not None:
            yield edition, policy, day


Run = tuple[tuple[Source, Place], PolicyFault | None]


def _system_examples(book: PolicyBook) -> Iterator[Run]:
    for index, edition in enumerate(book.system.editions):
        policy = book.of_the_system(edition)
        for number, example in enumerate(edition.tests):
            yield _run(policy, example, book.system_source, ("editions", index, "tests", number))


def _local_examples(book: PolicyBook, code: str) -> Iterator[Run]:
    for number, example in enumerate(book.local(code).tests):
        days = book.change_dates(code) if example.given.on is None else (example.given.on,)
        runs = [_run_on(book, code, number, day) for day in days]
        yield next((run for run in runs if run[1] is not None), runs[0])


def _run_on(book: PolicyBook, code: str, number: int, day: date) -> Run:
    source, example, place = book.source(code), book.local(code).tests[number], ("tests", number)
    policy = book.effective(code, day)
    if policy is None:
        return (source, place), source.fault(place, f"'{example.name}': no policy is in force on {day}")
    return _run(policy, example, source, place, f" on {day}")


def _run(policy: FrozenPolicy, example: Example, source: Source, place: Place, when: str = "") -> Run:
    given = example.given
    money = Money(amount=given.amount, currency=policy.facility.currency)
    facts = RequestFacts(amount=money, categories=given.categories, urgency=given.urgency)
    found = tuple(each.level.name for each in route(policy, facts).levels)
    if found == example.expect.levels:
        return (source, place), None
    reason = f"'{example.name}' expects {_names(example.expect.levels)}; the rules give {_names(found)}{when}"
    return (source, place), source.fault(place, reason)


def _names(levels: tuple[str, ...]) -> str:
    return ", ".join(levels) or "nobody"
