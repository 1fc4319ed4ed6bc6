"""Outside errors on their way into a workflow: the class decides whether Temporal repeats the step."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio.exceptions import ApplicationError

from domain.outside_errors import ErrorReport, OutsideError, TemporarilyUnavailableError


def report_of(error: OutsideError) -> ErrorReport:
    return ErrorReport(system=error.system, code=error.code, message=error.message)


def as_failure(error: OutsideError) -> ApplicationError:
    """The error as Temporal carries it; only what is temporarily unavailable is worth repeating unchanged."""
    return ApplicationError(
        str(error),
        report_of(error),
        type=type(error).__name__,
        non_retryable=not isinstance(error, TemporarilyUnavailableError),
    )


@asynccontextmanager
async def own_store() -> AsyncIterator[None]:
    """Raises whatever our own store answers as TemporarilyUnavailableError.

    A refusal of it is no matter of the case, such as a database that is not migrated yet: the step is repeated until
    it is taken, because without the store nobody could be shown a question either.
    """
    try:
        yield
    except TemporarilyUnavailableError:
        raise
    except OutsideError as error:
        raise TemporarilyUnavailableError(error.system, error.code, error.message) from error


@asynccontextmanager
async def classified() -> AsyncIterator[None]:
    """Raises what an outside system raised as an ApplicationError that the workflow understands."""
    try:
        yield
    except OutsideError as error:
        raise as_failure(error) from error
