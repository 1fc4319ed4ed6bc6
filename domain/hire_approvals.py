"""What of a hire needs an approval: the categories that the policy's table of hire approvals looks at."""

from __future__ import annotations

from typing import Literal

HireAsk = Literal["position", "unbudgeted-position", "extra-access", "privileged-access", "equipment"]
"""'equipment' is asked for only above the policy's limit."""
HIRE_ASKS: tuple[HireAsk, ...] = ("position", "unbudgeted-position", "extra-access", "privileged-access", "equipment")
