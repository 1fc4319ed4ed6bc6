"""Spans of outside calls, and that nothing is there when nobody asked for it."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, Tracer

from adapters.telemetry.ports import traced
from domain.outside_errors import RefusedError

TRACER_IN_A_FRESH_PROCESS = """
from opentelemetry import trace
from adapters.telemetry.traces import configure_traces
assert configure_traces("worker", {endpoint!r}) is {provider}
print(type(trace.get_tracer_provider()).__name__)
"""


def provider_of_a_fresh_process(endpoint: str) -> str:
    """A process can be given one tracer provider only, so each question needs its own."""
    provider = "trace.get_tracer_provider()" if endpoint else "None"
    code = TRACER_IN_A_FRESH_PROCESS.format(endpoint=endpoint, provider=provider)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603 - own code
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_without_an_endpoint_no_provider_is_installed() -> None:
    assert provider_of_a_fresh_process("") == "ProxyTracerProvider"


def test_with_an_endpoint_spans_are_recorded() -> None:
    assert provider_of_a_fresh_process("http://127.0.0.1:9") == "TracerProvider"


class Shop:
    """Some port."""

    name = "shop"

    async def sell(self, what: str, *, count: int = 1) -> str:
        if what == "nothing":
            raise RefusedError("shop", "sold-out", "there is no nothing for jane@example.org")
        if what == "broken":
            raise ValueError("jane@example.org")
        return f"{count} {what}"

    def opens(self) -> str:
        return "8:00"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracer(exporter: InMemorySpanExporter) -> Tracer:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider.get_tracer("test")


async def test_each_call_is_a_client_span(exporter: InMemorySpanExporter, tracer: Tracer) -> None:
    shop = traced(Shop(), "shop", tracer)
    assert await shop.sell("gloves", count=3) == "3 gloves"
    (span,) = exporter.get_finished_spans()
    assert (span.name, span.kind) == ("shop.sell", SpanKind.CLIENT)
    assert dict(span.attributes or {}) == {"peer.service": "shop"}
    assert span.status.status_code is StatusCode.UNSET


@pytest.mark.parametrize(
    ("what", "error", "kind"),
    [("nothing", RefusedError, "RefusedError:sold-out"), ("broken", ValueError, "ValueError")],
)
async def test_a_failure_is_told_by_its_kind_and_never_by_its_words(
    exporter: InMemorySpanExporter, tracer: Tracer, what: str, error: type[Exception], kind: str
) -> None:
    with pytest.raises(error):
        await traced(Shop(), "shop", tracer).sell(what)
    (span,) = exporter.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == kind
    assert span.events == ()
    assert "jane" not in span.to_json()


async def test_everything_else_passes_through(exporter: InMemorySpanExporter, tracer: Tracer) -> None:
    shop = traced(Shop(), "shop", tracer)
    assert (shop.name, shop.opens()) == ("shop", "8:00")
    assert exporter.get_finished_spans() == ()


async def test_calls_side_by_side_keep_to_themselves(exporter: InMemorySpanExporter, tracer: Tracer) -> None:
    shop = traced(Shop(), "shop", tracer)
    await asyncio.gather(*(shop.sell("gloves", count=count) for count in range(5)))
    spans = exporter.get_finished_spans()
    assert len(spans) == 5
    assert all(span.parent is None for span in spans)
