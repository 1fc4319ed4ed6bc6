"""Starting a case in Temporal: once for its id, findable by operators, and readable in the Web UI."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client
from temporalio.common import Priority, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from api.start_payload import CaseInput, start_payload
from domain.bulkheads import priority_of
from domain.case import Process
from domain.outside_errors import TemporarilyUnavailableError
from workflows import search_attributes
from workflows.messages.procure_to_pay import MEMO_FINGERPRINT

START_TIMEOUT = timedelta(seconds=5)
SYSTEM = "temporal"
MAX_SUMMARY_BYTES = 400
"""What Temporal takes of a summary."""
_MARKUP = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\[\]()<>*_`#|!~\\]+")


class CaseExistsError(Exception):
    """A case with this id was started before, and may have ended since."""


@dataclass(frozen=True)
class Beginning:
    """What a case starts with besides its input, whatever its process. `summary` and `details` are shown to everybody
    who may open the Web UI: they hold no bank number.
    """

    workflow: str
    case_id: str
    process: Process
    facility: str
    urgency: str
    summary: str
    details: str | None = None
    fingerprint: str | None = None


async def start_case(client: Client, task_queue: str, beginning: Beginning, given: CaseInput) -> None:
    """Raises CaseExistsError when the id was ever used, and TemporarilyUnavailableError."""
    try:
        await client.start_workflow(
            beginning.workflow,
            start_payload(given),
            id=beginning.case_id,
            task_queue=task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            memo={MEMO_FINGERPRINT: beginning.fingerprint} if beginning.fingerprint is not None else None,
            search_attributes=search_attributes.at_start(beginning.process, beginning.facility, beginning.urgency),
            static_summary=beginning.summary.encode()[:MAX_SUMMARY_BYTES].decode(errors="ignore"),
            static_details=beginning.details,
            priority=Priority(priority_key=priority_of(beginning.urgency), fairness_key=beginning.facility),
            rpc_timeout=START_TIMEOUT,
        )
    except WorkflowAlreadyStartedError:
        raise CaseExistsError(beginning.case_id) from None
    except RPCError as error:
        raise unavailable(error) from error


def unavailable(error: RPCError) -> TemporarilyUnavailableError:
    return TemporarilyUnavailableError(SYSTEM, error.status.name.lower(), error.message)


def plain(text: str) -> str:
    """Text of a stranger as the Web UI may show it, which reads summaries and details as Markdown: without markup."""
    return " ".join(_MARKUP.sub(" ", text).split())
