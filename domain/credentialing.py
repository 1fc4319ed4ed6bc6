"""Whether a credential may be relied on: judged from what its source says, never passed for want of an answer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from domain.credentials import LicenceRecord
from domain.exceptions import Finding
from domain.hire import CertificateClaim, LicenceClaim
from domain.model import Value
from domain.npi import is_npi

UNVERIFIED, EXPIRING = "licence-unverified", "licence-expiring"
NPI, CERTIFICATE = "npi-invalid", "certificate-missing"


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
) -> Judged:
    """A licence of the required kind, by the board's own register.

    One that is active and outlasts the start by `licence_days` calendar days is enough, whatever the others are.
    `accepted` holds the code of what a person verified at the source or let pass; an expired licence that somebody
    verified is judged by its days all the same.
    """
    if not looked_up and UNVERIFIED not in accepted:
        return _question(UNVERIFIED, f"No licence of kind '{kind}' is stated", {"kind": kind})
    judged = [_one_licence(claim, record, start_on, licence_days, accepted) for claim, record in looked_up]
    if not judged:
        return Judged(note=f"'{kind}' verified by a person")
    return min(judged, key=_worst_last)


def _worst_last(judged: Judged) -> tuple[bool, bool, date]:
    expiring = judged.finding is not None and judged.finding.code == EXPIRING
    return judged.finding is not None, not expiring, date.max - ((judged.valid_until or date.min) - date.min)


def _one_licence(
    claim: LicenceClaim, record: LicenceRecord, start_on: date, licence_days: int, accepted: Collection[str]
) -> Judged:
    evidence = {
        "state": claim.state,
        "kind": claim.kind,
        "status": record.status,
        "source": record.source,
        "name_on_record": record.name_on_record,
        "expires_on": str(record.expires_on or claim.expires_on or ""),
    }
    if record.status != "active" and UNVERIFIED not in accepted:
        reason = "no register can be asked" if record.status == "not-checked" else f"the register says {record.status}"
        return _question(UNVERIFIED, f"{claim.kind} licence of {claim.state}: {reason}", evidence)
    ends = record.expires_on or claim.expires_on
    if ends is not None and ends < start_on + timedelta(days=licence_days) and EXPIRING not in accepted:
        when = "has ended" if ends < start_on else "ends"
        return Judged(
            finding=Finding(
                code=EXPIRING,
                message=f"{claim.kind} licence of {claim.state} {when} on {ends}; the start is on {start_on}",
                evidence=evidence,
            ),
            valid_until=ends,
        )
    how = record.source or "verified by a person"
    return Judged(note=f"{claim.kind} of {claim.state}, {how}" + (f", until {ends}" if ends else ""), valid_until=ends)


def judge_npi(npi: str, accepted: Collection[str]) -> Judged:
    """Ten digits with a right check digit (CMS NPI standard)."""
    if NPI in accepted:
        return Judged(note="NPI verified by a person")
    if not npi:
        return _question(NPI, "No NPI is stated", {})
    if not is_npi(npi):
        return _question(NPI, "The check digit of the NPI is wrong", {"last_digits": npi[-4:]})
    return Judged(note=f"NPI ending in {npi[-4:]}")


def judge_certificate(
    kind: str, claims: Sequence[CertificateClaim], start_on: date, accepted: Collection[str]
) -> Judged:
    """A certificate of the required kind that holds on the first day."""
    if CERTIFICATE in accepted:
        return Judged(note=f"{kind} seen by a person")
    holding = [each for each in claims if each.expires_on is None or each.expires_on >= start_on]
    if not claims:
        return _question(CERTIFICATE, f"No {kind} certificate is stated", {"kind": kind})
    if not holding:
        ends = max(each.expires_on for each in claims if each.expires_on is not None)
        return _question(CERTIFICATE, f"The {kind} certificate ends on {ends}, before the start", {"kind": kind})
    best = max(holding, key=lambda each: each.expires_on or date.max)
    until = f", until {best.expires_on}" if best.expires_on else ""
    return Judged(note=f"{kind}{until}", valid_until=best.expires_on)


def _question(code: str, message: str, evidence: dict[str, str]) -> Judged:
    return Judged(finding=Finding(code=code, message=message, evidence=dict(evidence)))
