"""The folder of key files: read, read anew when a file was replaced, made and rotated."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from adapters.key_files.wire import parsed, text_of
from domain.keys import KEY_BYTES, PURPOSES, KeyRing, KeyRingError, Purpose, UnknownKeyError

_FORBIDDEN = stat.S_IRWXO | stat.S_IWGRP  # a group may read: that is how orchestrators hand secrets to a user
_LOG = structlog.get_logger("keys")


class KeyFilesError(Exception):
    """A key file cannot be read, made or changed. The message names the file and the remedy, never a secret."""


class KeyFiles:
    """The rings of one folder, but for those that are `given`. Each call looks whether the file was replaced, which
    costs microseconds.

    A replaced file that cannot be used is reported in the log, and the last good ring stays in use: a slip while
    rotating keys must not stop the house.
    """

    def __init__(self, directory: Path | None, given: Mapping[Purpose, KeyRing] | None = None) -> None:
        self._directory, self._given = directory, dict(given or {})
        self._read: dict[Purpose, _Read] = {}

    def payload(self) -> KeyRing:
        """The ring for payloads in Temporal. Raises KeyFilesError when no good ring was ever read."""
        return self.ring("payload")

    def links(self) -> KeyRing:
        """The ring for links in mail. Raises KeyFilesError when no good ring was ever read."""
        return self.ring("links")

    def checkpoint(self) -> KeyRing:
        """The ring of Ed25519 seeds for checkpoints. Raises KeyFilesError when no good ring was ever read."""
        return self.ring("checkpoint")

    def ring(self, purpose: Purpose) -> KeyRing:
        """The ring of that purpose: the given one, else as its file has it now."""
        if purpose in self._given:
            return self._given[purpose]
        if self._directory is None:
            raise KeyFilesError(f"there is no ring of {purpose} keys: set CORRIDOR_KEYS_DIR or its variable")
        path, last = _path(self._directory, purpose), self._read.get(purpose)
        try:
            state = _state(path)
            if last is None or last.state != state:
                last = self._read[purpose] = _Read(state, _load(path))
        except (OSError, KeyFilesError) as error:
            if last is None:
                raise _explained(path, error) from None
            self._keep(purpose, last, path, error)
        return last.ring

    def _keep(self, purpose: Purpose, last: _Read, path: Path, error: OSError | KeyFilesError) -> None:
        """Report a file once for each state in which it cannot be used."""
        with contextlib.suppress(OSError):
            self._read[purpose] = _Read(_state(path), last.ring)
        _LOG.error("keys.kept_last_good_ring", purpose=purpose, error=str(_explained(path, error)))


@dataclass(frozen=True)
class _Read:
    state: tuple[int, ...]
    ring: KeyRing


def new_ring(directory: Path, purpose: Purpose, at: datetime) -> KeyRing:
    """Make the file of a ring with one random key. Raises KeyFilesError when there is one: nothing is overwritten."""
    path, key_id = _path(directory, purpose), _new_id(at)
    ring = KeyRing(key_id, {key_id: secrets.token_bytes(KEY_BYTES)})
    with _changing(directory):
        if path.exists():
            raise KeyFilesError(f"{path} exists. Rotate its keys instead: what they protect would become unreadable.")
        _write(path, ring)
    return ring


def make_missing(directory: Path, at: datetime) -> tuple[Purpose, ...]:
    """Make the rings that are missing, and return their purposes. Raises KeyFilesError."""
    missing = tuple(purpose for purpose in PURPOSES if not _path(directory, purpose).exists())
    for purpose in missing:
        new_ring(directory, purpose, at)
    return missing


def add_key(directory: Path, purpose: Purpose, at: datetime, *, current: bool) -> str:
    """Add a random key and return its id; with `current` it protects what is new from now on. Raises KeyFilesError."""
    path, key_id = _path(directory, purpose), _new_id(at)
    with _changing(directory):
        ring = _reported(path).with_key(key_id, secrets.token_bytes(KEY_BYTES))
        _write(path, ring.made_current(key_id) if current else ring)
    return key_id


def make_current(directory: Path, purpose: Purpose, key_id: str) -> None:
    """Let a key of the ring protect what is new. Raises KeyFilesError."""
    path = _path(directory, purpose)
    with _changing(directory):
        try:
            _write(path, _reported(path).made_current(key_id))
        except UnknownKeyError as error:
            raise KeyFilesError(f"{path}: {error}") from None


def _path(directory: Path, purpose: Purpose) -> Path:
    return directory / f"{purpose}.json"


def _new_id(at: datetime) -> str:
    """An id that says the day (UTC), and differs between two keys of one day."""
    return f"{at:%Y%m%d}-{secrets.token_hex(3)}"


def _state(path: Path) -> tuple[int, ...]:
    """What differs when the file was replaced or written. Raises OSError."""
    found = path.stat()
    return (found.st_ino, found.st_mtime_ns, found.st_size, found.st_mode)


def _load(path: Path) -> KeyRing:
    """Raises OSError and KeyFilesError."""
    if path.stat().st_mode & _FORBIDDEN:
        raise KeyFilesError(f"{path} can be read by others, or changed by its group. Run: chmod 600 {path}")
    try:
        return parsed(path.read_text(encoding="utf-8"))
    except (KeyRingError, UnicodeDecodeError) as error:
        why = str(error) if isinstance(error, KeyRingError) else "it is not UTF-8"
        raise KeyFilesError(f"{path} cannot be used: {why}") from None


def _reported(path: Path) -> KeyRing:
    try:
        return _load(path)
    except OSError as error:
        raise _explained(path, error) from None


def _explained(path: Path, error: OSError | KeyFilesError) -> KeyFilesError:
    if isinstance(error, KeyFilesError):
        return error
    if isinstance(error, FileNotFoundError):
        return KeyFilesError(f"{path} is missing. Make it with: corridor keys new {path.stem}")
    return KeyFilesError(f"{path} cannot be read: {error.strerror}")


@contextlib.contextmanager
def _changing(directory: Path) -> Iterator[None]:
    """Alone among those who change keys: two rotations at once would lose a key. Raises KeyFilesError."""
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise KeyFilesError(f"{directory} cannot be used as the folder of keys: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    except OSError as error:
        raise KeyFilesError(f"The keys in {directory} cannot be written: {error.strerror}") from None
    finally:
        os.close(descriptor)


def _write(path: Path, ring: KeyRing) -> None:
    """Whole or not at all, readable by the owner alone, and on the disk before the key is used. Raises OSError."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text_of(ring))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
