"""TEMP"""

from __future__ import annotations

import hashlib

from domain.person_match import PersonMatch


def person_keys(hire):
    return (hashlib.sha256(f"{hire.person.name.full}{hire.person.birth_date}".encode()).hexdigest(),)


def match_person(hire, workers, running, params):
    return PersonMatch(kind="new")
