"""A process that starts while what it needs is still starting waits for it, and not for ever."""

from __future__ import annotations

import pytest

from adapters.starting import when_up
from domain.outside_errors import TemporarilyUnavailableError


class Rising:
    """Answers at the `answers_at`-th question."""

    def __init__(self, answers_at: int) -> None:
        self._answers_at, self.asked = answers_at, 0

    async def open(self) -> str:
        self.asked += 1
        if self.asked < self._answers_at:
            raise TemporarilyUnavailableError("evidence-store", "57P03", "the database system is starting up")
        return "open"


async def test_it_asks_again_until_there_is_an_answer() -> None:
    store = Rising(answers_at=2)
    assert await when_up("store", store.open, TemporarilyUnavailableError) == "open"
    assert store.asked == 2


async def test_it_gives_up_in_the_end_with_the_reason() -> None:
    store = Rising(answers_at=99)
    with pytest.raises(TemporarilyUnavailableError, match="starting up"):
        await when_up("store", store.open, TemporarilyUnavailableError, patience_seconds=0.1)
    assert store.asked == 1


async def test_what_is_wrong_for_good_is_told_at_once() -> None:
    store = Rising(answers_at=2)
    with pytest.raises(TemporarilyUnavailableError):
        await when_up("store", store.open, RuntimeError)
    assert store.asked == 1
