"""Brings what is wrong with an HR file before human resources: once per file, with lines and columns, without names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from api.hire_file_rows import Policies
from api.incidents import Incidents
from api.logs import log
from domain.exceptions import Finding
from domain.hire_file import RowFault, file_name
from domain.hire_file_compare import Losses
from domain.ports.hire_files import HireFileRecord, LeftFile
from workflows.messages.incident import bounded

SUBJECT, CODE = "hire-file", "hire-file-refused"
MENDED = "the file was taken, or a later full file says what it said"


class Teller:
    """Raises the errors of `domain.outside_errors`."""

    def __init__(self, incidents: Incidents) -> None:
        self._incidents = incidents

    async def refused(self, file: LeftFile, faults: Sequence[RowFault], policies: Policies) -> str:
        """Nothing of the file was taken."""
        message = f"{_shown(file.name)} was not taken. {_sentence(faults[0])}"
        text = "\n".join((file.scope, file.name, *map(_sentence, faults)))
        return await self._open(
            file.scope, text, message, {"file": _shown(file.name), "faults": _told(faults)}, policies
        )

    async def aside(
        self, record: HireFileRecord, state: Literal["held", "waiting"], too_many: Sequence[Losses], policies: Policies
    ) -> str:
        """Nothing of the file was taken yet."""
        if state == "held":
            shares = [f"{each.facility}: {each.lost} of {each.open}" for each in too_many]
            message = (
                f"{record.name} ends or no longer lists more hires than is likely ({'; '.join(shares)}). Nothing of it "
                f"was taken. Release it if it is right, or leave a right full file."
            )
        else:
            message = (
                f"{record.name} came before its full file, or after a later delta. It waits for the next full file; "
                f"leave that one."
            )
        evidence = {"file": record.name, "file_id": record.file_id, "vanished": list(record.vanished_hires)}
        return await self._open(record.scope, f"{record.file_id} {state}", message, evidence, policies)

    async def taken(self, record: HireFileRecord, faults: Sequence[RowFault], policies: Policies) -> str:
        """Rows of the file were not taken, or hires are missing in it."""
        parts = []
        if faults:
            rows = f"{record.refused:,} of {record.rows:,} rows were not taken; the others were"
            parts.append(f"{rows}. First: {_sentence(faults[0])} Send them corrected in a delta.")
        if record.vanished:
            parts.append(
                f"{record.vanished:,} hires under way are no longer listed, and go on: say in a delta which of them "
                f"are rescinded."
            )
        evidence = {
            "file": record.name,
            "file_id": record.file_id,
            "faults": _told(faults),
            "vanished": list(record.vanished_hires),
        }
        return await self._open(record.scope, record.file_id, f"{record.name}: {' '.join(parts)}", evidence, policies)

    async def clear(self, case: str) -> None:
        await self._incidents.clear(case, MENDED)

    async def _open(self, scope: str, text: str, message: str, evidence: dict[str, Any], policies: Policies) -> str:
        policy = policies.asked(scope)
        if policy is None:
            log.error("hire_file.nobody_to_tell")
            return ""
        finding = Finding(code=CODE, message=message, evidence=evidence)
        return await self._incidents.open(SUBJECT, text, finding, policy, policies.now)


def _shown(name: str) -> str:
    """A name that no HR file has may be anything, also that of a person."""
    known = file_name(name)
    return known.text if known is not None else "A file with an unknown name"


def _told(faults: Sequence[RowFault]) -> list[str]:
    return bounded(tuple(map(_sentence, faults)))


def _sentence(fault: RowFault) -> str:
    place = f"Line {fault.line}" if fault.line else "File"
    return f"{place}{f', {fault.column}' if fault.column else ''}: {fault.message}"
