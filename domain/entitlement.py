"""Whose question a task is."""

from __future__ import annotations

from domain.people import Actor
from domain.tasks import Task


def entitled(task: Task, actor: Actor) -> bool:
    """Whether the task belongs on the actor's worklist: the person is named, or holds the role at the facility.

    Where several must approve, it no longer belongs there once the person's approval counts.
    """
    if actor.person in task.approved_by:
        return False
    if task.people:
        return actor.person in task.people
    return actor.has_role(task.role) and actor.serves(task.facility)


def visible(task: Task, actor: Actor) -> bool:
    """Whether the actor may act on the task at all, whichever action."""
    return entitled(task, actor) and actor.person not in task.excluded
