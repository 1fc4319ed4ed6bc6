"""A previewed route on a terminal."""

from __future__ import annotations

from itertools import groupby

from rich.console import Console
from rich.markup import escape

from domain.policy.preview import Preview, PreviewedLevel, who_in_words


def print_preview(out: Console, answer: Preview) -> None:
    """Each stage with its questions: who answers, why, and what happens when nobody does."""
    goods = ", ".join(answer.categories) or "no category"
    asker = ""
    if answer.requester is not None:
        asker = f", asked by {answer.requester}"
        if answer.requester_level is not None:
            asker += f" (job level {answer.requester_level})"
    out.print(f"[bold]{answer.amount}[/] of {goods}, {answer.urgency}, at {answer.facility}{asker}")
    out.print(f"policy {answer.policy_version} ({answer.policy_sha256[:12]})", style="dim")
    if answer.retrospective:
        out.print(
            f"An emergency under the cap: the order goes out at once. {answer.retrospective} answers for it within "
            f"{answer.retrospective_hours} business hours; the levels below are not asked before."
        )
    for place, together in groupby(answer.levels, key=lambda level: level.place):
        _print_stage(out, place, list(together))
    if not answer.levels:
        out.print(next(iter(answer.words)), style="red")


def _print_stage(out: Console, place: int, together: list[PreviewedLevel]) -> None:
    names = " and ".join(level.name for level in together)
    beside = " side by side" if len(together) > 1 else ""
    out.print(f"\n[bold]{place}. {names}[/]{beside}")
    for level in together:
        out.print(f"   {escape(who_in_words(level))}")
        for rule, reason in zip(level.rules, level.reasons, strict=True):
            out.print(f"   rule {rule}: {escape(reason)}")
        clock = f" (rule {level.clock_rule})" if level.clock_rule else ""
        out.print(
            f"   reminded after {level.remind_after_hours} business hours, "
            f"after {level.escalate_after_hours} passed on: {' -> '.join(level.escalation)}{clock}",
            style="dim",
        )
