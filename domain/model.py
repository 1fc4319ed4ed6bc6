"""The base of every value that crosses a boundary."""

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """Immutable, compared by content, closed to unknown fields.

    Values that cross Temporal only ever gain fields that have defaults, so that histories recorded before a release can
    still be decoded after it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="strings", allow_inf_nan=False)


class Request(Value):
    """A value that a caller sends: an unknown field is a mistake that the caller wants to hear about."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, str_strip_whitespace=True)
