"""Steps of what runs at intervals: repeated until they succeed, because nobody is asked about them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from temporalio import workflow

from domain.model import Value
from workflows.case import OWN_STORE_RETRIES, SIGN_OF_LIFE


async def scheduled_step(step: Callable[..., Any], *given: Value, within: timedelta, summary: str) -> Any:
    """A step that gives signs of life; `within` is how long one try may take."""
    return await workflow.execute_activity_method(
        step,
        args=given,
        start_to_close_timeout=within,
        heartbeat_timeout=SIGN_OF_LIFE,
        retry_policy=OWN_STORE_RETRIES,
        summary=summary,
    )
