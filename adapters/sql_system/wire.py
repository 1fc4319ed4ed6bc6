"""The base of what such systems take and give, in JSON."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """A shape of theirs. Fields that they add later are none of our business; a missing one is."""

    model_config = ConfigDict(frozen=True, extra="ignore")
