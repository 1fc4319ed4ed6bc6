"""A purchase as operators of the platform see it: one trace, lines with the case on them, and metrics."""

from __future__ import annotations

import asyncio
import gc
import logging
import re
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
import structlog
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, Tracer, format_trace_id
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from temporalio import workflow
from temporalio.client import Client
from temporalio.contrib.opentelemetry import TracingInterceptor
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.ports import Ports
from adapters.telemetry.sdk import sdk_runtime
from api.case_client import TemporalCaseClient
from api.middleware import Surroundings
from cli.worker_settings import WorkerSettings
from domain.case import Journal
from domain.requisition import Requisition
from tests.fixtures.world import Case, World
from worker import build_worker, connect, with_spans
from workflows.messages import procure_to_pay as messages

PATIENCE_SECONDS = 100
CALLER = "0af7651916cd43dd8448eb211c80319c"


def free_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


def settings_for(world: World, **given: str) -> WorkerSettings:
    """The settings of a worker at the test's server; the databases are not opened."""
    chosen = {"TEMPORAL_ADDRESS": world.client.service_client.config.target_host, "OTEL_EXPORTER_OTLP_ENDPOINT": ""}
    return WorkerSettings.model_validate({**chosen, "database_dsn": "-", "erp_dsn": "-", **given})


class TracedWorld(World):
    """A world whose gateway, process and ports are traced with one tracer."""

    def __init__(self, temporal: WorkflowEnvironment, client: Client, tracer: Tracer) -> None:
        super().__init__(temporal)
        self.client, self._tracer = client, tracer

    def ports(self) -> Ports:
        return with_spans(super().ports(), self._tracer)

    def gateway(self, requisition: Requisition) -> Surroundings:
        """The gateway's surroundings over an intake that does nothing but start the case."""
        cases = TemporalCaseClient(self.client, task_queue=self.task_queue)

        async def submit(_: Request) -> Response:
            with self.temporal.with_time_skipping_disabled():
                await cases.start(self.input_of(requisition))
            return Response(status_code=202)

        app = Starlette(routes=[Route("/v1/requisitions", submit, methods=["POST"])])
        return Surroundings(app, CollectorRegistry(), self._tracer)


@dataclass
class Recorded:
    exporter: InMemorySpanExporter
    world: TracedWorld

    def spans(self) -> Sequence[ReadableSpan]:
        return self.exporter.get_finished_spans()

    def named(self, name: str) -> ReadableSpan:
        return next(span for span in self.spans() if span.name == name)


@pytest.fixture
async def recorded(temporal: WorkflowEnvironment) -> AsyncIterator[Recorded]:
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    client = Client(
        temporal.client.service_client,
        data_converter=pydantic_data_converter,
        interceptors=[TracingInterceptor(tracer)],
    )
    async with TracedWorld(temporal, client, tracer).working() as world:
        assert isinstance(world, TracedWorld)
        yield Recorded(exporter, world)


def parents_of(span: ReadableSpan, spans: Sequence[ReadableSpan]) -> list[str]:
    by_id = {each.context.span_id: each for each in spans if each.context}
    names = []
    while span.parent is not None and span.parent.span_id in by_id:
        span = by_id[span.parent.span_id]
        names.append(span.name)
    return names


async def test_one_trace_joins_the_request_the_case_its_steps_and_the_outside_calls(recorded: Recorded) -> None:
    world = recorded.world
    requisition = world.requisition()
    transport = httpx.ASGITransport(world.gateway(requisition))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as portal:
        sent = {"traceparent": f"00-{CALLER}-b7ad6b7169203331-01"}
        assert (await portal.post("/v1/requisitions", headers=sent)).status_code == 202
    case = Case(world, world.client.get_workflow_handle(world.input_of(requisition).case_id))
    await case.task("approval")
    spans = recorded.spans()
    request = recorded.named("POST /v1/requisitions")
    assert request.kind is SpanKind.SERVER
    for name in ("StartWorkflow:ProcureToPay", "RunActivity:check_requisition", "erp.master_data", "evidence.record"):
        span = recorded.named(name)
        assert span.context and format_trace_id(span.context.trace_id) == CALLER, name
        assert request.name in parents_of(span, spans), name
    lineage = parents_of(recorded.named("erp.master_data"), spans)
    assert lineage[0] == "RunActivity:check_requisition"
    assert "StartWorkflow:ProcureToPay" in lineage


