"""Recorded housekeeping: evidence is sealed, lists are compared, runs are proposed, and the bank is listened to."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from adapters.memory.checkpoints import MemoryCheckpoints
from domain.case import Journal
from domain.payment import BankFact
from tests.fixtures.evidence import a_snapshot
from tests.fixtures.small_hospital import usd
from tests.fixtures.world import PATIENCE_SECONDS, Case, World
from tests.replay.invoice_scripts import RecordedInvoices, all_at_rest
from tests.replay.invoice_scripts import script as invoice_script
from tests.replay.recorded import IDENTITY
from tests.replay.scripts import RecordedWorld, script
from worker import build_worker
from workflows.messages.housekeeping import RECONCILE_CASES, SEAL_EVIDENCE
from workflows.messages.payment_run import COLLECT_BANK_MESSAGES, PROPOSE_PAYMENTS, ProposeResult

OF_NOBODY_ELSE = timedelta(days=2)
"""Older than any case that other tests have running: only what the script itself put into the list is compared."""
SHOWN = 150


async def ran(world: World, name: str) -> Case:
    """What runs at intervals, once."""
    with world.temporal.with_time_skipping_disabled():
        handle = await world.client.start_workflow(name, id=f"recorded-{name}", task_queue=world.task_queue)
    await asyncio.wait_for(handle.result(), PATIENCE_SECONDS)
    return Case(world, handle)


async def kept_house(world: RecordedWorld, name: str, shown: int) -> Case:
    """The housekeeping of a house in which so many cases are shown as running, of which there is no workflow."""
    world.name = f"recorded-{name}"
    checkpoints = MemoryCheckpoints(world.evidence, limit=2)
    for number in range(shown):
        ghost = a_snapshot(f"procure-to-pay.north.GHOST-{number}")
        long_ago = ghost.submitted_at - timedelta(days=30)
        await world.evidence.record(Journal(snapshot=ghost.model_copy(update={"submitted_at": long_ago})))
    queue = f"recorded-{name}"
    async with build_worker(world.client, world.ports(), queue, checkpoints, OF_NOBODY_ELSE, identity=IDENTITY):
        with world.temporal.with_time_skipping_disabled():
            handle = await world.client.start_workflow(name, id=queue, task_queue=queue)
        await asyncio.wait_for(handle.result(), PATIENCE_SECONDS)
    return Case(world, handle)


@script
async def sealed(world: RecordedWorld) -> Case:
    """Three cases changed, and a checkpoint covers two."""
    for number in range(3):
        await world.submitted(f"SEALED-{number}")
    return await kept_house(world, SEAL_EVIDENCE, 0)


@script
async def reconciled(world: RecordedWorld) -> Case:
    """Two pages of cases that are shown and do not run."""
    return await kept_house(world, RECONCILE_CASES, SHOWN)


@invoice_script
async def payments_proposed(world: RecordedInvoices) -> Case:
    """Something is due, and a run is started for it."""
    bill = await world.posted("PROPOSED")
    proposed = await ran(world, PROPOSE_PAYMENTS)
    (started,) = ProposeResult.model_validate(await proposed.handle.result()).started
    run = world.run_of(started)
    await all_at_rest(run, bill)
    await run.decide("payments-approve", "reject", by="frida")
    await run.result_of_run()
    return proposed


@invoice_script
async def bank_collected(world: RecordedInvoices) -> Case:
    """The bank books what nobody knows, and leaves what nobody can read."""
    await world.posted("COLLECTED")
    nobody = BankFact(
        fact_id="recorded-odd", kind="payment-booked", payment_id="PNOBODY", amount=usd("5.00"), source="camt.054"
    )
    world.bank.say(nobody)
    world.bank.put("recorded-broken.json", "{ this is no message")
    return await ran(world, COLLECT_BANK_MESSAGES)
