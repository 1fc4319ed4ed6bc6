"""The catalogue of exceptions: what went another way than planned, who owns it, and what may be done about it."""

from __future__ import annotations

from typing import Any

from domain.exception_type import ExceptionType
from domain.exception_type import row as _row
from domain.hire_exceptions import HIRE_EXCEPTIONS
from domain.invoice_exceptions import INVOICE_EXCEPTIONS
from domain.model import Value

CATALOGUE: dict[str, ExceptionType] = {
    row.code: row
    for row in (
        _row("item-unknown", "Item not in the catalogue", "buyer", ("correct", "cancel-line", "cancel")),
        _row(
            "item-inactive",
            "Item no longer supplied, no substitute",
            "buyer",
            ("correct", "cancel-line", "cancel"),
        ),
        _row(
            "unit-mismatch",
            "Unit does not convert into the catalogue's",
            "buyer",
            ("correct", "cancel-line", "cancel"),
        ),
        _row("price-missing", "Nobody knows a price", "buyer", ("correct", "cancel-line", "cancel")),
        _row("amount-too-large", "Amount beyond any purchase", "buyer", ("correct", "cancel-line", "cancel")),
        _row("supplier-unknown", "Supplier not in the master", "supplier-desk", ("correct", "retry", "cancel")),
        _row(
            "supplier-blocked",
            "Supplier blocked for orders",
            "supplier-desk",
            ("correct", "retry", "cancel-line", "cancel"),
        ),
        _row(
            "cost-centre-closed",
            "Cost centre unknown or closed",
            "finance-controller",
            ("correct", "retry", "cancel"),
        ),
        _row(
            "cost-centre-foreign",
            "Cost centre outside the requester's scope",
            "finance-controller",
            ("accept", "correct", "cancel"),
        ),
        _row("account-unknown", "Expense account unknown", "finance-controller", ("correct", "cancel")),
        _row("period-closed", "Accounting period is closed", "finance-controller", ("retry", "cancel")),
        _row(
            "off-contract",
            "Bought outside any agreement",
            "category-manager",
            ("accept", "correct", "cancel-line", "cancel"),
            16,
        ),
        _row(
            "contract-price-differs",
            "Price differs from the agreement",
            "category-manager",
            ("accept", "correct", "cancel"),
            16,
        ),
        _row(
            "contract-expired",
            "The agreement has ended",
            "category-manager",
            ("accept", "correct", "cancel-line", "cancel"),
            16,
        ),
        _row(
            "contract-exhausted",
            "The agreement's limit is drawn",
            "category-manager",
            ("accept", "correct", "cancel-line", "cancel"),
            16,
        ),
        _row(
            "split-suspected",
            "Looks like one need split under a limit",
            "finance-controller",
            ("accept", "cancel"),
            16,
        ),
        _row(
            "budget-exceeded",
            "The commitment would pass the budget",
            "budget-override-approver",
            ("accept", "retry", "correct", "cancel"),
            16,
        ),
        _row("stock-short", "Store room has less than promised", "store-keeper", ("retry", "skip", "cancel"), 4),
        _row(
            "order-refused",
            "The ERP refused the order",
            "buyer",
            ("retry", "correct", "cancel"),
            4,
        ),
        _row("dispatch-failed", "The order did not reach the supplier", "buyer", ("retry", "skip", "cancel"), 4),
        _row(
            "acknowledgement-missing",
            "The supplier has not answered",
            "buyer",
            ("chase", "accept", "cancel"),
            8,
        ),
        _row(
            "acknowledgement-differs",
            "The supplier answered with another price, quantity or date",
            "buyer",
            ("accept", "chase", "cancel"),
            8,
        ),
        _row(
            "order-changed-outside",
            "Somebody changed the order in the ERP itself",
            "buyer",
            ("accept", "close-short", "cancel"),
            8,
        ),
        _row("changed-after-closing", "Changed in the ERP after its case had closed", "buyer", ("accept",), 8),
        _row(
            "receipt-over",
            "More came in than the tolerance allows",
            "receiving-clerk",
            ("accept", "reject"),
            8,
        ),
        _row("goods-rejected", "Goods rejected or returned", "buyer", ("wait", "close-short"), 16),
        _row(
            "retrospective-refused",
            "Emergency purchase refused afterwards",
            "compliance-officer",
            ("record",),
            24,
        ),
        _row("approver-missing", "Policy names nobody", "process-owner", ("retry", "cancel"), 8),
        _row("duties-conflict", "One person combined duties", "compliance-officer", ("accept",), 24),
        _row("sla-breached", "Nobody decided in time", "process-owner", ("accept",), 8),
        _row("policy-refused", "Changed policy files cannot be used", "compliance-officer", ("accept",), 8),
        _row("evidence-fault", "The evidence does not hold together", "compliance-officer", ("accept",), 4),
        _row("system-outage", "An outside system is down", "integration-support", ("accept",), 2),
        _row(
            "target-unavailable",
            "An outside system does not answer",
            "integration-support",
            ("retry", "skip", "cancel"),
            2,
        ),
        _row(
            "target-refused",
            "An outside system refuses",
            "integration-support",
            ("retry", "correct", "skip", "cancel"),
            4,
        ),
        _row(
            "contract-drift",
            "An outside system answers in an unknown shape",
            "integration-support",
            ("retry", "skip", "cancel"),
            2,
        ),
        *INVOICE_EXCEPTIONS,
        *HIRE_EXCEPTIONS,
    )
}


class Finding(Value):
    """An exception that a check found. `line` is the requisition line, None when it concerns the whole request."""

    code: str
    message: str
    line: int | None = None
    evidence: dict[str, Any] = {}

    @property
    def type(self) -> ExceptionType:
        return CATALOGUE[self.code]
