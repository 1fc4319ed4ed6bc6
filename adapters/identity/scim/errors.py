"""What goes wrong between us and a SCIM provider, in the domain's words: decided here, once.

A provider's own message stays out: it may hold names. Of it only the attributes that it speaks of are told.
"""

from __future__ import annotations

import re

import httpx
from pydantic import ValidationError

from adapters.identity.scim.wire import WireError
from domain.outside_errors import ContractDriftError, OutsideError, RefusedError, TemporarilyUnavailableError

TAKEN = "uniqueness"
CHANGED = "changed-meanwhile"
FILTER_REFUSED = "filter-refused"
# 4xx by number, passing by meaning.
_PASSING = {408: "http-408", 412: CHANGED, 425: "http-425", 429: "throttled"}
_REFUSALS = {
    **dict.fromkeys((400, 413, 422), "data-invalid"),
    **dict.fromkeys((401, 403), "access-refused"),
    409: TAKEN,
}
_ATTRIBUTES = re.compile(
    r"\b(?:userName|externalId|displayName|nickName|name(?:\.\w+)?|title|emails|active|password|employeeNumber"
    r"|costCenter|department|organization|division|manager|members|phoneNumbers|userType|locale|schemas)\b"
)


def classify(system: str, response: httpx.Response) -> OutsideError:
    """The error of an answer that is no success (RFC 7644, section 3.12)."""
    status, said = response.status_code, _said(response)
    told = f"the provider answered {status}{f' {said.scim_type}' if said.scim_type else ''}{_about(said.detail)}"
    if status in _PASSING or (status >= 500 and status != 501):
        return TemporarilyUnavailableError(system, _PASSING.get(status, f"http-{status}"), told)
    if status == 501 or said.scim_type == "invalidFilter":
        return ContractDriftError(system, FILTER_REFUSED, told)
    if status in _REFUSALS:
        return RefusedError(system, _REFUSALS[status], told)
    return ContractDriftError(system, "interface-unknown", told)


def unreachable(system: str, error: httpx.HTTPError) -> OutsideError:
    """No answer: whether the call had its effect is unknown."""
    code = "timeout" if isinstance(error, httpx.TimeoutException) else "unreachable"
    return TemporarilyUnavailableError(system, code, f"the provider gave no answer: {type(error).__name__}")


def drifted(system: str, error: ValidationError | ValueError) -> OutsideError:
    """An answer in a shape that nobody expects; says where, and not what."""
    places = "the whole answer"
    if isinstance(error, ValidationError):
        places = ", ".join(".".join(map(str, each["loc"])) or places for each in error.errors()[:5])
    return ContractDriftError(system, "answer-unknown", f"the provider answered in an unknown shape: {places}")


def _said(response: httpx.Response) -> WireError:
    try:
        return WireError.model_validate_json(response.content)
    except ValidationError:
        return WireError()


def _about(detail: str) -> str:
    named = dict.fromkeys(_ATTRIBUTES.findall(detail))
    return f", about {', '.join(named)}" if named else ""
