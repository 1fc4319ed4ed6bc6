"""Policy folders as the command line takes them: read whole, or refused with every fault."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from adapters.policy_files import FilePolicyStore, load_book
from cli.composition import POLICIES
from cli.gateway_client import FAILED, REFUSED, show
from cli.settle import exit_settled
from domain.policy.compose import PolicyBook
from domain.policy.source import PolicyFilesError

_err = Console(stderr=True, soft_wrap=True, highlight=False)


def our_policies() -> Path:
    """The folder of this installation's rules."""
    return Path(os.environ.get("CORRIDOR_POLICIES_DIR", POLICIES))


def book_of(folder: Path, as_json: bool) -> PolicyBook:
    """The policies of a folder; ends the command with every fault when they cannot be combined."""
    try:
        return load_book(folder)
    except PolicyFilesError as error:
        refuse(folder, error, as_json)


def store_of(folder: Path, as_json: bool) -> FilePolicyStore:
    """As `book_of`, with public holidays, and refused also when the proof finds a flaw."""
    try:
        return FilePolicyStore(folder)
    except PolicyFilesError as error:
        refuse(folder, error, as_json)


def refuse(folder: Path, error: PolicyFilesError, as_json: bool) -> NoReturn:
    if as_json:
        faults = [fault.model_dump(mode="json") for fault in error.faults]
        show({"sound": False, "folder": str(folder), "faults": faults}, as_json)
    else:
        for fault in error.faults:
            _err.print(str(fault), markup=False)
        count = f"{len(error.faults)} {'fault' if len(error.faults) == 1 else 'faults'}"
        _err.print(f"{count} in {folder}: `corridor policy check` says more", style="red")
    exit_settled(FAILED)


def day_of(option: str, text: str) -> date:
    """A day, YYYY-MM-DD; ends the command when the text is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        stop(f"{option} is a day such as 2026-11-30, not {text}")


def stop(message: str) -> NoReturn:
    """End the command because of how it was called."""
    _err.print(message, markup=False)
    exit_settled(REFUSED)
