"""Whether a person who is hired works here, did, or is being hired already.

Who is taken for a former worker gets that worker's number, accounts and mail. So a match is certain only by two things
that agree, of which one is the birth date or the number that HR gave; what is less is a question to a person. A name
alone is never enough, and another birth date is another person, whatever else agrees.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from domain.hire import Hire, HiredPerson
from domain.hire_rules import HireParameters
from domain.person_match import MatchCandidate, PersonMatch
from domain.person_names import name_key, name_score
from domain.ports.hire_register import HireEntry
from domain.worker import WorkerRecord

MOST_CANDIDATES = 10
STRONG_KEYS = ("name-birth", "npi", "number")
"""Kinds of keys of which one alone says that two hires are of one person; a mail address may be a family's."""

_STATUS = {"active": "works here", "prehire": "is about to start here", "ended": "a former worker"}


@dataclass(frozen=True)
class _Evidence:
    """What agrees between a hire and a worker: None where one of them does not say."""

    worker: WorkerRecord
    number: bool | None
    npi: bool | None
    birth: bool | None
    mail: bool | None
    name: int

    @property
    def score(self) -> int:
        return self.name // 2 + 30 * (self.birth is True) + 20 * bool(self.number or self.npi or self.mail)

    @property
    def same_name_and_birth(self) -> bool:
        return self.name == 100 and self.birth is True

    def possible(self, rules: HireParameters) -> bool:
        """Whether it could be the person at all, so that somebody must look."""
        if self.number or self.npi:
            return True
        if self.birth is False:
            return False
        if self.mail:
            return True
        return self.name >= rules.match_score if self.birth else self.name == 100

    def proven(self, rules: HireParameters) -> Literal["", "identifier", "name"]:
        """By what it is the person beyond doubt, as far as this worker alone says; empty when it is not."""
        if self.worker.status != "ended" or self.birth is False or self.npi is False or self.number is False:
            return ""
        if self.number and (self.birth or self.name >= rules.match_score):
            return "identifier"
        if self.npi and self.birth:
            return "identifier"
        return "name" if self.same_name_and_birth else ""

    def words(self) -> str:
        facts = (
            _STATUS[self.worker.status],
            _word(self.number, "the worker number given", "not the worker number given"),
            _word(self.npi, "same NPI", "another NPI"),
            _word(self.birth, "same birth date", "another birth date", "birth date not known"),
            "same name" if self.name == 100 else f"names agree by {self.name} of 100",
            _word(self.mail, "same personal mail address", ""),
        )
        return ", ".join(fact for fact in facts if fact)


def match_person(
    hire: Hire,
    workers: Sequence[WorkerRecord],
    running: Sequence[HireEntry],
    rules: HireParameters,
    own: Collection[str] = (),
) -> PersonMatch:
    """What the records say of the person. `own` are external ids of this very hire, whose worker is no candidate.

    The order of `workers` and `running` changes nothing. Candidates come with the likeliest first.
    """
    evidence = [_compare(hire.person, each) for each in workers if each.status != "rescinded"]
    possible = [each for each in evidence if each.worker.external_id not in own and each.possible(rules)]
    shared = [(entry, kinds) for entry in running if (kinds := _shared_kinds(hire, entry))]
    certain = _certain(possible, rules)
    candidates = _candidates(possible, shared, certain)
    strong = sorted(entry.case_id for entry, kinds in shared if not kinds.isdisjoint(STRONG_KEYS))
    if certain is not None:
        strong = strong or sorted(each.case_id for each in running if each.worker_id == certain.worker.worker_id)
    if strong:
        why = "The same person is being hired in another case."
        return PersonMatch(kind="in-progress", case_id=strong[0], candidates=candidates, why=why)
    if certain is not None and not (shared and certain.proven(rules) == "name"):
        worker_id, why = certain.worker.worker_id, f"Certainly known: {certain.words()}."
        return PersonMatch(kind="rehire", worker_id=worker_id, candidates=candidates, why=why)
    if candidates:
        return PersonMatch(kind="doubtful", candidates=candidates, why=f"Perhaps known: {candidates[0].why}.")
    return PersonMatch(kind="new", why="Nobody who is known could be this person.")


