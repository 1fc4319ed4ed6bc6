"""The demonstration's patience, in a loop whose clock jumps to whatever is waited for next."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import pytest

from cli.demo.patience import Patience

T = TypeVar("T")


class Jumping(selectors.SelectSelector):
    """Instead of waiting it says that the time is over."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += max(timeout or 0.0, 0.0)
        return super().select(0)


class JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def at_once(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(work)


async def _gave_up_after(patience: Patience, moves: Sequence[tuple[float, object]]) -> float:
    """When the patience ends while things move so many seconds after one another, and then no more."""
    began = asyncio.get_running_loop().time()
    with pytest.raises(TimeoutError):
        async with patience.wait():
            for seconds, state in moves:
                await asyncio.sleep(seconds)
                patience.saw("case", state)
            await asyncio.Event().wait()
    return asyncio.get_running_loop().time() - began


@pytest.mark.parametrize(
    ("moves", "seconds"),
    [
        ([], 60),
        ([(50, 1)], 110),
        ([(50, 1), (50, 2), (50, 3)], 210),
        ([(50, 1), (5, 1), (5, 1)], 110),
        ([(61, 1)], 60),
        ([(40, number) for number in range(20)], 300),
    ],
    ids=["nothing", "once", "thrice", "the-same-again", "too-late", "for-ever"],
)
def test_it_ends_when_nothing_is_new(moves: list[tuple[float, object]], seconds: float) -> None:
    async def run() -> float:
        return await _gave_up_after(Patience(60, 300), moves)

    assert at_once(run()) == pytest.approx(seconds)


def test_what_one_sees_keeps_the_others_waiting() -> None:
    async def run() -> list[float]:
        patience = Patience(60, 300)
        return list(await asyncio.gather(*(_gave_up_after(patience, moves) for moves in ((), ((30.0, 1),)))))

    assert at_once(run()) == pytest.approx([90, 90])


def test_it_is_over_for_who_comes_after_its_end() -> None:
    async def run() -> float:
        patience = Patience(60, 100)
        await asyncio.sleep(99)
        return await _gave_up_after(patience, [(0.5, 1)])

    assert at_once(run()) == pytest.approx(1)
