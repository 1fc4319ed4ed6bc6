"""The JSON schema of policy files, for editors: generated from the models, so that it never says anything else."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from domain.policy.documents import FacilityDocument, SystemDocument

SCHEMA_FILE = "policy.schema.json"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def policy_schema() -> dict[str, Any]:
    """One schema for both kinds of file; the key `document` tells them apart."""
    either: TypeAdapter[Any] = TypeAdapter(
        Annotated[SystemDocument | FacilityDocument, Field(discriminator="document")]
    )
    return {"$schema": _DIALECT, "title": "Policy file", **either.json_schema()}


def policy_schema_text() -> str:
    """The schema as the file holds it."""
    return json.dumps(policy_schema(), indent=2, ensure_ascii=False) + "\n"
