"""Which workers could be the person of a hire, chosen generously, as the reference HRIS chooses them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from domain.hire import HiredPerson, PersonName
from domain.worker import WorkerRecord

MOST = 50
_MARKS = re.compile("[\u0300-\u036f'\u2019\u02bc`]")


def name_words(*parts: str) -> frozenset[str]:
    """The words of a name without case, accents and apostrophes."""
    bare = _MARKS.sub("", unicodedata.normalize("NFKD", " ".join(parts))).lower()
    return frozenset(re.split(r"[\W_]+", bare)) - {""}


def most_alike(person: HiredPerson, workers: Sequence[WorkerRecord]) -> tuple[WorkerRecord, ...]:
    """At most MOST: those whose number, NPI, mail or birth date is the person's, then those with a word of the name in
    common; the same strength in order of ids."""
    ranked = [(strength, each.worker_id, each) for each in workers if (strength := _strength(person, each))]
    return tuple(each for _, _, each in sorted(ranked, key=lambda row: (-row[0], row[1]))[:MOST])


def _strength(person: HiredPerson, worker: WorkerRecord) -> int:
    number = person.worker_number or ""
    mail = (person.personal_email or "").lower()
    ours, theirs = _family(person.name), _all(worker.name)
    return (
        32 * (number != "" and number.upper() == worker.worker_number.upper())
        + 16 * (person.npi is not None and person.npi == worker.npi)
        + 8 * (person.birth_date is not None and person.birth_date == worker.birth_date)
        + 4 * (mail != "" and mail == worker.personal_email.lower())
        + 2 * (_all(person.name) == theirs)
        + (not ours.isdisjoint(theirs) or not _all(person.name).isdisjoint(_family(worker.name)))
    )


def _family(name: PersonName) -> frozenset[str]:
    return name_words(name.family)


def _all(name: PersonName) -> frozenset[str]:
    return name_words(name.given, name.family)
