"""Which problems a route can answer with, for the OpenAPI."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from api.problems import MEDIA_TYPE

_SCHEMA = {"$ref": "#/components/schemas/Problem"}
_ALWAYS = (500, 503)
_WITH_BODY = (400, 413, 415, 422)


def problems(*statuses: int, body: bool = False, guarded: bool = True) -> dict[int | str, dict[str, Any]]:
    """Problem responses of a route: those named, those of any body, of any guarded route, and of all."""
    every = {*statuses, *_ALWAYS, *(_WITH_BODY if body else ()), *((401, 429) if guarded else ())}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": _SCHEMA}}}
        for status in sorted(every)
    }
