"""What runs at intervals: the evidence is sealed, and the list of cases is compared with the cases themselves."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

from workflows.messages.housekeeping import RECONCILE_CASES, SEAL_EVIDENCE, ReconcileResult, SealResult
from workflows.scheduled_steps import scheduled_step
from workflows.steps.housekeeping import HousekeepingSteps, ReconciledPage, ReconcileInput, SealedHeads, Side

# One run goes through so many steps at most, and the next one goes on: a history stays short.
MOST_CHECKPOINTS = 200
MOST_PAGES = 500
MOST_SHOWN = 100
_STEP_TIMEOUT = timedelta(minutes=5)


@workflow.defn(name=SEAL_EVIDENCE)
class SealEvidence:
    """Takes checkpoints until every case that had changed is covered by one."""

    @workflow.run
    async def run(self) -> SealResult:
        result = SealResult()
        for _ in range(MOST_CHECKPOINTS):
            taken: SealedHeads = await scheduled_step(
                HousekeepingSteps.take_checkpoint, within=_STEP_TIMEOUT, summary="Take a checkpoint of the evidence"
            )
            if taken.number == 0:
                break
            result = SealResult(
                checkpoints=result.checkpoints + 1,
                cases=result.cases + taken.cases,
                last_number=taken.number,
                last_hash=taken.hash,
            )
        return result


@workflow.defn(name=RECONCILE_CASES)
class ReconcileCases:
    """Goes through the cases that run, then through those that are shown as running."""

    def __init__(self) -> None:
        self._result = ReconcileResult()

    @workflow.run
    async def run(self) -> ReconcileResult:
        sides: tuple[Side, ...] = ("engine", "list")
        for side in sides:
            await self._go_through(side)
        return self._result

    async def _go_through(self, side: Side) -> None:
        cursor = None
        for _ in range(MOST_PAGES):
            page: ReconciledPage = await scheduled_step(
                HousekeepingSteps.reconcile_page,
                ReconcileInput(side=side, cursor=cursor),
                within=_STEP_TIMEOUT,
                summary="Compare cases with what is shown of them",
            )
            self._add(page)
            cursor = page.next_cursor
            if cursor is None:
                break

    def _add(self, page: ReconciledPage) -> None:
        mended = sum(1 for drift in page.drifts if drift.mended)
        known = self._result
        self._result = ReconcileResult(
            checked=known.checked + page.checked,
            mended=known.mended + mended,
            open_drifts=known.open_drifts + len(page.drifts) - mended,
            drifts=(known.drifts + page.drifts)[:MOST_SHOWN],
        )
