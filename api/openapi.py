"""The committed OpenAPI: `python -m api.openapi` writes docs/openapi.json, and a test fails when it is out of date."""

from __future__ import annotations

import json
from pathlib import Path

from api.app import create_app

PATH = Path("docs/openapi.json")


def text() -> str:
    """The document as it is committed."""
    return json.dumps(create_app().openapi(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PATH.write_text(text())
