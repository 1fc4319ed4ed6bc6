"""The one data converter of everything that speaks to Temporal: worker, gateway and command line."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import structlog
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes, SerializationContext

from adapters.temporal_payloads.codec import EncryptedPayloads, PlainPayloads, RingSource, UnopenedPayloads

_LOG = structlog.get_logger("keys")


class PydanticJson(PydanticPayloadConverter):
    """The SDK's converter, once: the SDK makes a converter for each activation of a case, and what a converter has
    learned of a type would be forgotten with it. The context of a payload concerns the codec alone.
    """

    _the_one: ClassVar[PydanticJson | None] = None

    def __new__(cls) -> PydanticJson:
        if cls._the_one is None:
            made = super().__new__(cls)
            PydanticPayloadConverter.__init__(made)
            cls._the_one = made
        return cls._the_one

    def __init__(self) -> None:
        """Made already."""

    def with_context(self, context: SerializationContext) -> PydanticJson:  # noqa: ARG002 - the SDK's signature
        return self


PLAIN = DataConverter(payload_converter_class=PydanticJson)
"""JSON of pydantic models, as it is read and written before it is encrypted and after."""


def data_converter(ring: RingSource | None, plain: PlainPayloads = "accept") -> DataConverter:
    """JSON of pydantic models, encrypted with the ring's current key; also messages and traces of failures.

    Without a ring everything stays plain, which a warning in the log says. The ring is asked once, so that a process
    does not start with keys that cannot be used: raises what its source raises.
    """
    if ring is None:
        _LOG.warning("keys.absent", consequence="Temporal keeps payloads unencrypted")
        return dataclasses.replace(PLAIN, payload_codec=UnopenedPayloads())
    ring()
    return dataclasses.replace(
        PLAIN,
        payload_codec=EncryptedPayloads(ring, plain),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
