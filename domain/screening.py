"""Names on exclusion lists: a hit is a candidate that a person clears or confirms, never a refusal or a pass."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from domain.credentials import ExclusionEntry, ExclusionHit, ListState, ScreenedPerson, ScreeningResult
from domain.exceptions import Finding
from domain.hire import PersonName
from domain.person_names import name_score, name_words

CODE = "exclusion-candidate"
MOST_HITS = 20
"""Candidates that a person is shown at once; when these are cleared, the next ones are."""
ENTITY_SCORE = 95
"""For a business that carries the whole name of the person."""
SINGLE_NAME_SCORE = 90
"""For the same family name where one of the two has no given name to compare."""
_CONTENT = (
    "list_name",
    "entry_id",
    "family",
    "given",
    "middle",
    "business",
    "birth_date",
    "npi",
    "state",
    "kind",
    "excluded_on",
    "ends_on",
    "waived_on",
    "waiver_state",
)


def hits_of(person: ScreenedPerson, entries: Sequence[ExclusionEntry], least_score: int) -> tuple[ExclusionHit, ...]:
    """The entries in force that could be the person, the likeliest first, each once.

    The same NPI is a hit whatever the name; another birth date is none, and neither is a name below `least_score` (0 to
    100). What was reinstated is none. A waiver is none of the reasons to leave an entry out: it holds in one state and
    for some programs only.
    """
    found = {hit.key: hit for entry in entries if (hit := _hit(person, entry, least_score)) is not None}
    return tuple(sorted(found.values(), key=lambda hit: (-hit.score, hit.key)))


def _hit(person: ScreenedPerson, entry: ExclusionEntry, least_score: int) -> ExclusionHit | None:
    if entry.reinstated_on is not None:
        return None
    same_npi = _same_npi(person, entry)
    score = 100 if same_npi else entry_score(person.name, entry)
    other_birth = entry.birth_date and person.birth_date and entry.birth_date != person.birth_date
    if not same_npi and (score < least_score or other_birth):
        return None
    why = f"{entry.list_name}: {', '.join(_reasons(person, entry, score))}"
    return ExclusionHit(key=hit_key(person, entry), entry=entry, score=score, why=why)


def _reasons(person: ScreenedPerson, entry: ExclusionEntry, score: int) -> Iterator[str]:
    if _same_npi(person, entry):
        yield "the same NPI"
    else:
        yield f"the name agrees to {score} of 100"
        if entry.npi and person.npi:
            yield "another NPI"
    if not entry.birth_date or not person.birth_date:
        yield "a birth date is missing"
    else:
        yield "the same birth date" if entry.birth_date == person.birth_date else "another birth date"
    if entry.waived_on is not None:
        yield f"waived in {entry.waiver_state or 'one state'} from {entry.waived_on} on"


def _same_npi(person: ScreenedPerson, entry: ExclusionEntry) -> bool:
    return bool(entry.npi) and entry.npi == person.npi


def entry_score(name: PersonName, entry: ExclusionEntry) -> int:
    """How much a name agrees with that of an entry, from 0 to 100. Names without a word that can be read agree with
    nothing. Middle names count for nothing: half of the entries have none."""
    return max(_person_score(name, entry), _entity_score(name, entry))


def _person_score(name: PersonName, entry: ExclusionEntry) -> int:
    theirs = name_words(entry.family)
    if not theirs or not name_words(name.family):
        return 0
    score = name_score(name, PersonName(given=entry.given[:100], family=entry.family[:100]))
    if theirs == name_words(name.family) and not (
        name_words(entry.given) and name_words(f"{name.given} {name.preferred}")
    ):
        return max(score, SINGLE_NAME_SCORE)
    return score


def _entity_score(name: PersonName, entry: ExclusionEntry) -> int:
    """A practice is often named after its owner: 'Jane Roe MD PLLC'. One word alone says nothing."""
    business = set(name_words(entry.business))
    readings = (name_words(f"{given} {name.family}") for given in (name.given, name.preferred) if given)
    whole = any(len(set(reading)) > 1 and business.issuperset(reading) for reading in readings)
    return ENTITY_SCORE if whole else 0


def hit_key(person: ScreenedPerson, entry: ExclusionEntry) -> str:
    """Names the pair of person and entry; another content of the entry is another pair, and so is one that agrees by
    NPI where it agreed by name before. Nobody reads a name from it."""
    dumped = entry.model_dump(mode="json")
    content = json.dumps([person.subject, _same_npi(person, entry), [dumped[field] for field in _CONTENT]])
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def keys_under(subject: str, person: ScreenedPerson, hits: Sequence[ExclusionHit]) -> dict[str, str]:
    """The keys that the hits had under another subject of the same person, and those that they have now: a hire is
    screened under its case until the HRIS knows the worker."""
    as_before = person.model_copy(update={"subject": subject})
    return {hit_key(as_before, hit.entry): hit.key for hit in hits}


def screened(hits: Sequence[ExclusionHit], cleared: Collection[str], lists: Sequence[ListState]) -> ScreeningResult:
    """What is shown of a screening: of the hits that nobody cleared the first MOST_HITS, and how many more there are;
    of those that somebody did, the keys."""
    still_open = [hit for hit in hits if hit.key not in cleared]
    return ScreeningResult(
        hits=tuple(still_open[:MOST_HITS]),
        cleared=tuple(sorted(hit.key for hit in hits if hit.key in cleared)),
        lists=tuple(lists),
        more=max(0, len(still_open) - MOST_HITS),
    )


def screening_finding(result: ScreeningResult) -> Finding | None:
    """The question about hits that nobody has cleared; None when there is none. Without any list nothing was looked
    at, which is a question as well: it is answered by screening again once there is one."""
    lists: list[dict[str, Any]] = [each.model_dump(mode="json") for each in result.lists]
    if not result.lists:
        message = "No exclusion list was there to look at. Have it provided, then answer: it is looked at again"
        return Finding(code=CODE, message=message, evidence={"lists": []})
    open_hits = [hit for hit in result.hits if hit.key not in result.cleared]
    if not open_hits:
        return None
    count = len(open_hits) + result.more
    entries = "1 entry of an exclusion list" if count == 1 else f"{count} entries of exclusion lists"
    shown = f"; the first {len(open_hits)} are shown" if result.more else ""
    return Finding(
        code=CODE,
        message=f"{entries} could be the person{shown}",
        evidence={
            "hits": [
                {"key": hit.key, "why": hit.why, "score": hit.score, "entry": hit.entry.model_dump(mode="json")}
                for hit in open_hits
            ],
            "lists": lists,
        },
    )
