"""The examples beside the rules, run: at a facility that varies nothing, or where the example says, day by day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from domain.policy.compose import PolicyBook
from domain.policy.documents import Edition
from domain.policy.expectations import disappointments
from domain.policy.model import FrozenPolicy
from domain.policy.source import Place, PolicyFault, Source
from domain.policy.worked_examples import Example

Run = PolicyFault | None


def run_examples(book: PolicyBook) -> list[PolicyFault | None]:
    """The fault of each example, or None where it holds."""
    local = (run for code in book.codes() for run in _local_examples(book, code))
    return [*_system_examples(book), *local]


def _system_examples(book: PolicyBook) -> Iterator[Run]:
    for index, edition in enumerate(book.system.editions):
        anywhere = book.of_the_system(edition)
        for number, example in enumerate(edition.tests):
            trial = Trial(book.system_source, ("editions", index, "tests", number), example)
            if example.given.facility is None:
                yield trial.run(anywhere)
            elif example.given.facility in book.codes():
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
        return self.failed("; ".join(wrong) + when) if wrong else None

    def on_days(self, book: PolicyBook, code: str, days: Sequence[date]) -> Run:
        """The fault of the first day on which it does not hold."""
        runs = [self._on(book, code, day) for day in days]
        return next((run for run in runs if run is not None), None)

    def _on(self, book: PolicyBook, code: str, day: date) -> Run:
        policy = book.effective(code, day)
        return self.failed(f"no policy is in force on {day}") if policy is None else self.run(policy, f" on {day}")

    def failed(self, reason: str) -> PolicyFault:
        return self._source.fault(self._place, f"'{self.example.name}' {reason}")
