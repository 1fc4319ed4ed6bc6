"""What Tryton said a moment ago counts for a while, and what it did not know is asked again."""

from __future__ import annotations

from adapters.erp.tryton.remembering import Remembered


class Asked:
    def __init__(self) -> None:
        self.times: list[list[str]] = []

    async def __call__(self, keys: list[str]) -> dict[str, int]:
        self.times.append(keys)
        return {key: len(self.times) for key in keys if key != "unknown"}


async def test_is_asked_once_until_its_time_is_over() -> None:
    clock, ask = [0.0], Asked()
    known = Remembered[str, int](10, lambda: clock[0])
    assert await known.of(["a", "a"], ask) == {"a": 1}
    clock[0] = 9.9
    assert await known.of(["a", "b"], ask) == {"a": 1, "b": 2}
    clock[0] = 10.0
    assert await known.of(["a", "b"], ask) == {"a": 3, "b": 2}
    assert ask.times == [["a"], ["b"], ["a"]]


async def test_what_is_not_there_is_asked_for_each_time() -> None:
    ask = Asked()
    known = Remembered[str, int](10)
    assert [await known.of(["unknown"], ask), await known.of(["unknown"], ask)] == [{}, {}]
    assert len(ask.times) == 2


async def test_no_time_remembers_nothing() -> None:
    ask = Asked()
    known = Remembered[str, int](0)
    assert [await known.of(["a"], ask), await known.of(["a"], ask)] == [{"a": 1}, {"a": 2}]
    assert await known.of([], ask) == {}


async def test_forgets_what_is_over_when_there_is_much() -> None:
    clock = [0.0]
    known = Remembered[int, int](1, lambda: clock[0])
    for number in range(2001):
        known.keep({number: number})
    clock[0] = 5.0
    known.keep({9999: 1})
    assert len(known._kept) == 1
