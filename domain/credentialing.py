"""Whether a credential may be relied on: judged from what its source says, never passed for want of an answer."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from domain.credentials import LicenceRecord
from domain.exceptions import Finding
from domain.hire import CertificateClaim, LicenceClaim, PersonName
from domain.model import Value
from domain.npi import is_npi
from domain.person_names import name_score, name_words

UNVERIFIED, EXPIRING, BARRED = "licence-unverified", "licence-expiring", "licence-barred"
NPI, CERTIFICATE = "npi-invalid", "certificate-missing"
LEAST_NAME_SCORE = 85
"""Names on a register that agree less with the person's (0 to 100) are shown to a person."""
_SHUT = ("suspended", "revoked")
_GRAVITY = (EXPIRING, UNVERIFIED, BARRED)
"""Of several licences, the question that is the least to settle is asked."""


class Judged(Value):
    """`finding` is what a person must look at; None when the credential is good. `valid_until` is inclusive."""

    finding: Finding | None = None
    note: str = ""
    valid_until: date | None = None


def judge_licence(
    kind: str,
    looked_up: Sequence[tuple[LicenceClaim, LicenceRecord]],
    start_on: date,
    licence_days: int,
    accepted: Collection[str],
    *,
    name: PersonName | None = None,
    today: date | None = None,
) -> Judged:
    """A licence of the required kind, by the board's own register.

    One that is active, is the person's, and outlasts the start by `licence_days` calendar days is enough; but that the
    board has shut another one of the person is shown all the same. `accepted` holds the code of what a person verified
    at the source or let pass. What nobody can let pass ('licence-barred') is a licence that the register itself says
    is suspended, revoked or expired, or whose last day lies before the first day of work: `start_on`, or `today` where
    the start lies back. Without a `name` the name on record is not compared.
    """
    if not looked_up:
        if UNVERIFIED in accepted:
            return Judged(note=f"'{kind}' verified by a person")
        return _question(UNVERIFIED, f"No licence of kind '{kind}' is stated", {"kind": kind})
    first_day = max(start_on, today or start_on)
    judged = [_one_licence(*each, first_day, licence_days, accepted, name) for each in looked_up]
    best = min(judged, key=_least_to_settle)
    if best.finding is None and UNVERIFIED not in accepted:
        return _shut_elsewhere(looked_up) or best
    return best


def _least_to_settle(judged: Judged) -> tuple[int, int]:
    gravity = -1 if judged.finding is None else _GRAVITY.index(judged.finding.code)
    return gravity, -(judged.valid_until or date.max).toordinal()


def _shut_elsewhere(looked_up: Sequence[tuple[LicenceClaim, LicenceRecord]]) -> Judged | None:
    """A person who is barred in one state may hold a good licence in another, and somebody must know."""
    for claim, record in looked_up:
        if record.status in _SHUT:
            said = f"the register says {record.status}, although another licence is good"
            return _question(UNVERIFIED, f"{_named(claim)}: {said}", _evidence(claim, record))
    return None


def _one_licence(
    claim: LicenceClaim,
    record: LicenceRecord,
    first_day: date,
    licence_days: int,
    accepted: Collection[str],
    name: PersonName | None,
) -> Judged:
    evidence = _evidence(claim, record)
    if record.status in (*_SHUT, "expired"):
        return _question(BARRED, f"{_named(claim)}: the register says {record.status}", evidence)
    ends = record.expires_on or claim.expires_on
    if ends is not None and ends < first_day and (record.expires_on or record.status != "not-found"):
        return _until(BARRED, f"{_named(claim)} has ended on {ends}, before the work on {first_day}", evidence, ends)
    if UNVERIFIED not in accepted:
        doubts = list(_doubts(claim, record, name))
        if doubts:
            with_names = {**evidence, "name": name.full if name else "", "name_on_record": record.name_on_record}
            return _question(UNVERIFIED, f"{_named(claim)}: {'; '.join(doubts)}", with_names)
    if ends is not None and ends < first_day + timedelta(days=licence_days) and EXPIRING not in accepted:
        return _until(EXPIRING, f"{_named(claim)} ends on {ends}; the work begins on {first_day}", evidence, ends)
    how = record.source if record.status == "active" and record.source else "verified by a person"
    until = f", until {ends}" if ends else ", without a stated end"
    return Judged(note=f"{claim.kind} of {claim.state}, {how}{until}", valid_until=ends)


