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

TYPES: dict[str, tuple[str, ...]] = {
    SUPPLIERS: ("corridor.order.acknowledged",),
    RECEIVING: ("corridor.goods.received", "corridor.goods.returned"),
    PAYABLES: ("corridor.order.settled",),
}


def event_sources_file(data_folder: Path) -> Path:
    """The list of event sources as the gateway reads it, with a random key each; made once, readable by us alone."""
    path = data_folder / "event-sources.json"
    if not path.exists():
        sources = [{"source": source, "secrets": [_new_key()], "types": list(types)} for source, types in TYPES.items()]
        write_private(path, json.dumps(sources, indent=2))
    return path


def signing_keys(data_folder: Path) -> dict[str, str]:
    """The key of each source of the embedded stack, in the form 'whsec_<base64>'."""
    sources = json.loads(event_sources_file(data_folder).read_text(encoding="utf-8"))
    return {source["source"]: source["secrets"][0] for source in sources}


def _new_key() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
