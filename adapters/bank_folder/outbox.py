"""Payment files on their way out: each appears in the outbox once, whatever happens meanwhile.

The gateway takes a file away when it has sent it, so that a file that is not there may be one that was sent. What was
delivered is therefore on record, in this order:

1. the file is written beside the outbox (`staged`), 2. the record names its message id, name and hash, 3. the file is
renamed into the outbox. A rename happens or does not: a record whose staged file is gone was delivered.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from adapters.bank_folder.errors import SYSTEM
from adapters.bank_folder.files import held, move, write_whole
from domain.model import Value
from domain.outside_errors import ContractDriftError, RefusedError
from domain.payment import FileDelivery, PaymentFile

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
# Gateways take these for files that somebody still writes.
_UNFINISHED = (".tmp", ".part", ".filepart", ".writing")


class _Record(Value):
    delivery: FileDelivery
    name: str
    sha256: str


class Outbox:
    """`state` holds the staged files and the records; it is on the file system of `folder`."""

    def __init__(self, folder: Path, state: Path, clock: Callable[[], datetime]) -> None:
        self._folder, self._clock = folder, clock
        self._lock, self._staged, self._records = state / "outbox.lock", state / "staged", state / "delivered"

    def prepare(self) -> None:
        for folder in (self._folder, self._staged, self._records):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def deliver(self, file: PaymentFile) -> FileDelivery:
        """Raises RefusedError 'duplicate-file' for another file under a known message id or name."""
        octets = _checked(file)
        self.prepare()
        with held(self._lock):
            record = self._record(file)
            if record is None:
                self._refuse_taken_name(file, octets)
                record = self._stage(file, octets)
            elif record.sha256 != file.sha256:
                raise RefusedError(SYSTEM, "duplicate-file", f"another file {file.message_id} was delivered already")
            staged = self._staged / record.name
            if staged.exists():
                move(staged, self._folder / record.name)
            return record.delivery

    def _stage(self, file: PaymentFile, octets: bytes) -> _Record:
        write_whole(self._staged / file.name, octets)
        delivery = FileDelivery(
            message_id=file.message_id, delivered_at=self._clock(), answer=f"put into the outbox as {file.name}"
        )
        record = _Record(delivery=delivery, name=file.name, sha256=file.sha256)
        write_whole(self._path(file.message_id), record.model_dump_json().encode())
        return record

    def _refuse_taken_name(self, file: PaymentFile, octets: bytes) -> None:
        """Somebody put a file there by hand, or the records were lost: the same content is on its way already."""
        there = self._folder / file.name
        if there.exists() and there.read_bytes() != octets:
            raise RefusedError(SYSTEM, "duplicate-file", f"the outbox has another file {file.name}")

    def _record(self, file: PaymentFile) -> _Record | None:
        try:
            return _Record.model_validate_json(self._path(file.message_id).read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            raise ContractDriftError(SYSTEM, "record-unreadable", f"the record of {file.message_id}: {error}") from None

    def _path(self, message_id: str) -> Path:
        return self._records / f"{hashlib.sha256(message_id.encode()).hexdigest()[:40]}.json"


def _checked(file: PaymentFile) -> bytes:
    """The octets of a file that is the one which was released. A name must not lead out of the outbox."""
    octets = file.content.encode()
    if hashlib.sha256(octets).hexdigest() != file.sha256:
        raise RefusedError(SYSTEM, "file-altered", f"{file.message_id} is not the file that was released")
    if not _NAME.fullmatch(file.name) or file.name.lower().endswith(_UNFINISHED):
        raise RefusedError(SYSTEM, "file-name-invalid", f"{file.name[:120]!r} is no name for a file in an outbox")
    return octets
