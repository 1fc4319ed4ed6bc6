"""The passwords of the embedded Tryton's users: made up once, kept where its databases are kept."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from cli.stack.data_folder import write_private

ADMIN = "admin"
FILE_NAME = "passwords.json"


def passwords(folder: Path, users: Sequence[str]) -> Mapping[str, str]:
    """One for each user and the administrator; those that are there stay."""
    path = folder / FILE_NAME
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    missing = {name: secrets.token_urlsafe(24) for name in (ADMIN, *users) if name not in kept}
    if missing:
        write_private(path, json.dumps(kept | missing))
    return kept | missing


def fingerprint(kept: Mapping[str, str]) -> str:
    """Changes when a password does: a database that was built with another one is of no use."""
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:8]
