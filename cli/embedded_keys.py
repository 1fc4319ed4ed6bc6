"""The keys of the embedded stack: made at its first start, kept in its data folder."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from adapters.key_files import make_missing
from cli.stack import StackAddresses
from cli.stack.temporal_cli import ask

KEYS_FOLDER = "keys"
_SEALED = "only-encrypted-payloads"


def keys_folder(data_folder: Path) -> Path:
    return data_folder / KEYS_FOLDER


async def make_keys(addresses: StackAddresses) -> None:
    """Make the rings that are missing. Raises KeyFilesError.

    Where Temporal holds no case yet, none will ever need to be read in plain, so plain payloads are refused for good.
    """
    folder = keys_folder(addresses.data_folder)
    made = make_missing(folder, datetime.now(UTC))
    if "payload" in made and await _has_no_case(addresses):
        (folder / _SEALED).touch(mode=0o600)


def plain_payloads(data_folder: Path) -> str:
    """What CORRIDOR_PLAIN_PAYLOADS is for this data folder."""
    return "refuse" if (keys_folder(data_folder) / _SEALED).exists() else "accept"


async def _has_no_case(addresses: StackAddresses) -> bool:
    answer = await ask(addresses.temporal, addresses.temporal_namespace, "workflow", "count")
    return answer is not None and int(json.loads(answer).get("count", 0)) == 0
