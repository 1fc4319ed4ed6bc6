"""A hire with as much in its plan as a hire may ask for stays far below what the server keeps of one case."""

from __future__ import annotations

from datetime import timedelta

from domain.hire import CertificateClaim, EquipmentNeed, ExtraAccess
from tests.fixtures.hire_rules import entitlement, row
from tests.fixtures.hire_world import APPROVALS, PLAN, HireWorld

FULFILMENTS = 30
CERTIFICATES = 40
ACCESSES = 20
CORRECTIONS = 5
# The server ends a case at 51,200 events or 50 MB, and takes no payload of more than 2 MB.
MOST_EVENTS = 2_500
MOST_BYTES = 15_000_000
MOST_BYTES_OF_ONE = 250_000


async def test_the_largest_plan_corrected_again_and_again_leaves_a_small_history(hires: HireWorld) -> None:
    names = [f"archive-{number}" for number in range(ACCESSES)]
    kinds = [f"course-{number}" for number in range(CERTIFICATES)]
    by_hand = [
        row(f"thing-{number}", "fulfilment", -1, target=f"thing-{number}", undo="none") for number in range(FULFILMENTS)
    ]
    proven = [row(kind, "certificate", -1, credential=kind, done_by="credentialing") for kind in kinds]
    hires.rules = hires.rules.model_copy(
        update={
            "entitlements": (*hires.rules.entitlements, *(entitlement(name) for name in names)),
            "plan": (*PLAN, *by_hand, *proven),
            "approvals": APPROVALS,
        }
    )
    for name in names:
        hires.identity._members[f"g-{name}"] = set()
    hire = hires.hire(
        extra_access=tuple(ExtraAccess(entitlement=name, reason="needs it") for name in names),
        certificates=tuple(CertificateClaim(kind=kind) for kind in kinds),
        equipment=(EquipmentNeed(item="GLOVES"), EquipmentNeed(item="MASKS")),
    )
    case = await hires.start_hire(hire)
    await case.decide("owner", "approve")
    await case.decide("director", "approve")
    for number in range(FULFILMENTS):
        await case.decide(f"thing-{number}", "complete")
    await case.decide("badge", "complete")
    for number in range(1, CORRECTIONS + 1):
        later = hire.model_copy(update={"start_on": hires.start_on + timedelta(days=7 * number)})
        assert await case.ask_for("correct-hire", "hanna", hire=later) == "applied"
        await case.until(lambda: case.kinds().count("plan.changed") == number)  # noqa: B023 - it is awaited at once
    await case.until(lambda: case.states().get(f"access:{names[-1]}") == "done")
    assert len(case.states()) > FULFILMENTS + CERTIFICATES + ACCESSES
    history = await case.handle.fetch_history()
    sizes = [event.ByteSize() for event in history.events]
    assert len(sizes) < MOST_EVENTS, len(sizes)
    assert max(sizes) < MOST_BYTES_OF_ONE, max(sizes)
    assert sum(sizes) < MOST_BYTES, sum(sizes)
