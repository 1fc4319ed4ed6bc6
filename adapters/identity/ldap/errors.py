"""What an answer of the directory means, in the domain's words: decided here, once. Codes are those of RFC 4511."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ldap3.core.exceptions import LDAPException, LDAPOperationResult

from domain.outside_errors import ContractDriftError, OutsideError, RefusedError, TemporarilyUnavailableError

NO_SUCH_ATTRIBUTE = 16
CONSTRAINT_VIOLATION = 19
VALUE_EXISTS = 20
NO_SUCH_OBJECT = 32
CLASS_VIOLATION = 65
ENTRY_EXISTS = 68

# A referral is what a replica answers that does not take writes. A login of our own that is refused, or a connection
# that is not confidential enough, is about settings: once an operator has mended them the same call succeeds.
_PASSING = {
    1: "operations-error",
    3: "timeout",
    8: "login-refused",
    10: "referral",
    11: "limit",
    13: "login-refused",
    48: "login-refused",
    49: "login-refused",
    51: "busy",
    52: "unavailable",
    54: "loop",
    80: "unknown",
}
_REFUSED = {
    CONSTRAINT_VIOLATION: "data-invalid",
    21: "data-invalid",
    34: "data-invalid",
    50: "not-permitted",
    53: "unwilling",
    ENTRY_EXISTS: "username-taken",
}


def result_of(error: BaseException) -> int | None:
    """The directory's result code behind an error of this adapter, or None when there was no answer."""
    cause = error.__cause__ if isinstance(error, OutsideError) else error
    return int(cause.result) if isinstance(cause, LDAPOperationResult) else None


def classify(system: str, error: Exception) -> OutsideError:
    """The domain's error. The directory's own words are left out: they may repeat what was sent."""
    if not isinstance(error, LDAPOperationResult):
        return TemporarilyUnavailableError(system, "unreachable", f"no answer: {type(error).__name__}")
    code, words = int(error.result), f"{error.description} ({error.result})"
    if code in _PASSING:
        return TemporarilyUnavailableError(system, _PASSING[code], words)
    if code in _REFUSED:
        return RefusedError(system, _REFUSED[code], words)
    return ContractDriftError(system, "directory-differs", f"{words}: its schema or its tree is not as configured")


@contextmanager
def translated(system: str) -> Iterator[None]:
    """Raise what goes wrong inside as one of `domain.outside_errors`, and let everything else pass."""
    try:
        yield
    except (LDAPException, OSError) as error:
        raise classify(system, error) from error
