"""Bodies read as what they must be: strictly typed, closed to unknown fields, every fault told at once.

FastAPI's own reading of a body is lenient (it takes "5" for 5 and 1 for true). A caller that gets away with it today
is a caller that breaks tomorrow, so bodies are read in pydantic's strict JSON mode.
"""

# No `from __future__ import annotations` here: FastAPI must see the annotations of the functions made in `posted`.
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Body, Request
from pydantic import BaseModel, GetJsonSchemaHandler, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from api.problems import ProblemDetail, invalid_request, pointer_of

M = TypeVar("M", bound=BaseModel)
_IN_WORDS = {
    "extra_forbidden": "There is no such field here; check how it is spelled, or leave it out.",
    "missing": "Send this field: nothing can be done without it.",
}
"""Instead of pydantic's own words, where these do not say what to change."""


class SchemaOf:
    """Documents a parameter as `model` in the OpenAPI, while FastAPI itself leaves the value alone."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._model = model

    def __get_pydantic_json_schema__(self, _: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(self._model.__pydantic_core_schema__)


def posted(model: type[M]) -> Callable[..., Awaitable[M]]:
    """A dependency that reads the request's body as `model`; raises the problem with every fault."""

    async def read(request: Request, _document: Annotated[Any, Body(), SchemaOf(model)]) -> M:
        return validated(model, await request.body())

    return read


@dataclass(frozen=True)
class Posted:
    """A body as it came, and parsed: as strictly as `api.strict_json` does, and as what it has to be by nobody yet."""

    body: bytes
    document: Any


def documented(model: type[BaseModel]) -> Callable[..., Awaitable[Posted]]:
    """A dependency that gives the request's body, documented as `model`."""

    async def read(request: Request, document: Annotated[Any, Body(), SchemaOf(model)]) -> Posted:
        return Posted(await request.body(), document)

    return read


async def posted_document(request: Request) -> Posted:
    """The body of a request that must have one. Raises the 422 problem for none, and the 400 one that says why it is
    not JSON.
    """
    body = await request.body()
    if not body:
        raise invalid_request((ProblemDetail(pointer="", code="missing", message="Send a JSON document."),))
    return Posted(body, await request.json())


def validated(model: type[M], body: bytes | str) -> M:
    """Raises the 422 problem with a pointer to each fault."""
    try:
        return model.model_validate_json(body, strict=True)
    except ValidationError as error:
        raise invalid_request(details(error)) from None


def details(error: ValidationError, prefix: str = "") -> tuple[ProblemDetail, ...]:
    """Every fault with its pointer, in the order of the fields. What was sent is not repeated."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    inside = {each["loc"][:depth] for each in found for depth in range(len(each["loc"]))}
    return tuple(
        ProblemDetail(
            pointer=prefix + pointer_of(each["loc"]),
            code=each["type"],
            message=_IN_WORDS.get(each["type"], each["msg"]),
        )
        for each in found
        # Pydantic counts the readable items of a list: unreadable ones are not also too few.
        if not (each["type"] == "too_short" and each["loc"] in inside)
    )
