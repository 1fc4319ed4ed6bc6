"""Follows the policy files while the gateway runs, and brings a refused change before the compliance officer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, Gauge

from adapters.policy_files import PolicyRefusal, WatchedPolicyStore
from api.incidents import Incidents
from api.logs import log
from domain.business_time import local_day
from domain.exceptions import Finding
from domain.outside_errors import OutsideError
from domain.policy.model import FrozenPolicy
from workflows.messages.incident import bounded

SUBJECT, CODE = "policy", "policy-refused"
ASKED_AT = "shared"
"""The shared-service centre answers for rules that concern every facility; the first facility where there is none."""
SOUND_AGAIN = "the policy files are sound again"
OTHERWISE_WRONG = "the policy files were changed again, and are wrong in another way"


class PolicyWatch:
    """Looks at the files at intervals. Each refused content is told once; what Temporal could not take is tried again
    at the next look."""

    def __init__(
        self,
        store: WatchedPolicyStore,
        incidents: Incidents,
        now: Callable[[], datetime],
        metrics: CollectorRegistry,
        every: timedelta,
    ) -> None:
        self._store, self._incidents, self._now, self.every = store, incidents, now, every
        self._gauges = _Gauges(metrics)
        self._logged = self._told = ""
        self._loaded_at = store.loaded_at
        self._case: str | None = None
        self._left_over = True
        """Whether incidents may be open that an earlier process of the gateway raised."""
        self._show()

    async def look(self) -> None:
        """One look, and what follows from it. Raises nothing when an outside system does not answer."""
        await asyncio.to_thread(self._store.look)  # reading and proving takes longer than a request may wait
        self._show()
        refusal = self._store.refusal
        try:
            if refusal is None:
                await self._sound()
            elif refusal.text != self._told:
                await self._refused(refusal)
        except OutsideError as error:
            log.warning("policy.incident_delayed", system=error.system, code=error.code)

    def _show(self) -> None:
        policy = self._policy()
        self._gauges.show(policy, self._store.loaded_at, self._store.refusal)
        if self._store.loaded_at != self._loaded_at:
            self._loaded_at = self._store.loaded_at
            log.info("policy.loaded", version=policy and policy.version, sha256=policy and policy.sha256)

    async def _refused(self, refusal: PolicyRefusal) -> None:
        policy = self._policy()
        if refusal.text != self._logged:
            self._logged = refusal.text
            faults = bounded(tuple(map(str, refusal.faults)))
            log.error("policy.refused", faults=faults, in_force=policy and policy.version)
        if policy is None:
            return
        if self._case is not None:
            await self._incidents.clear(self._case, OTHERWISE_WRONG)
            self._case = None
        finding = _finding(refusal, policy)
        self._case = await self._incidents.open(SUBJECT, refusal.text, finding, policy, self._now())
        self._told, self._left_over = refusal.text, False

    async def _sound(self) -> None:
        if self._left_over:
            for case in await self._incidents.open_cases(CODE):
                await self._incidents.clear(case, SOUND_AGAIN)
            self._left_over = False
        if self._case is not None:
            await self._incidents.clear(self._case, SOUND_AGAIN)
        self._case, self._told, self._logged = None, "", ""

    def _policy(self) -> FrozenPolicy | None:
        places = sorted(self._store.facilities(), key=lambda place: place.code != ASKED_AT)
        return self._store.effective(places[0].code, local_day(self._now(), places[0].calendar))


def _finding(refusal: PolicyRefusal, policy: FrozenPolicy) -> Finding:
    faults = tuple(str(fault) for fault in refusal.faults)
    count = f"{len(faults)} {'fault' if len(faults) == 1 else 'faults'}"
    return Finding(
        code=CODE,
        message=f"The changed policy files have {count} and are not used; {policy.version} stays in force. "
        f"First: {faults[0]}",
        evidence={
            "faults": bounded(faults),
            "refused_since": refusal.since.isoformat(),
            "in_force": {"version": policy.version, "sha256": policy.sha256},
        },
    )


class _Gauges:
    """What /metrics says of the policy, for alerts that do not wait for a worklist."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._in_force = Gauge(
            "corridor_policy_in_force",
            "1 for the policy that new cases get today at the shared-service centre",
            ("version", "sha256"),
            registry=registry,
        )
        self._loaded = Gauge(
            "corridor_policy_loaded_seconds", "When the policy in force was read (Unix time)", registry=registry
        )
        self._refused = Gauge(
            "corridor_policy_refused_since_seconds",
            "Since when the policy files cannot be used (Unix time); 0 while they can",
            registry=registry,
        )
        self._faults = Gauge("corridor_policy_faults", "Faults in the policy files as they are now", registry=registry)

    def show(self, policy: FrozenPolicy | None, loaded_at: datetime, refusal: PolicyRefusal | None) -> None:
        self._in_force.clear()
        if policy is not None:
            self._in_force.labels(policy.version, policy.sha256[:12]).set(1)
        self._loaded.set(loaded_at.timestamp())
        self._refused.set(refusal.since.timestamp() if refusal else 0)
        self._faults.set(len(refusal.faults) if refusal else 0)
