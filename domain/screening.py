"""Names on exclusion lists: a hit is a candidate that a person clears or confirms, never a refusal or a pass."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from domain.credentials import ExclusionEntry, ExclusionHit, ScreenedPerson, ScreeningResult
from domain.exceptions import Finding
from domain.hire import PersonName
from domain.person_names import name_score

MOST_HITS = 20


def hits_of(person: ScreenedPerson, entries: Sequence[ExclusionEntry], least_score: int) -> tuple[ExclusionHit, ...]:
    """The entries in force that could be the person, the likeliest first, at most MOST_HITS.

    The same NPI is a hit whatever the name; another birth date is none, and neither is a name below `least_score` (0 to
    100).
    """
    found = [hit for entry in entries if entry.reinstated_on is None and (hit := _hit(person, entry, least_score))]
    return tuple(sorted(found, key=lambda hit: (-hit.score, hit.key)))[:MOST_HITS]


def _hit(person: ScreenedPerson, entry: ExclusionEntry, least_score: int) -> ExclusionHit | None:
    same_npi = bool(entry.npi) and entry.npi == person.npi
    score = (
        100
        if same_npi
        else name_score(person.name, PersonName(given=entry.given, family=entry.family or entry.business or "-"))
    )
    other_birth = entry.birth_date and person.birth_date and entry.birth_date != person.birth_date
    if not same_npi and (score < least_score or other_birth):
        return None
    reasons = ["the same NPI"] if same_npi else [f"the name agrees to {score} of 100"]
    if entry.birth_date and entry.birth_date == person.birth_date:
        reasons.append("the same birth date")
    elif not entry.birth_date or not person.birth_date:
        reasons.append("a birth date is missing")
    why = f"{entry.list_name}: {', '.join(reasons)}"
    return ExclusionHit(key=hit_key(person, entry), entry=entry, score=score, why=why)


def hit_key(person: ScreenedPerson, entry: ExclusionEntry) -> str:
    """Names the pair of person and entry; another content of the entry is another pair. Nobody reads a name from it."""
    content = entry.model_dump_json()
    return hashlib.sha256(f"{person.subject}\x00{content}".encode()).hexdigest()[:32]


def screening_finding(result: ScreeningResult) -> Finding | None:
    """The question about hits that nobody has cleared; None when there is none. Without any list nothing was looked
    at, which is a question as well."""
    if not result.lists:
        return Finding(
            code="exclusion-candidate",
            message="No exclusion list was there to look at",
            evidence={"lists": []},
        )
    open_hits = [hit for hit in result.hits if hit.key not in result.cleared]
    if not open_hits:
        return None
    return Finding(
        code="exclusion-candidate",
        message=f"{len(open_hits)} entry(ies) of exclusion lists could be the person",
        evidence={
            "hits": [
                {"key": hit.key, "why": hit.why, "score": hit.score, "entry": hit.entry.model_dump(mode="json")}
                for hit in open_hits
            ],
            "lists": [each.model_dump(mode="json") for each in result.lists],
        },
    )