def _doubts(claim: LicenceClaim, record: LicenceRecord, name: PersonName | None) -> Iterator[str]:
    """What does not fit between the claim and the register; a name says so without being in the text."""
    if record.status == "not-checked":
        yield "no register can be asked" + (f" ({record.source})" if record.source else "")
    elif record.status != "active":
        yield f"the register says {record.status}"
    if record.number and plain_number(record.number) != plain_number(claim.number):
        yield "the register has another number"
    if record.state and record.state != claim.state:
        yield f"the register has it in {record.state}"
    if record.kind and record.kind != claim.kind:
        yield f"the register has it as '{record.kind}'"
    if (
        name is not None
        and record.name_on_record.strip()
        and recorded_name_score(name, record.name_on_record) < LEAST_NAME_SCORE
    ):
        yield "the name on record is another one"


def recorded_name_score(name: PersonName, recorded: str) -> int:
    """How much a name agrees, from 0 to 100, with one that a register keeps in one field: 'Family, Given Middle' or
    in reading order. Middle names count for nothing, and neither do titles behind a second comma."""
    return max((name_score(name, reading) for reading in _readings(recorded)), default=0)


def _readings(recorded: str) -> Iterator[PersonName]:
    parts = [part.strip() for part in recorded[:300].split(",")]
    if len(parts) > 1 and name_words(parts[0]) and name_words(parts[1]):
        yield from (_name(parts[0], given) for given in (parts[1], parts[1].split()[0]))
    words = parts[0].split() if len(parts) == 1 else []
    if name_words(recorded) and len(words) == 1:
        yield _name(words[0], "")
    for at in range(1, len(words)):
        yield from (_name(" ".join(words[at:]), given) for given in (" ".join(words[:at]), words[0]))


def _name(family: str, given: str) -> PersonName:
    return PersonName(family=family[:100], given=given[:100])


def plain_number(number: str) -> str:
    """Numbers are written with and without separators, in either case, and with leading zeros."""
    return re.sub(r"[^0-9A-Z]", "", number.upper()).lstrip("0")


def _named(claim: LicenceClaim) -> str:
    return f"{claim.kind} licence of {claim.state}"


def _evidence(claim: LicenceClaim, record: LicenceRecord) -> dict[str, Any]:
    return {
        "state": claim.state,
        "kind": claim.kind,
        "number": claim.number,
        "number_on_record": record.number,
        "board": claim.board,
        "status": record.status,
        "source": record.source,
        "name_on_record": record.name_on_record,
        "expires_on": str(record.expires_on or claim.expires_on or ""),
    }


def judge_npi(npi: str, accepted: Collection[str]) -> Judged:
    """Ten digits with a right check digit, of which the first is 1 or 2 (CMS NPI standard)."""
    if NPI in accepted:
        return Judged(note="NPI verified by a person")
    if not npi:
        return _question(NPI, "No NPI is stated", {})
    if not is_npi(npi):
        return _question(NPI, "The check digit of the NPI is wrong", {"last_digits": npi[-4:]})
    if npi[0] not in "12":
        return _question(NPI, "No NPI begins like this one: the first digit is 1 or 2", {"last_digits": npi[-4:]})
    return Judged(note=f"NPI ending in {npi[-4:]}")


def judge_certificate(
    kind: str,
    claims: Sequence[CertificateClaim],
    start_on: date,
    accepted: Collection[str],
    *,
    today: date | None = None,
) -> Judged:
    """A certificate of the required kind that holds on the first day of work: `start_on`, or `today` where the start
    lies back."""
    if CERTIFICATE in accepted:
        return Judged(note=f"{kind} seen by a person")
    first_day = max(start_on, today or start_on)
    stated = [each for each in claims if each.kind == kind]
    if not stated:
        return _question(CERTIFICATE, f"No {kind} certificate is stated", {"kind": kind})
    holding = [each for each in stated if each.expires_on is None or each.expires_on >= first_day]
    if not holding:
        ends = max(each.expires_on for each in stated if each.expires_on is not None)
        message = f"The {kind} certificate ends on {ends}, before the work on {first_day}"
        return _until(CERTIFICATE, message, {"kind": kind, "expires_on": str(ends)}, ends)
    best = max(holding, key=lambda each: each.expires_on or date.max)
    until = f", until {best.expires_on}" if best.expires_on else ", without a stated end"
    return Judged(note=f"{kind}{until}", valid_until=best.expires_on)


def _question(code: str, message: str, evidence: dict[str, Any]) -> Judged:
    return Judged(finding=Finding(code=code, message=message, evidence=evidence))


def _until(code: str, message: str, evidence: dict[str, Any], ends: date) -> Judged:
    return Judged(finding=Finding(code=code, message=message, evidence=evidence), valid_until=ends)
