"""Traces tell which route was asked, and no address: ids are in addresses, and links by which people decide."""

from __future__ import annotations

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from api.app import create_app
from tests.http.fakes import Gateway


async def test_a_request_is_one_span_named_by_its_route(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    app = create_app(gateway.app.state.services, tracer=provider.get_tracer("corridor.gateway"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
        await client.get("/v1/links/by-which-to-decide?said=this")
        await client.get("/v1/cases/procure-to-pay.north.REQ-118", headers=gateway.as_())
    spans = exporter.get_finished_spans()
    assert [span.name for span in spans] == ["GET /v1/links/{token}", "GET /v1/cases/{case_id}"]
    told = " ".join(span.to_json() for span in spans)
    assert not [word for word in ("by-which", "said", "REQ-118") if word in told]
