"""On which queue each step waits: the queue of the outside system that it cannot do without."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.bulkheads import WorkQueue

_QUEUES: Mapping[WorkQueue, tuple[str, ...]] = {
    "cases": (
        "announce",
        "clear_hits",
        "close_case",
        "confirm_account",
        "correct_invoice",
        "due_payment_runs",
        "finish_payments",
        "hold_payment",
        "learn_decisions",
        "note_payment_states",
        "note_standing",
        "reconcile_page",
        "release_commitments",
        "release_payments",
        "take_checkpoint",
    ),
    "erp": (
        "cancel_order",
        "change_order",
        "check_requisition",
        "close_order",
        "collect_erp_changes",
        "control_invoice",
        "end_employee",
        "follow_order",
        "issue_stock",
        "match_invoice",
        "offer_again",
        "place_order",
        "propose_payments",
        "record_employee",
        "reserve_commitments",
        "return_stock",
        "set_invoice_aside",
        "tell_orders",
    ),
    "erp-posting": (
        "book_payments",
        "post_invoice",
        "post_receipt",  # an ERP that takes nothing at receipt is told by a posting of its own
        "post_return",
        "return_payments",
        "reverse_invoice",
    ),
    "hris": ("begin_worker", "identify_person", "plan_hire", "prepare_worker", "rescind_worker", "settle_hire"),
    "identity": (
        "check_access",
        "create_account",
        "disable_account",
        "enable_account",
        "end_access_page",
        "grant_access",
        "remove_account",
        "revoke_access",
        "shut_worker",
    ),
    "screening": ("check_credential", "rescreen_page", "screen_person"),
    "bank": ("collect_bank_messages", "deliver_payment_file"),
    "mail": ("answer_supplier", "send_order"),
}
QUEUE_OF_STEP: Mapping[str, WorkQueue] = {step: queue for queue, steps in _QUEUES.items() for step in steps}
"""The queue of each step by its name. A step that is not listed waits on `cases`, which is always served."""


def queue_of(step: str, given: Any = None) -> WorkQueue:
    """The queue of a step, where that depends on it with what it is `given`: the target of an account or of access."""
    queue = QUEUE_OF_STEP.get(step, "cases")
    if queue == "identity" and getattr(given, "system", "") == "directory":
        return "directory"
    return queue


def task_queue(base: str, queue: WorkQueue) -> str:
    """The name of a queue in Temporal; `base` is the task queue of the processes, such as 'corridor-erp' of
    'corridor'."""
    return base if queue == "cases" else f"{base}-{queue}"
