"""The checkpoint keys of a keys folder, as `checkpoint.json` has them."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from adapters.signing.ed25519 import Ed25519Signer

FILE = "checkpoint.json"


def signer_of(folder: Path | None) -> Ed25519Signer | None:
    """A signer with the keys of the folder; None without a folder, or when it holds no checkpoint keys.

    Raises ValueError, which names the file and never a secret, when the file cannot be used.
    """
    path = folder / FILE if folder is not None else None
    if path is None or not path.exists():
        return None
    try:
        ring = json.loads(path.read_text(encoding="utf-8"))
        seeds = {str(key_id): base64.b64decode(seed, validate=True) for key_id, seed in ring["keys"].items()}
        return Ed25519Signer(seeds, ring["current"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = str(error) if "sign" in str(error) or "seed" in str(error) else type(error).__name__
        raise ValueError(f"{path}: no usable ring of checkpoint keys ({reason})") from None
