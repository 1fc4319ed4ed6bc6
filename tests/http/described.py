"""What somebody can do who knows the gateway by its OpenAPI alone: make requests to it, and follow its links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import schemathesis
from schemathesis.checks import CheckFunction, load_all_checks
from schemathesis.specs.openapi.checks import positive_data_acceptance, unsupported_method
from standardwebhooks.webhooks import Webhook
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.http.fakes import NOW

EXCLUDED: list[CheckFunction] = [
    positive_data_acceptance,  # a well-formed request may still ask for what no policy allows
    unsupported_method,  # covered by test_http_bodies, for the problem document as well
]
load_all_checks()


@schemathesis.serializer("application/pdf")
def as_bytes(_context: object, value: object) -> bytes:
    """Anything but a PDF: broken ones come by the bytes that they are."""
    return value if isinstance(value, bytes) else str(value).encode(errors="surrogateescape")


class Signing:
    """Signs events on their way in, as the source would that has the secret, so that their bodies are looked at."""

    def __init__(self, app: ASGIApp, secret: str) -> None:
        self._app, self._secret = app, secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/v1/events":
            await self._app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)

        async def whole() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app({**scope, "headers": self._headers(scope, body)}, whole, send)

    def _headers(self, scope: Scope, body: bytes) -> list[tuple[bytes, bytes]]:
        try:
            signature = Webhook(self._secret).sign("msg", NOW, body.decode())
        except UnicodeDecodeError:
            signature = "none"
        others = [pair for pair in scope["headers"] if not pair[0].startswith(b"webhook-")]
        stamp = str(int(NOW.timestamp())).encode()
        signed = [(b"webhook-id", b"msg"), (b"webhook-timestamp", stamp), (b"webhook-signature", signature.encode())]
        return [*others, *signed]


@dataclass(frozen=True)
class Link:
    """From an answer of one operation to a request of another; `values` says where its parameters come from."""

    source: str
    status: str
    target: str
    values: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"{self.source} {self.status} -> {self.target} by {' '.join(dict(self.values))}"

    def follow(self, sent: Mapping[str, Any], answered: Any) -> dict[str, Any] | None:
        """The parameters of the next request; None when the answer lacks one, as an empty list does."""
        found = {name: _value(expression, sent, answered) for name, expression in self.values}
        return None if None in found.values() else found


def links_of(description: Mapping[str, Any]) -> list[Link]:
    """Those of an OpenAPI document, operations named like 'GET /v1/cases'."""
    operations = {f"{method.upper()} {path}": each for path, method, each in _operations(description)}
    labels = {each["operationId"]: label for label, each in operations.items()}
    return [
        Link(label, status, labels[link["operationId"]], tuple(link["parameters"].items()))
        for label, each in operations.items()
        for status, response in each["responses"].items()
        for link in response.get("links", {}).values()
    ]


def _operations(description: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _value(expression: str, sent: Mapping[str, Any], answered: Any) -> Any:
    """Of the runtime expressions of OpenAPI the two kinds that the gateway uses. Raises ValueError for others."""
    kind, _, rest = expression.partition("#" if "#" in expression else "path.")
    if kind == "$request.":
        return sent[rest]
    if kind != "$response.body":
        raise ValueError(expression)
    for key in rest.split("/")[1:]:
        if isinstance(answered, list):
            answered = answered[int(key)] if int(key) < len(answered) else None
        else:
            answered = answered.get(key) if isinstance(answered, dict) else None
    return answered
