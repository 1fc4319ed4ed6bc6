"""A memory that stays as small as it was made."""

from __future__ import annotations

from api.recent import Recent


def test_what_was_used_least_recently_is_forgotten_first() -> None:
    memory: Recent[str, int] = Recent(2)
    memory.put("a", 1)
    memory.put("b", 2)
    memory.put("a", 1)
    memory.put("c", 3)
    assert (memory.get("a"), memory.get("b"), memory.get("c")) == (1, None, 3)


def test_it_never_grows_beyond_its_bound() -> None:
    memory: Recent[int, int] = Recent(10)
    for number in range(1_000):
        memory.put(number, number)
    assert len(memory) == 10
    assert [memory.get(number) for number in (989, 990, 999)] == [None, 990, 999]