def is_somebody_else(known: HiredPerson, corrected: HiredPerson, rules: HireParameters) -> bool:
    """Whether a correction makes another person of the one who is hired: name and birth date both differ. One of them
    alone is a slip of the pen, or a marriage."""
    if known.birth_date is None or corrected.birth_date in (None, known.birth_date):
        return False
    return name_score(known.name, corrected.name) < rules.match_score


def person_keys(hire: Hire) -> tuple[str, ...]:
    """Digests of what identifies the person, each with its kind: equal for the same person in two hires. Nobody can
    read a name from them; who knows a person can find out whether they are meant."""
    person = hire.person
    facts = {
        "name-birth": "" if person.birth_date is None else f"{name_key(person.name)}/{person.birth_date.isoformat()}",
        "npi": person.npi or "",
        "number": (person.worker_number or "").upper(),
        "mail": (person.personal_email or "").lower(),
    }
    return tuple(
        f"{kind}:{hashlib.sha256(f'{kind}/{fact}'.encode()).hexdigest()}" for kind, fact in facts.items() if fact
    )


def _compare(person: HiredPerson, worker: WorkerRecord) -> _Evidence:
    return _Evidence(
        worker=worker,
        number=_equal((person.worker_number or "").upper(), worker.worker_number.upper()),
        npi=_equal(person.npi or "", worker.npi),
        birth=None if None in (person.birth_date, worker.birth_date) else person.birth_date == worker.birth_date,
        mail=_equal((person.personal_email or "").lower(), worker.personal_email.lower()),
        name=name_score(person.name, worker.name),
    )


def _equal(ours: str, theirs: str) -> bool | None:
    return ours == theirs if ours and theirs else None


def _word(agrees: bool | None, yes: str, no: str, unknown: str = "") -> str:
    return unknown if agrees is None else yes if agrees else no


def _certain(possible: Sequence[_Evidence], rules: HireParameters) -> _Evidence | None:
    """The one worker who is the person beyond doubt. Somebody else who could be it as well makes it a question: by an
    identifier or the very same name for one who is proven by an identifier, by anything for one proven by the name."""
    proven = [each for each in possible if each.proven(rules)]
    if len(proven) != 1:
        return None
    (one,) = proven
    others = [each for each in possible if each is not one]
    if one.proven(rules) == "name":
        return None if others else one
    rivals = [each for each in others if each.number or each.npi or each.same_name_and_birth]
    return None if rivals else one


def _shared_kinds(hire: Hire, entry: HireEntry) -> frozenset[str]:
    """The kinds of the keys that a running hire has in common with this one."""
    return frozenset(key.partition(":")[0] for key in set(person_keys(hire)) & set(entry.person_keys))


def _candidates(
    possible: Sequence[_Evidence],
    shared: Sequence[tuple[HireEntry, frozenset[str]]],
    certain: _Evidence | None,
) -> tuple[MatchCandidate, ...]:
    found = [
        MatchCandidate(
            worker_id=each.worker.worker_id,
            worker_number=each.worker.worker_number,
            status=each.worker.status,
            score=each.score,
            certain=each is certain,
            why=each.words(),
        )
        for each in possible
    ]
    found += [
        MatchCandidate(
            worker_id=entry.worker_id,
            case_id=entry.case_id,
            status="hiring",
            score=50 if kinds.isdisjoint(STRONG_KEYS) else 100,
            why=f"being hired already, same {', '.join(_KINDS[kind] for kind in sorted(kinds))}",
        )
        for entry, kinds in shared
    ]
    found.sort(key=lambda each: (not each.certain, -each.score, each.worker_id, each.case_id))
    return tuple(found[:MOST_CANDIDATES])


_KINDS = {
    "name-birth": "name and birth date",
    "npi": "NPI",
    "number": "worker number",
    "mail": "personal mail address",
}
