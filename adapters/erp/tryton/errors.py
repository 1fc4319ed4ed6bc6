"""Everything that goes wrong between us and Tryton, in the domain's words: decided here, once.

Decided by HTTP status and by the name of the exception. Only two things have no other sign than Tryton's text, and
nobody reads it: an access that was denied and a value that must be unique are both a UserError. The adapter looks up
the external id after a refused creation, and takes what is there.
"""

from __future__ import annotations

from typing import Any

import httpx

from domain.outside_errors import ContractDriftError, OutsideError, RefusedError, TemporarilyUnavailableError

SYSTEM = "erp"
SESSION_OVER = "session-over"
REFUSED = "erp-refused"
WARNED = "erp-warning"
_LONGEST_TEXT = 500

# Statuses that pass by themselves: the session, locks that were not free in time, a proxy whose server restarts.
_PASSING = {
    401: SESSION_OVER,
    408: "timeout",
    423: "locked",
    425: "http-425",
    429: "throttled",
    502: "unreachable",
    503: "locked",
    504: "timeout",
}
_UNKNOWN_INTERFACE = {
    400: "Tryton did not understand the request",
    403: "Tryton has no such method, or not for everybody",
    404: "Tryton has no such database, or its own database is away",
    422: "Tryton misses the context of the call",
}
# Warnings are questions for a person. A name is a hash of the records, a dot, and which question it is.
_QUESTIONS = {"invoice_similar": "duplicate-suspected", "overpay": "payment-over-open"}


class UserWarningError(RefusedError):
    """Tryton asks whether to go on. `name` is the warning's own, by which a person skips it; `question` is the same for
    all records."""

    def __init__(self, name: str, message: str) -> None:
        self.name = name
        self.question = name.rpartition(".")[2]
        super().__init__(SYSTEM, _QUESTIONS.get(self.question, WARNED), f"{_short(message)} [{name}]")


def of_status(status: int) -> OutsideError:
    """The error of an answer that is not 200. 404 passes by itself: Tryton answers it while its database restarts."""
    told = f"Tryton answered {status}"
    if status in _PASSING:
        return TemporarilyUnavailableError(SYSTEM, _PASSING[status], told)
    if status == 404:
        return TemporarilyUnavailableError(SYSTEM, "database-away", f"{told}: {_UNKNOWN_INTERFACE[404]}")
    if status >= 500 and status != 501:
        return TemporarilyUnavailableError(SYSTEM, f"http-{status}", told)
    return ContractDriftError(SYSTEM, "interface-unknown", f"{told}: {_UNKNOWN_INTERFACE.get(status, 'unknown')}")


def login_refused(status: int) -> OutsideError:
    """401 for a login is a wrong password or a user who is gone: six tries of it lock the user, so it is not repeated
    as a failure that passes. Everything else is as for any call."""
    if status == 401:
        return ContractDriftError(SYSTEM, "login-refused", "Tryton refused the login of the integration user")
    return of_status(status)


def of_payload(error: Any, method: str) -> OutsideError:
    """The error in an answer with status 200: `[name, arguments]` of an exception that Tryton foresees, or
    `[text, traceback]` of one that it does not."""
    name, said = _named(error)
    if name == "UserError":
        message, description = _first_two(said)
        return RefusedError(SYSTEM, REFUSED, _short(f"{message} {description}".strip()))
    if name == "UserWarning":
        warning, message = _first_two(said)
        return UserWarningError(warning, message)
    if name == "ConcurrencyException":
        return TemporarilyUnavailableError(SYSTEM, "changed-meanwhile", "somebody changed the record meanwhile")
    if name == "LoginException":
        return ContractDriftError(SYSTEM, "login-refused", "Tryton asks for more than a password")
    # Its text may hold rows and statements: it stays in Tryton's own log.
    return ContractDriftError(SYSTEM, "unexpected", f"Tryton failed unexpectedly in {method}; its log says why")


def unreachable(error: httpx.HTTPError) -> OutsideError:
    """No answer: whether the call had its effect is unknown."""
    code = "timeout" if isinstance(error, httpx.TimeoutException) else "unreachable"
    return TemporarilyUnavailableError(SYSTEM, code, f"Tryton gave no answer: {type(error).__name__}")


def drifted(place: str) -> ContractDriftError:
    """An answer in a shape that nobody expects; says where, and not what."""
    return ContractDriftError(SYSTEM, "answer-unknown", f"Tryton answered in an unknown shape: {place}")


def _named(error: Any) -> tuple[str, Any]:
    if isinstance(error, list | tuple) and len(error) == 2 and isinstance(error[0], str):
        return error[0], error[1]
    return "", None


def _first_two(said: Any) -> tuple[str, str]:
    parts = [str(each or "") for each in said] if isinstance(said, list | tuple) else [str(said)]
    first, second, *_ = (*parts, "", "")
    return first, second


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"