class Overheard(logging.Handler):
    """Collects what a library beneath a step logs, each with the context that our log lines would carry."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, dict[str, object]]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.getMessage(), structlog.contextvars.get_contextvars()))


async def test_whatever_logs_beneath_a_step_names_the_case(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    overheard, library = Overheard(), logging.getLogger("a.library.below")
    library.addHandler(overheard)
    library.setLevel("INFO")
    record = world.evidence.record

    async def talkative(journal: Journal) -> None:
        library.info("writing")
        await record(journal)

    monkeypatch.setattr(world.evidence, "record", talkative)
    case = await world.start(world.requisition())
    await case.task("approval")
    library.removeHandler(overheard)
    assert {message for message, _ in overheard.lines} == {"writing"}
    seen = {(context["case_id"], context["step"]) for _, context in overheard.lines}
    assert {(case.name, "check_requisition"), (case.name, "announce")} <= seen
    assert structlog.contextvars.get_contextvars().get("case_id") is None


@workflow.defn
class Defective:
    """A process with a defect: the SDK's core reports it."""

    @workflow.run
    async def run(self) -> None:
        raise ValueError("a defect")


class UntilTheCoreSpeaks(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.spoken: asyncio.Future[logging.LogRecord] = asyncio.get_running_loop().create_future()

    def emit(self, record: logging.LogRecord) -> None:
        self.spoken.get_loop().call_soon_threadsafe(self._keep, record)

    def _keep(self, record: logging.LogRecord) -> None:
        if not self.spoken.done():
            self.spoken.set_result(record)


async def test_the_sdks_core_logs_through_python_and_without_content(world: World) -> None:
    core, listening = logging.getLogger("temporalio.core"), UntilTheCoreSpeaks()
    core.addHandler(listening)
    client, queue = await connect(settings_for(world)), f"{world.task_queue}-core"
    async with Worker(client, task_queue=queue, workflows=[Defective], workflow_runner=UnsandboxedWorkflowRunner()):
        with world.temporal.with_time_skipping_disabled():
            handle = await client.start_workflow(Defective.run, id=queue, task_queue=queue)
        said = await asyncio.wait_for(listening.spoken, PATIENCE_SECONDS)
        await handle.terminate()
    core.removeHandler(listening)
    assert said.getMessage() == "Failing workflow task"
    assert said.levelname == "WARNING"


async def test_the_workers_metrics_are_served_where_the_setting_says(world: World) -> None:
    address = f"127.0.0.1:{free_port()}"
    client = await connect(settings_for(world, metrics_address=address))
    queue = f"{world.task_queue}-metrics"
    async with build_worker(client, world.ports(), queue), httpx.AsyncClient(trust_env=False) as http:
        requisition = world.requisition()
        with world.temporal.with_time_skipping_disabled():
            await client.start_workflow(
                messages.WORKFLOW_NAME,
                world.input_of(requisition),
                id=world.input_of(requisition).case_id,
                task_queue=queue,
            )
        await Case(world, client.get_workflow_handle(world.input_of(requisition).case_id)).task("approval")
        text = (await asyncio.wait_for(http.get(f"http://{address}/metrics"), PATIENCE_SECONDS)).text
    assert 'activity_type="check_requisition"' in text
    assert "temporal_activity_execution_latency_seconds_bucket" in text
    assert "temporal_workflow_task_execution_latency_seconds_bucket" in text
    assert "REQ-" not in text  # names of cases would make a time series each


async def test_the_workers_metrics_are_sent_where_the_collector_is(world: World) -> None:
    """Without a page of its own, the worker sends metrics by OTLP over HTTP."""
    posted: asyncio.Queue[bytes] = asyncio.Queue()

    async def collector(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        await reader.readexactly(int(length[1]) if length else 0)
        posted.put_nowait(head.split(b"\r\n")[0])
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(collector, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        runtime = sdk_runtime(otlp_endpoint=f"http://127.0.0.1:{port}", export_every=timedelta(milliseconds=100))
        client = await Client.connect(settings_for(world).temporal_address, runtime=runtime)
        await client.count_workflows()
        assert await asyncio.wait_for(posted.get(), PATIENCE_SECONDS) == b"POST /v1/metrics HTTP/1.1"
        del client, runtime
        gc.collect()  # the exporter ends with its runtime, while somebody still listens
