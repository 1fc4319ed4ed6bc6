"""Tables on a terminal, and what people wrote in them."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console

from cli.commands.cases import _what
from cli.gateway_client import table_of


@pytest.mark.parametrize("text", ["Text [redacted] here", "[/] closes nothing", "[bold]not bold[/bold]", "[red]"])
def test_what_people_wrote_is_shown_as_it_stands(text: str) -> None:
    console = Console(width=120)

    with console.capture() as shown:
        console.print(table_of(("what",), [(text,)], title=text))

    lines = [line.strip() for line in shown.get().splitlines()]
    assert lines == [text, "what", text]


def entry(summary: str, **detail: Any) -> dict[str, Any]:
    return {"summary": summary, "detail": detail}


def test_a_timeline_shows_the_question_with_the_decision() -> None:
    assert _what(entry("Decided: return", comment="Which theatre?")) == "Decided: return: Which theatre?"


@pytest.mark.parametrize("told", [entry("not needed", comment="not needed"), entry("Ordered"), {"summary": "Ordered"}])
def test_a_timeline_says_nothing_twice(told: dict[str, Any]) -> None:
    assert _what(told) == told["summary"]
