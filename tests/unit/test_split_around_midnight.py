"""Split needs are found while the facility's day and the UTC day differ."""

from datetime import UTC, date, datetime

import pytest

from activities.purchasing import PurchasingActivities
from adapters.directory_files import FileDirectory
from adapters.memory.commitments import MemoryCommitments
from adapters.memory.erp import MemoryErp
from adapters.memory.evidence import MemoryEvidence
from adapters.memory.suppliers import MemorySupplierChannel
from adapters.reference_files import load
from cli.demo.story import requisition_of
from tests.fixtures.evidence import a_journal
from tests.fixtures.rehearsal import EXAMPLES, EXAMPLES_FOLDER, policy_of
from workflows.steps.inputs import CheckInput

EVENING = datetime(2026, 11, 21, 3, tzinfo=UTC)
"""Still the twentieth in North America."""


@pytest.mark.parametrize("days_ago", [0, 7])
async def test_the_evening_before_counts(days_ago: int) -> None:
    today = date(2026, 11, 20)
    system, evidence = load(EXAMPLES_FOLDER, today), MemoryEvidence()
    activities = PurchasingActivities(
        MemoryErp(system),
        MemoryCommitments(),
        MemorySupplierChannel(),
        FileDirectory(system.people),
        evidence,
        evidence,
    )
    first, second = (next(each for each in EXAMPLES if each.number == number) for number in ("REQ-2079", "REQ-2080"))
    earlier = EVENING.replace(day=EVENING.day - days_ago)
    about = {"requester": second.request["requester"], "categories": ("services",), "submitted_at": earlier}
    amount = {"amount": {"amount": "3450.00", "currency": "USD"}}
    await evidence.record(a_journal(first.case_id, 1, **about, **amount))
    step = CheckInput(
        journal=a_journal(second.case_id, 1, requester=second.request["requester"], submitted_at=EVENING),
        seq=1,
        requisition=requisition_of(second, today),
        policy=policy_of("riverside", today),
        today=today,
    )
    assessed = await activities.check_requisition(step)
    assert [finding.code for finding in assessed.findings] == ["split-suspected"]
