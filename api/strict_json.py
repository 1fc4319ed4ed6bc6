"""Request bodies, taken literally: JSON by its own media type, without NaN, double keys or bottomless nesting."""

from __future__ import annotations

import json
import re
from email.message import Message
from functools import lru_cache
from typing import Any, NoReturn

from fastapi import Request

from api.problems import ProblemError

MAX_DEPTH = 32
# A string that nothing ends is one match too: else each quote in it would be looked at up to the end of the body.
_STRUCTURE = re.compile(r'"(?:[^"\\]+|\\.)*+"?|[\[{\]}]', re.DOTALL)
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
ACCEPTED = ("application/json", "application/cloudevents+json")


class StrictRequest(Request):
    """A request whose `json()` refuses with a problem what `json.loads` would guess at."""

    async def json(self) -> Any:
        if not hasattr(self, "_strict"):
            self._strict = parse(await self.body())
        return self._strict


@lru_cache(maxsize=100)  # callers send the same few, and only those that are accepted are remembered
def require_json(content_type: str | None) -> None:
    """Raises the 415 problem unless the media type is JSON in UTF-8."""
    message = Message()
    message["content-type"] = content_type or ""
    charset = str(message.get_param("charset", "utf-8")).lower()
    if not content_type or message.get_content_type() not in ACCEPTED or charset not in ("utf-8", "utf8"):
        raise ProblemError(
            415,
            "unsupported-media-type",
            "The body must be JSON",
            "Send Content-Type: application/json, encoded in UTF-8.",
            headers={"Accept": "application/json"},
        )


def parse(body: bytes) -> Any:
    """Raises the 400 problem that says why this is not a JSON text that can be trusted."""
    try:
        text = body.decode("utf-8")
        _check_depth(text)
        _check_characters(text)
        return _DECODER.decode(text)
    except UnicodeDecodeError:
        raise _malformed("The body is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise _malformed(f"{error.msg} at line {error.lineno}, column {error.colno}.") from None
    except (ValueError, RecursionError) as error:
        raise _malformed(f"{error}.") from None


def _malformed(detail: str) -> ProblemError:
    return ProblemError(400, "malformed-json", "The body is not valid JSON", detail)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("An object names the same member twice")
    return members


_DECODER = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_once)


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return  # not even if each were inside the one before
    depth = 0
    for found in _STRUCTURE.finditer(text):
        token = found[0]
        if token in ("[", "{"):
            depth += 1
            if depth > MAX_DEPTH:
                raise ValueError(f"Arrays and objects are nested more than {MAX_DEPTH} deep")
        elif token in ("]", "}"):
            depth -= 1


def _check_characters(text: str) -> None:
    if "\\u0000" in text and _NUL.search(text):
        raise ValueError("A text holds the character NUL, which no record can keep")
