"""The one data converter of everything that speaks to Temporal: worker, gateway and command line."""

from __future__ import annotations

import dataclasses

import structlog
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes

from adapters.temporal_payloads.codec import EncryptedPayloads, PlainPayloads, RingSource, UnopenedPayloads

_LOG = structlog.get_logger("keys")


def data_converter(ring: RingSource | None, plain: PlainPayloads = "accept") -> DataConverter:
    """JSON of pydantic models, encrypted with the ring's current key; also messages and traces of failures.

    Without a ring everything stays plain, which a warning in the log says. The ring is asked once, so that a process
    does not start with keys that cannot be used: raises what its source raises.
    """
    if ring is None:
        _LOG.warning("keys.absent", consequence="Temporal keeps payloads unencrypted")
        return dataclasses.replace(pydantic_data_converter, payload_codec=UnopenedPayloads())
    ring()
    return dataclasses.replace(
        pydantic_data_converter,
        payload_codec=EncryptedPayloads(ring, plain),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
