"""What somebody might try at a running case to have it approved without the authority, or to lose what was decided."""

from __future__ import annotations

from domain.requisition import Requisition
from tests.fixtures.small_hospital import line
from tests.fixtures.world import Case, World


async def amend(case: Case, request: Requisition, **over: object) -> Requisition:
    amended = request.model_copy(update=over)
    assert await case.ask_for("amend", "nina", requisition=amended) == "applied"
    return amended


async def test_an_amendment_for_the_approver_takes_the_decision_from_them(world: World) -> None:
    request = world.requisition()
    case = await world.start(request)
    first = await case.task("approval")
    await amend(case, request, on_behalf_of="carla")
    await case.until(lambda: case.tasks()[-1].task_id != first.task_id)
    task = await case.task("approval")
    assert set(task.excluded) == {"nina", "carla"}
    assert (await case.answer(task, "approve", "carla")).because == "requester-may-not-decide"
    assert world.evidence.snapshot_of(case.name).on_behalf_of == "carla"


async def test_whoever_the_goods_were_once_for_does_not_decide_either(world: World) -> None:
    request = world.requisition(on_behalf_of="carla")
    case = await world.start(request)
    await case.task("approval")
    before = len(case.tasks())
    await amend(case, request, on_behalf_of=None)
    await case.until(lambda: len(case.tasks()) > before)
    task = await case.task("approval")
    assert (await case.answer(task, "approve", "carla")).because == "requester-may-not-decide"


async def test_an_approval_falls_when_the_goods_become_those_of_who_gave_it(world: World) -> None:
    request = world.requisition(line(quantity="200"))
    case = await world.start(request)
    await case.decide("approval", "approve", by="carla")
    assert (await case.task("approval")).role == "department-director"
    await amend(case, request, on_behalf_of="carla")
    await case.until(lambda: "approval.anew" in case.kinds())
    task = await case.task("approval")
    assert (task.role, set(task.excluded)) == ("cost-centre-owner", {"nina", "carla"})


async def test_cases_that_an_amendment_links_belong_to_the_family(world: World) -> None:
    request = world.requisition(linked_cases=("procure-to-pay.north.REQ-A",))
    case = await world.start(request)
    await case.task("approval")
    await amend(case, request, linked_cases=("procure-to-pay.north.REQ-B",))
    both = ("procure-to-pay.north.REQ-A", "procure-to-pay.north.REQ-B")
    await case.until(lambda: world.evidence.snapshot_of(case.name).linked == both)
