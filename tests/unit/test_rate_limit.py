"""Rates of requests: never more than the rate allows, and never less."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from domain.rate_limit import MAX_CALLERS, Rate, Throttle, WrittenRate, parse_rate

rates = st.builds(Rate, count=st.integers(1, 50), seconds=st.sampled_from([1, 60, 3600]))


def test_a_rate_is_read_as_it_is_written() -> None:
    assert parse_rate("600/minute") == Rate(count=600, seconds=60)
    assert parse_rate(" 5 / second ") == Rate(count=5, seconds=1)


@pytest.mark.parametrize(
    "text", ["", "600", "0/minute", "-1/minute", "1.5/second", "600/fortnight", "600/minutes", "9" * 12]
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write a rate as"):
        parse_rate(text)
    with pytest.raises(ValidationError, match="write a rate as"):
        TypeAdapter(WrittenRate).validate_python(text)


def test_a_burst_of_the_whole_rate_is_allowed_and_one_more_is_not() -> None:
    throttle = Throttle(Rate(count=3, seconds=60))
    assert [throttle.take("nina", 100.0) for _ in range(3)] == [0, 0, 0]
    assert throttle.take("nina", 100.0) == pytest.approx(20, abs=0.001)
    assert throttle.take("bo", 100.0) == 0, "another caller is not held up"
    assert throttle.take("nina", 120.0) == 0
    assert throttle.take("nina", 120.0) > 0


@given(rates, st.lists(st.floats(0, 5), min_size=1, max_size=200))
def test_no_span_of_time_sees_more_than_the_rate_allows(rate: Rate, pauses: list[float]) -> None:
    """In any span, at most the burst and what flows in during it."""
    throttle, now, admitted = Throttle(rate), 1000.0, []
    for pause in pauses:
        now += pause * rate.seconds / rate.count
        if throttle.take("nina", now) == 0:
            admitted.append(now)
    for first in range(len(admitted)):
        for last in range(first, len(admitted)):
            flown_in = (admitted[last] - admitted[first]) * rate.count / rate.seconds
            assert last - first + 1 <= rate.count + flown_in + 0.01


@given(rates, st.integers(1, 200))
def test_who_waits_as_long_as_told_is_admitted(rate: Rate, requests: int) -> None:
    throttle, now = Throttle(rate), 0.0
    for _ in range(requests):
        wait = throttle.take("nina", now)
        if wait:
            now += wait + 1e-6
            assert throttle.take("nina", now) == 0


@given(rates, st.integers(1, 100))
def test_who_keeps_to_the_rate_is_never_refused(rate: Rate, requests: int) -> None:
    throttle = Throttle(rate)
    for number in range(requests * rate.count):
        assert throttle.take("nina", number * rate.seconds / rate.count) == 0


def test_asking_how_long_to_wait_counts_nothing() -> None:
    throttle = Throttle(Rate(count=1, seconds=60))
    assert [throttle.wait("nina", 0.0) for _ in range(5)] == [0] * 5
    throttle.take("nina", 0.0)
    assert throttle.wait("nina", 0.0) > 0


def test_a_flood_of_made_up_callers_is_forgotten_before_it_fills_the_memory() -> None:
    throttle = Throttle(Rate(count=1, seconds=60))
    for number in range(MAX_CALLERS + 500):
        throttle.take(str(number), float(number) / 1e6)
    assert len(throttle._free_at) <= MAX_CALLERS
    assert throttle.take(str(MAX_CALLERS + 499), 0.1) > 0, "the latest are remembered"
