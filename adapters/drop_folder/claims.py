"""Files taken for processing: moved by rename, locked while somebody is at work, and found again when nobody is.

The lock is the kernel's (flock): it goes with the process that held it, so that a file of a process that died may be
taken at once, and one of a process that lives may not. Where the file system knows no locks, two processes may take a
left-over file; the document is its own key, so that they make one case.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from domain.capture import DocumentFinding

MAX_TRIES = 3
"""How often a file is taken whose processing ends neither well nor badly: it may be what the process dies of."""
_MARK = "~"
_MAX_NAME_BYTES = 160


class Claim(NamedTuple):
    """A file in `working`. `name` is the one that it was left with, `group` the sub-folder that it was left in."""

    path: Path
    group: str
    name: str
    tries: int


class Claims:
    """The files that one process holds, in a folder `working` that all processes share."""

    def __init__(self, working: Path) -> None:
        self._working = working
        self._held: dict[Path, int] = {}

    def left_over(self, limit: int) -> Iterator[Path]:
        """Files in `working` that this process does not hold, whoever does."""
        found = 0
        for path in sorted(self._working.glob("*/*")):
            if found < limit and path not in self._held and _parts(path) is not None:
                found += 1
                yield path

    def claim(self, path: Path, group: str = "_") -> Claim | None:
        """Move a file that was left into `working`; None when it is gone or somebody else's."""
        name = f"1{_MARK}{secrets.token_hex(8)}{_MARK}{_short(path.name)}"
        return self._moved(path, self._working / group / name)

    def reclaim(self, path: Path) -> Claim | None:
        """Take a file that another process left in `working`; None while that one is at work, or when it is gone."""
        parts = _parts(path)
        if parts is None:
            return None
        tries, rest = parts
        return self._moved(path, path.with_name(f"{tries + 1}{_MARK}{rest}"))

    def content(self, claim: Claim, limit: int) -> bytes | None:
        """None when there are more than `limit` bytes, of which none is read."""
        descriptor = self._held[claim.path]
        if os.fstat(descriptor).st_size > limit:
            return None
        with os.fdopen(os.dup(descriptor), "rb") as file:
            file.seek(0)
            content = file.read(limit + 1)
        return content if len(content) <= limit else None

    def end(self, claim: Claim, folder: Path) -> Path:
        """Move the file out of `working`; returns where it is."""
        target = folder / claim.path.name.partition(_MARK)[2]
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # where there are no locks, somebody else may have been as quick
            claim.path.rename(target)
        self._let_go(claim)
        return target

    def put_back(self, claim: Claim) -> None:
        """Leave the file in `working` for the next look, as if it had not been taken."""
        with suppress(FileNotFoundError):
            claim.path.rename(claim.path.with_name(f"0{_MARK}{claim.path.name.partition(_MARK)[2]}"))
        self._let_go(claim)

    def _moved(self, path: Path, target: Path) -> Claim | None:
        descriptor = _locked(path)
        if descriptor is None:
            return None
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
        except FileNotFoundError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        self._held[target] = descriptor
        tries, _, rest = target.name.partition(_MARK)
        return Claim(target, target.parent.name.strip("_"), rest.partition(_MARK)[2], int(tries))

    def _let_go(self, claim: Claim) -> None:
        os.close(self._held.pop(claim.path))


def _parts(path: Path) -> tuple[int, str] | None:
    """How often it was taken, and the rest of its name; None for a file that is not ours."""
    tries, mark, rest = path.name.partition(_MARK)
    return (int(tries), rest) if mark and tries.isdecimal() and len(tries) < 3 else None


def _locked(path: Path) -> int | None:
    """The open file under our lock; None when it is gone, is no plain file, or another process holds it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        pass  # this file system knows no such locks
    # Between opening and locking, the one who held it may have moved it on.
    with suppress(OSError):
        if os.fstat(descriptor).st_ino == path.stat(follow_symlinks=False).st_ino:
            return descriptor
    os.close(descriptor)
    return None


def _short(name: str) -> str:
    """The name, cut in the middle where a prefix would make it too long for the file system."""
    while len(os.fsencode(name)) > _MAX_NAME_BYTES:
        middle = len(name) // 2
        name = name[: middle - 2] + name[middle + 2 :]
    return name


def text_of(name: str) -> str:
    """A file's name as text that every store takes, whatever bytes it is made of."""
    plain = os.fsencode(name).decode(errors="replace")
    return "".join(each if each.isprintable() else "\ufffd" for each in plain)


def write_problem(path: Path, name: str, sender: str, faults: tuple[DocumentFinding, ...]) -> None:
    """Put beside a refused file what is wrong with it; whole or not at all."""
    content = {
        "file": text_of(name),
        "sender": sender,
        "errors": [each.model_dump(mode="json", exclude={"severity"}) for each in faults],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{secrets.token_hex(8)}.part")
    draft.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    draft.replace(path)


def given_up() -> DocumentFinding:
    message = f"It was taken {MAX_TRIES} times, and each time the process ended before it was done."
    return DocumentFinding(rule="given-up", message=message)
