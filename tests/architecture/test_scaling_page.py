"""What docs/scaling.md says that many cases need is what is computed from what one of them costs."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import capacity

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scaling.md"


def as_markdown(cases_a_day: int) -> str:
    return "".join(f"| {what} | {needed} |\n" for what, needed in capacity.rows(cases_a_day))


def test_the_page_shows_what_is_computed_now() -> None:
    assert as_markdown(1_000_000) in PAGE.read_text(), f"docs/scaling.md should say:\n{as_markdown(1_000_000)}"


def test_what_one_case_costs_is_on_the_page() -> None:
    page = PAGE.read_text()
    for each in capacity.CASES:
        sizes = (each.history_bytes, each.evidence_bytes)
        kilobytes = " | ".join(f"{size // 1000}" for size in sizes)
        assert f"| {each.name} | {each.actions} | {each.events} | {kilobytes} | {each.milliseconds:.0f} |" in page


def test_needs_grow_with_the_cases_and_never_fall_below_two_of_each() -> None:
    assert sum(each.share for each in capacity.CASES) == pytest.approx(1)
    few, many, more = (capacity.need(cases) for cases in (10, 1_000_000, 2_000_000))
    assert (few.workers, few.gateways) == (2, 2)
    assert more.actions == pytest.approx(2 * many.actions)
    assert many.workers < more.workers <= 2 * many.workers
