"""Takes HR files from the folder where they are left: what they say becomes, corrects or ends cases."""

from __future__ import annotations

import asyncio
import traceback
from datetime import timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge

from api.hire_file_taking import Ending, HireFileTaking
from api.hire_file_telling import Teller
from api.incidents import Incidents
from api.logs import log
from api.problems import ProblemError
from api.services import Services
from domain.hire_file_compare import turn_of
from domain.outside_errors import OutsideError
from domain.ports.hire_files import HireFileSource, LeftFile

MAX_PLACES = 12
MAX_A_LOOK = 100
"""Files that one look takes: the others wait for the next."""


class HireWatch:
    """Several gateways may look at the same folder: one at a time does. `every` is the time between two looks."""

    def __init__(
        self,
        source: HireFileSource,
        services: Services,
        incidents: Incidents,
        metrics: CollectorRegistry,
        every: timedelta,
    ) -> None:
        self._source, self._services, self._teller, self.every = source, services, Teller(incidents), every
        self._ended = Counter(
            "corridor_hire_files",
            "HR files that were left for us, by how taking them in ended",
            ("outcome",),
            registry=metrics,
        )
        self._waiting = Gauge(
            "corridor_hire_files_waiting", "HR files that the last look found complete", registry=metrics
        )

    async def look(self) -> None:
        """One look at the folder. Files that cannot be taken now are left for the next one, and so are later ones."""
        try:
            with self._source.alone() as alone:
                if alone:
                    await self._look()
        except OSError as error:
            log.error("hire_files.failed", reason=error.strerror)
        except OutsideError as error:
            log.warning("hire_files.delayed", system=error.system, code=error.code)

    async def _look(self) -> None:
        await self._bring_back()
        keys = await asyncio.to_thread(self._source.waiting, MAX_A_LOOK)
        self._waiting.set(len(keys))
        for key in keys:
            file = await asyncio.to_thread(self._source.take, key)
            if file is not None and not await self._process(file):
                return

    async def _bring_back(self) -> None:
        """Files that were put aside, whose time has come."""
        for key, file_id in await asyncio.to_thread(self._source.aside):
            record = await self._services.hire_files.file(file_id)
            if record is None:
                continue
            turn = turn_of(record.file_name, *await self._services.hire_files.last_taken(record.scope))
            if not (record.state == "held" and turn == "now") and turn != "waits":
                await asyncio.to_thread(self._source.bring_back, key)

    async def _process(self, file: LeftFile) -> bool:
        """False when it must be tried again before any other."""
        taking = HireFileTaking(self._source, file, self._services, self._teller)
        try:
            ending = await self._end_of(taking)
        except (OutsideError, ProblemError) as error:
            await asyncio.to_thread(self._source.put_back, file)
            log.warning("hire_file.delayed", reason=type(error).__name__)
            self._ended.labels("delayed").inc()
            return False
        except BaseException:
            self._source.put_back(file)  # at once: the gateway may be stopping
            raise
        log.info("hire_file.ended", outcome=ending)
        self._ended.labels(ending).inc()
        return True

    async def _end_of(self, taking: HireFileTaking) -> Ending:
        try:
            return await taking.run()
        except (OutsideError, ProblemError, OSError):
            raise
        except Exception as error:
            log.error("hire_file.failed", reason=type(error).__name__, places=_places(error))
            return await taking.give_up()


def _places(error: Exception) -> list[str]:
    """Where it broke; the message is left out, because it may quote what a row says of a person."""
    frames = traceback.extract_tb(error.__traceback__)[-MAX_PLACES:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
