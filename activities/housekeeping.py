"""The housekeeping's steps: checkpoints of the evidence, and a list of cases that says what the cases say."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import structlog
from temporalio import activity

from activities.errors import classified, own_store
from domain.case import CaseSnapshot, Journal
from domain.ports.checkpoints import CheckpointStore
from domain.ports.evidence import CaseFilter, EvidenceReader, EvidenceWriter
from domain.ports.running_cases import RunningCases
from workflows.messages.housekeeping import CaseDrift, Drift
from workflows.steps.housekeeping import HousekeepingSteps, ReconciledPage, ReconcileInput, SealedHeads

_log = structlog.get_logger("housekeeping")

PAGE = 100
_SIDE_BY_SIDE = 5  # each account may cost a worker the replay of a whole case


class HousekeepingActivities(HousekeepingSteps):
    """`clock` gives the current instant (UTC). A case that was started less than `grace` ago is left alone: its first
    step may not have been recorded yet.
    """

    def __init__(
        self,
        checkpoints: CheckpointStore,
        evidence: EvidenceWriter,
        reader: EvidenceReader,
        cases: RunningCases,
        clock: Callable[[], datetime],
        grace: timedelta = timedelta(minutes=5),
    ) -> None:
        self._checkpoints, self._evidence, self._reader, self._cases = checkpoints, evidence, reader, cases
        self._clock, self._grace = clock, grace

    @activity.defn(name="take_checkpoint")
    async def take_checkpoint(self) -> SealedHeads:
        async with classified(), own_store():
            taken = await self._checkpoints.seal(self._clock())
        if taken is None:
            return SealedHeads()
        # The log is kept elsewhere than the database: whoever takes the last checkpoints away is found by it.
        _log.info(
            "checkpoint.taken",
            number=taken.number,
            hash=taken.hash,
            previous_hash=taken.previous_hash,
            root=taken.root,
            heads=taken.head_count,
            taken_at=taken.taken_at.isoformat(),
            key_id=taken.key_id,
            signature=taken.signature,
        )
        return SealedHeads(number=taken.number, hash=taken.hash, cases=taken.head_count)

    @activity.defn(name="reconcile_page")
    async def reconcile_page(self, page: ReconcileInput) -> ReconciledPage:
        async with classified(), own_store():
            return await (self._of_engine(page.cursor) if page.side == "engine" else self._of_list(page.cursor))

    async def _of_engine(self, cursor: str | None) -> ReconciledPage:
        running = await self._cases.running(self._clock() - self._grace, cursor, PAGE)
        drifts = await _each(running.case_ids, self._compare_running)
        return ReconciledPage(checked=len(running.case_ids), drifts=drifts, next_cursor=running.next_cursor)

    async def _compare_running(self, case_id: str) -> CaseDrift | None:
        account = await self._cases.account(case_id)
        shown = await self._reader.case(case_id)
        if account is None:
            # A case that is shown as running and is too busy to answer is no drift.
            drift: Drift | None = "missing" if shown is None else "closed-too-early" if _closed(shown) else None
            return await self._unless_ended(case_id, drift)
        if shown is not None and shown.version >= account.version:
            return None
        drift = "missing" if shown is None else "closed-too-early" if _closed(shown) else "behind"
        return await self._mend(account, drift)

    async def _unless_ended(self, case_id: str, drift: Drift | None) -> CaseDrift | None:
        """The list of running cases is some moments old: a case that has ended since is as it should be."""
        if drift is None or await self._cases.state(case_id) != "running":
            return None
        return _reported(CaseDrift(case_id=case_id, drift=drift, mended=False))

    async def _of_list(self, cursor: str | None) -> ReconciledPage:
        before = self._clock() - self._grace
        where = CaseFilter(facilities=("*",), status="running", submitted_before=before)
        page = await self._reader.cases(where, cursor, PAGE)
        drifts = await _each([case.case_id for case in page.items], self._compare_shown)
        return ReconciledPage(checked=len(page.items), drifts=drifts, next_cursor=page.next_cursor)

    async def _compare_shown(self, case_id: str) -> CaseDrift | None:
        state = await self._cases.state(case_id)
        if state == "running":
            return None
        shown = await self._reader.case(case_id)  # again: it may have been closed since the page was read
        if shown is None or _closed(shown):
            return None
        account = await self._cases.account(case_id) if state == "ended" else None
        if account is not None and account.version > shown.version:
            return await self._mend(account, "ended")
        drift: Drift = "ended" if state == "ended" else "no-workflow"
        return _reported(CaseDrift(case_id=case_id, drift=drift, mended=False))

    async def _mend(self, account: CaseSnapshot, drift: Drift) -> CaseDrift:
        await self._evidence.record(Journal(snapshot=account))
        return _reported(CaseDrift(case_id=account.case_id, drift=drift, mended=True))


def _closed(case: CaseSnapshot) -> bool:
    return case.status != "running"


def _reported(drift: CaseDrift) -> CaseDrift:
    report = _log.info if drift.mended else _log.warning
    report("case.drifted", case_id=drift.case_id, drift=drift.drift, mended=drift.mended)
    return drift


async def _each(
    case_ids: Sequence[str], compare: Callable[[str], Awaitable[CaseDrift | None]]
) -> tuple[CaseDrift, ...]:
    """Compare some at a time; the drifts in order of the ids."""
    gate = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def one(case_id: str) -> CaseDrift | None:
        async with gate:
            return await compare(case_id)

    found = await asyncio.gather(*(one(case_id) for case_id in case_ids))
    return tuple(drift for drift in found if drift is not None)
