"""The systems that may send events to the embedded stack, and the keys that they sign with."""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path

from cli.stack.data_folder import write_private

SUPPLIERS = "urn:meridianvalley:suppliers"
RECEIVING = "urn:meridianvalley:receiving"
PAYABLES = "urn:meridianvalley:accounts-payable"
PERSONNEL = "urn:meridianvalley:human-resources"

TYPES: dict[str, tuple[str, ...]] = {
    SUPPLIERS: ("corridor.order.acknowledged",),
    RECEIVING: ("corridor.goods.received", "corridor.goods.returned"),
    PAYABLES: ("corridor.order.settled",),
    PERSONNEL: ("corridor.hr.hired", "corridor.hr.hire-changed", "corridor.hr.hire-ended"),
}


def event_sources_file(data_folder: Path) -> Path:
    """The list of event sources as the gateway reads it, readable by us alone, with a random key each that stays once
    it is made.
    """
    path = data_folder / "event-sources.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    missing = [source for source in TYPES if source not in {each["source"] for each in known}]
    if missing:
        added = [{"source": source, "secrets": [_new_key()], "types": list(TYPES[source])} for source in missing]
        write_private(path, json.dumps([*known, *added], indent=2))
    return path


def signing_keys(data_folder: Path) -> dict[str, str]:
    """The key of each source of the embedded stack, in the form 'whsec_<base64>'."""
    sources = json.loads(event_sources_file(data_folder).read_text(encoding="utf-8"))
    return {source["source"]: source["secrets"][0] for source in sources}


def _new_key() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
