"""Client spans for calls to outside systems, around any port."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

from opentelemetry.trace import SpanKind, StatusCode, Tracer

from domain.outside_errors import OutsideError

Port = TypeVar("Port")


def traced(port: Port, system: str, tracer: Tracer) -> Port:
    """The same port, with a span `system.method` for each call. Neither arguments nor answers nor messages go into it.

    Attributes that are no coroutine functions pass through unchanged.
    """
    return cast(Port, _TracedPort(port, system, tracer))


class _TracedPort:
    def __init__(self, port: object, system: str, tracer: Tracer) -> None:
        self._port, self._system, self._tracer = port, system, tracer

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._port, name)
        return self._spanned(name, attribute) if inspect.iscoroutinefunction(attribute) else attribute

    def _spanned(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        async def call(*arguments: Any, **named: Any) -> Any:
            with self._tracer.start_as_current_span(
                f"{self._system}.{name}",
                kind=SpanKind.CLIENT,
                attributes={"peer.service": self._system},
                record_exception=False,
                set_status_on_exception=False,
            ) as span:
                try:
                    return await method(*arguments, **named)
                except Exception as error:
                    span.set_attribute("error.type", _kind_of(error))
                    span.set_status(StatusCode.ERROR)
                    raise

        return call


def _kind_of(error: Exception) -> str:
    """The class, with the outside system's own code where there is one: words that repeat, never a message."""
    name = type(error).__name__
    return f"{name}:{error.code}" if isinstance(error, OutsideError) else name
