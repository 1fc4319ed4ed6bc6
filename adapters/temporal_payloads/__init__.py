"""How values travel through Temporal: as JSON of pydantic models, encrypted with the keys of the payload ring."""

from adapters.temporal_payloads.codec import (
    EncryptedPayloads,
    PayloadError,
    PlainPayloads,
    RingSource,
    case_of,
    is_encrypted,
)
from adapters.temporal_payloads.converter import PLAIN, data_converter

__all__ = [
    "PLAIN",
    "EncryptedPayloads",
    "PayloadError",
    "PlainPayloads",
    "RingSource",
    "case_of",
    "data_converter",
    "is_encrypted",
]
