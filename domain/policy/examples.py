"""The examples and the proof of a policy book: what `corridor policy check` does once the files could be combined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from domain.model import Value
from domain.policy.compose import PolicyBook
from domain.policy.documents import Edition
from domain.policy.expectations import disappointments
from domain.policy.model import FrozenPolicy
from domain.policy.proof import Flaw, prove
from domain.policy.source import Place, PolicyFault, Source
from domain.policy.worked_examples import Example


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
        for number, example in enumerate(edition.tests):
            trial = Trial(book.system_source, ("editions", index, "tests", number), example)
            if example.given.facility is None:
                yield trial.run(book.of_the_system(edition))
            else:
                yield _at_facility(book, trial, example.given.facility, edition)


def _at_facility(book: PolicyBook, trial: Trial, code: str, edition: Edition) -> Run:
    """An example of the system file that is about one facility: on every day on which something changes there."""
    days = [each for each in book.change_dates(code) if book.edition(each) == edition]
    return trial.on_days(book, code, [trial.example.given.on] if trial.example.given.on else days)


def _local_examples(book: PolicyBook, code: str) -> Iterator[Run]:
    for number, example in enumerate(book.local(code).tests):
        trial = Trial(book.source(code), ("tests", number), example)
        if example.given.facility not in (None, code):
            yield trial.failed(f"is about {example.given.facility}, whose own file is the place for it")
        else:
            days = book.change_dates(code) if example.given.on is None else (example.given.on,)
            yield trial.on_days(book, code, days)


class Trial:
    """One example, and where it stands."""

    def __init__(self, source: Source, place: Place, example: Example) -> None:
        self._source, self._place, self.example = source, place, example

    def run(self, policy: FrozenPolicy, when: str = "") -> Run:
        try:
            wrong = disappointments(policy, self.example)
        except KeyError as error:
            return self.failed(f"speaks of {error.args[0]}, which is no level")
        return self.failed("; ".join(wrong) + when) if wrong else self._done(None)

    def on_days(self, book: PolicyBook, code: str, days: Sequence[date]) -> Run:
        """The first day on which it fails, else the first of all."""
        runs = [self._on(book, code, day) for day in days]
        return next((run for run in runs if run[1] is not None), runs[0])

    def _on(self, book: PolicyBook, code: str, day: date) -> Run:
        policy = book.effective(code, day)
        return self.failed(f"no policy is in force on {day}") if policy is None else self.run(policy, f" on {day}")

    def failed(self, reason: str) -> Run:
        return self._done(self._source.fault(self._place, f"'{self.example.name}' {reason}"))

    def _done(self, fault: PolicyFault | None) -> Run:
        return (self._source, self._place), fault
