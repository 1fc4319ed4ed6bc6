"""Failures on demand, for any port: the calls of a method fail before their effect, or after it (the answer is lost).

plan = FaultPlan()
erp: ErpPort = with_faults(MemoryErp(system), plan)
plan.fail("place_order", TemporarilyUnavailableError("erp", "timeout", "no answer"), when="after")
"""

from __future__ import annotations

import inspect
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeVar, cast

Port = TypeVar("Port")
When = Literal["before", "after"]


class Call(NamedTuple):
    method: str
    arguments: tuple[Any, ...]
    named: dict[str, Any]


class _Failure(NamedTuple):
    error: Exception
    when: When


class FaultPlan:
    """What shall fail, and what was called. `calls` holds every call in order, those that failed included."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._called: set[str] = set()
        self._failures: defaultdict[str, deque[_Failure]] = defaultdict(deque)
        self._each_once: _Failure | None = None

    def fail(self, method: str, error: Exception, *, times: int = 1, when: When = "before") -> None:
        """Let the next `times` calls of `method` raise `error`, after those that were asked for earlier."""
        self._failures[method].extend([_Failure(error, when)] * times)

    def fail_each_once(self, error: Exception, *, when: When = "before") -> None:
        """Let the first call of every method that has not been called yet raise `error`."""
        self._each_once = _Failure(error, when)

    def heal(self) -> None:
        """Forget every failure that has not happened yet."""
        self._failures.clear()
        self._each_once = None

    def calls_of(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    def begin(self, call: Call) -> _Failure | None:
        """Note the call; the failure that it shall meet, if any."""
        first = call.method not in self._called
        self.calls.append(call)
        self._called.add(call.method)
        if self._failures[call.method]:
            return self._failures[call.method].popleft()
        return self._each_once if first else None


def with_faults(port: Port, plan: FaultPlan) -> Port:
    """The same port, failing by plan. Attributes that are no coroutine functions pass through unchanged."""
    return cast(Port, _FaultyPort(port, plan))


class _FaultyPort:
    def __init__(self, port: object, plan: FaultPlan) -> None:
        self._port, self._plan = port, plan

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._port, name)
        return self._failing(name, attribute) if inspect.iscoroutinefunction(attribute) else attribute

    def _failing(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        async def call(*arguments: Any, **named: Any) -> Any:
            failure = self._plan.begin(Call(name, arguments, named))
            if failure is not None and failure.when == "before":
                raise failure.error
            answer = await method(*arguments, **named)
            if failure is not None:
                raise failure.error
            return answer

        return call
