"""Failures of steps, read back from what Temporal delivers."""

from __future__ import annotations

from temporalio.exceptions import ActivityError, ApplicationError, FailureError
from temporalio.exceptions import TimeoutError as StepTimeoutError

from domain.model import Value
from domain.outside_errors import ErrorReport

REFUSED = "RefusedError"
UNAVAILABLE = "TemporarilyUnavailableError"
CONTRACT_DRIFT = "ContractDriftError"
DEFECT = "Defect"
HELD = "held"
"""Second detail of a failure while the work for its system is held: it is waited for, and nobody is asked."""


class StepFailure(Value):
    """Why a step did not succeed: `kind` says what may help, `report` what the outside system said. `held` says that
    the system is known to be down, so that the step is worth nothing but another try."""

    kind: str
    report: ErrorReport
    held: bool = False

    @property
    def exception_code(self) -> str:
        """The exception that integration support is asked to solve, unless the process knows a better owner."""
        if self.kind == REFUSED:
            return "target-refused"
        return "contract-drift" if self.kind == CONTRACT_DRIFT else "target-unavailable"


def failure_of(error: ActivityError) -> StepFailure:
    """The cause of a failed step as data; a time-out counts as the system being unavailable."""
    cause: BaseException | None = error.cause
    while isinstance(cause, StepTimeoutError) and isinstance(cause.cause, FailureError):
        cause = cause.cause
    if isinstance(cause, ApplicationError) and cause.details:
        detail = cause.details[0]
        report = detail if isinstance(detail, ErrorReport) else ErrorReport.model_validate(detail)
        return StepFailure(kind=cause.type or DEFECT, report=report, held=HELD in cause.details[1:])
    if isinstance(cause, ApplicationError):
        return StepFailure(
            kind=cause.type or DEFECT, report=ErrorReport(system="corridor", code="defect", message=cause.message)
        )
    message = str(cause) if cause is not None else "no answer in time"
    return StepFailure(
        kind=UNAVAILABLE, report=ErrorReport(system=error.activity_type, code="time-out", message=message)
    )
