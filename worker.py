"""The worker process: settings become adapters, adapters become steps, and Temporal runs the processes over them."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import structlog
from opentelemetry import trace
from opentelemetry.trace import Tracer
from temporalio.client import Client, Interceptor
from temporalio.contrib.opentelemetry import TracingInterceptor
from temporalio.service import RPCError
from temporalio.worker import Interceptor as WorkerInterceptor
from temporalio.worker import Worker

from activities.bank_desk import BankDesk
from activities.case_steps import CaseActivities
from activities.circuits import Circuits
from activities.erp_desk import ErpDesk, ErpDeskPorts
from activities.heartbeats import Heartbeats
from activities.hiring import HiringActivities
from activities.housekeeping import HousekeepingActivities
from activities.idle_systems import probes_of
from activities.invoice_ports import InvoicePorts
from activities.invoicing import InvoicingActivities
from activities.outbox_relay import OutboxRelay
from activities.paying import PayingActivities
from activities.ports import Ports
from activities.purchasing import PurchasingActivities, wall_clock
from activities.registry import activities_of
from activities.step_queues import StepQueues
from activities.waiting_invoices import WaitingInvoices
from activities.workforce import WorkforceDesk
from adapters.directory_files import FileDirectory
from adapters.key_files import key_files
from adapters.mail.notifier import MailNotifier
from adapters.mail.suppliers import MailSupplierChannel
from adapters.policy_files import FilePolicyStore
from adapters.postgres.checkpoints import PostgresCheckpoints
from adapters.postgres.commitments import PostgresCommitments
from adapters.postgres.delegations import PostgresDelegations
from adapters.postgres.evidence import PostgresEvidence
from adapters.postgres.outbox import PostgresOutbox
from adapters.postgres.pool import open_pool
from adapters.postgres.reader import PostgresReader
from adapters.reference_files import load
from adapters.signing import RingSigner
from adapters.starting import when_up
from adapters.telemetry.log_context import CaseLogContext
from adapters.telemetry.logs import configure_logs
from adapters.telemetry.ports import traced
from adapters.telemetry.sdk import sdk_runtime
from adapters.telemetry.traces import configure_traces
from adapters.temporal_cases import TemporalCaseMessenger, TemporalRunningCases, ensure_schedules
from adapters.temporal_payloads import data_converter
from adapters.webhooks.notifier import WebhookNotifier
from cli.case_runners import Runner, plain, sandbox
from cli.erp_of_worker import system_of_record
from cli.housekeeping_plans import housekeeping
from cli.outage_watches import watched
from cli.queue_workers import Bulkheads, Steps, Workers, step_workers
from cli.settle import exit_settled
from cli.versions import version_of
from cli.worker_mail import mail_links, mail_settings
from cli.worker_ports import following, hiring, invoicing
from cli.worker_settings import WorkerSettings
from domain.outside_errors import TemporarilyUnavailableError
from domain.ports.checkpoints import CheckpointStore
from domain.ports.evidence import Outbox
from domain.ports.notifier import Notifier
from domain.ports.policies import PolicyStore
from workflows.erp_changes import CollectErpChanges
from workflows.hire_to_provision import HireToProvision
from workflows.housekeeping import ReconcileCases, SealEvidence
from workflows.incident import Incident
from workflows.invoice_to_payment import InvoiceToPayment
from workflows.messages.hire_to_provision import WORKFLOW_NAME as HIRE_TO_PROVISION
from workflows.messages.incident import WORKFLOW_NAME as INCIDENT
from workflows.messages.invoice_to_payment import WORKFLOW_NAME as INVOICE_TO_PAYMENT
from workflows.messages.payment_run import WORKFLOW_NAME as PAYMENT_RUN
from workflows.messages.procure_to_pay import SNAPSHOT, TASK_QUEUE, WORKFLOW_NAME
from workflows.payment_run import PaymentRun
from workflows.payment_schedules import CollectBankMessages, ProposePayments
from workflows.procure_to_pay import ProcureToPay
from workflows.rescreen_workforce import EndAccess, RescreenWorkforce

# What a reconciler asks how it stands: every process that is a case.
CASES = (WORKFLOW_NAME, INCIDENT, INVOICE_TO_PAYMENT, PAYMENT_RUN, HIRE_TO_PROVISION)


GRACE = timedelta(minutes=5)
# How many cases decide at the same moment. They share one interpreter: more of them only make each so slow, on a busy
# machine, that its ten seconds with the server are over and it begins anew, again and again.
DECIDING_AT_ONCE = 4


def build_worker(
    client: Client,
    ports: Ports,
    task_queue: str = TASK_QUEUE,
    checkpoints: CheckpointStore | None = None,
    grace: timedelta = GRACE,
    runner: Runner = sandbox,
    **options: Any,
) -> Worker:
    """A worker of all processes over the given ports, whose steps wait on the one queue that it serves; `options` go to
    the SDK's worker.

    It keeps house as well when it is given `checkpoints`; cases younger than `grace` are not reconciled. `runner` runs
    the processes: in the sandbox, unless it is told otherwise as in an installation.
    """
    return Worker(
        client,
        task_queue=task_queue,
        workflows=processes(ports, checkpoints),
        activities=steps_of(client, ports, task_queue, checkpoints, grace),
        workflow_runner=runner(options.get("deployment_config")),
        **{"max_concurrent_workflow_tasks": DECIDING_AT_ONCE, **_common(options)},
    )


def build_workers(
    client: Client,
    ports: Ports,
    bulkheads: Bulkheads,
    task_queue: str = TASK_QUEUE,
    checkpoints: CheckpointStore | None = None,
    grace: timedelta = GRACE,
    runner: Runner = sandbox,
    **options: Any,
) -> Workers:
    """The workers of one process: as `build_worker`, with a queue for each outside system. `options` go to each."""
    steps = steps_of(client, ports, task_queue, checkpoints, grace)
    common = _common(options)
    common["interceptors"] = [*common["interceptors"], Circuits(bulkheads.breakers)]
    workers = step_workers(client, task_queue, steps, bulkheads, **common)
    if "cases" in bulkheads.serves:
        common["interceptors"] = [*common["interceptors"], StepQueues()]
        cases = Worker(
            client,
            task_queue=task_queue,
            workflows=processes(ports, checkpoints),
            activities=steps,  # all of them: what was begun without bulkheads waits here
            workflow_runner=runner(options.get("deployment_config")),
            max_concurrent_activities=bulkheads.limit("cases").at_once,
            max_concurrent_workflow_tasks=DECIDING_AT_ONCE,
            **common,
        )
        workers = [cases, *workers]
    return Workers(workers)


def interceptors() -> list[WorkerInterceptor]:
    """What stands between the SDK and every step and case."""
    return [CaseLogContext(), Heartbeats()]


def _common(options: dict[str, Any]) -> dict[str, Any]:
    return {
        "graceful_shutdown_timeout": timedelta(seconds=10),
        **options,
        "interceptors": [*interceptors(), *options.get("interceptors", ())],
    }


def steps_of(
    client: Client, ports: Ports, task_queue: str, checkpoints: CheckpointStore | None, grace: timedelta
) -> Steps:
    """All steps that can be done with the ports."""
    case = CaseActivities(ports.evidence, ports.directory, ports.commitments)
    invoice_ports = ports_of_invoices(client, ports)
    purchasing = PurchasingActivities(
        ports.erp,
        ports.commitments,
        ports.suppliers,
        ports.directory,
        ports.evidence,
        ports.reader,
        invoices=None if invoice_ports is None else WaitingInvoices(invoice_ports.register, invoice_ports.messenger),
    )
    keeping: list[object] = []
    if ports.invoicing is not None and invoice_ports is not None:
        keeping += [
            InvoicingActivities(invoice_ports, ports.evidence, wall_clock),
            PayingActivities(
                invoice_ports, ports.evidence, ports.invoicing.build_file, wall_clock, ports.invoicing.positive_pay
            ),
            BankDesk(invoice_ports, wall_clock),
        ]
    if ports.hiring is not None:
        keeping += [
            HiringActivities(ports.hiring, ports.erp, ports.directory, ports.evidence, case, wall_clock),
        ]
        if ports.hiring.policies is not None:
            keeping += [WorkforceDesk(ports.hiring, ports.hiring.policies, ports.reader, wall_clock)]
    if ports.following is not None:
        given = ports.following
        desk = ErpDeskPorts(given.changes, given.places, ports.reader, TemporalCaseMessenger(client), given.policies)
        keeping += [ErpDesk(desk, wall_clock)]
    if checkpoints is not None:
        running = TemporalRunningCases(client, CASES, SNAPSHOT, task_queue)
        keeping += [HousekeepingActivities(checkpoints, ports.evidence, ports.reader, running, wall_clock, grace)]
    return activities_of(case, purchasing, *keeping)


def processes(ports: Ports, checkpoints: CheckpointStore | None) -> list[type]:
    """Which processes a worker with these ports can run."""
    hiring = (HireToProvision, RescreenWorkforce, EndAccess) if ports.hiring else ()
    paying = (InvoiceToPayment, PaymentRun, ProposePayments, CollectBankMessages) if ports.invoicing else ()
    return [
        ProcureToPay,
        Incident,
        *paying,
        *hiring,
        *((CollectErpChanges,) if ports.following else ()),
        *((SealEvidence, ReconcileCases) if checkpoints is not None else ()),
    ]


def ports_of_invoices(client: Client, ports: Ports) -> InvoicePorts | None:
    """What the steps of invoices and payments act on."""
    given = ports.invoicing
    if given is None:
        return None
    return InvoicePorts(
        erp=ports.erp,
        payables=given.payables,
        commitments=ports.commitments,
        directory=ports.directory,
        reader=ports.reader,
        documents=given.documents,
        matches=given.matches,
        register=given.register,
        ledger=given.ledger,
        messenger=TemporalCaseMessenger(client),
        answers=given.answers,
        assistant=given.assistant,
        bank=given.bank,
        bank_reader=given.bank_reader,
        policies=given.policies,
    )


async def connect(settings: WorkerSettings) -> Client:
    interceptors: list[Interceptor] = [TracingInterceptor()] if settings.otlp_endpoint else []
    keys = key_files(settings.keys_dir)
    connected = partial(
        Client.connect,
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        data_converter=data_converter(keys.payload if keys else None, settings.plain_payloads),
        interceptors=interceptors,
        runtime=sdk_runtime(settings.metrics_address, settings.otlp_endpoint),
    )
    return await when_up("Temporal", connected, RuntimeError, RPCError)


def with_spans(ports: Ports, tracer: Tracer) -> Ports:
    """The same ports, with a span for each call to them."""
    given = {each.name: traced(getattr(ports, each.name), each.name, tracer) for each in fields(ports)}
    return Ports(**{**given, "invoicing": ports.invoicing, "hiring": ports.hiring, "following": ports.following})


@dataclass(frozen=True)
class Outside:
    """What a running worker holds open."""

    ports: Ports
    outbox: Outbox
    notifiers: Sequence[Notifier]
    checkpoints: CheckpointStore
    policies: PolicyStore


@contextlib.asynccontextmanager
async def outside(settings: WorkerSettings) -> AsyncIterator[Outside]:
    """Open what the settings name, and close it again."""
    opened = partial(open_pool, settings.database_dsn, max_size=settings.database_connections)
    pool = await when_up("evidence store", opened, TemporarilyUnavailableError)
    try:
        async with contextlib.AsyncExitStack() as stack:
            reference = load(settings.reference_dir, datetime.now(UTC).date())
            erp = await stack.enter_async_context(system_of_record(settings, reference))
            directory = FileDirectory(reference.people)
            policies = FilePolicyStore(settings.policies_dir)  # once: all of them are proven while they are read
            mail = mail_settings(settings)
            notifiers: list[Notifier] = [
                MailNotifier(
                    directory, mail, links=mail_links(settings), substitutes=PostgresDelegations(pool).given_by
                )
            ]
            if settings.webhooks:
                http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
                notifiers += [WebhookNotifier(subscriber, http) for subscriber in settings.webhooks]
            channels = [notifier.channel for notifier in notifiers]
            ports = Ports(
                erp=erp.orders,
                commitments=PostgresCommitments(pool),
                suppliers=MailSupplierChannel(mail),
                directory=directory,
                evidence=PostgresEvidence(pool, channels),
                reader=PostgresReader(pool),
                invoicing=invoicing(settings, pool, erp.payables, mail, reference.debtor_accounts, policies),
                hiring=await hiring(settings, pool, erp.employees, policies, stack),
                following=following(pool, erp.changes, policies),
            )
            if settings.otlp_endpoint:
                tracer = trace.get_tracer("corridor.worker")
                ports = with_spans(ports, tracer)
                notifiers = [traced(notifier, notifier.channel, tracer) for notifier in notifiers]
            keys = key_files(settings.keys_dir)
            checkpoints = PostgresCheckpoints(pool, RingSigner(keys.checkpoint) if keys else None)
            yield Outside(ports, PostgresOutbox(pool), notifiers, checkpoints, policies)
    finally:
        await pool.close()


async def run(settings: WorkerSettings) -> None:
    """Work until SIGTERM or SIGINT; steps under way are finished first."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    client = await connect(settings)
    async with outside(settings) as out:
        relay = OutboxRelay(out.outbox, out.notifiers, wall_clock)
        version = version_of(settings.deployment, settings.build_id)
        async with build_workers(
            client,
            out.ports,
            settings.bulkheads,
            settings.task_queue,
            out.checkpoints,
            runner=plain,
            deployment_config=version,
            graceful_shutdown_timeout=timedelta(seconds=settings.drain_seconds),
        ) as workers:
            pays, follows = out.ports.invoicing is not None, out.ports.following is not None
            plans = housekeeping(settings, pays=pays, follows=follows)
            await when_up("Temporal", partial(ensure_schedules, client, settings.task_queue, plans), RPCError)
            structlog.get_logger("worker").info("worker.started", task_queues=workers.task_queues)
            breakers = settings.bulkheads.breakers
            reader, probes = out.ports.reader, probes_of(out.ports)
            async with watched(client, settings.task_queue, breakers, reader, out.policies, wall_clock, probes):
                await relay.run(stop)
                await stop.wait()
            structlog.get_logger("worker").info("worker.stopping", drain_seconds=settings.drain_seconds)


def main() -> None:
    settings = WorkerSettings()
    configure_logs("worker", settings.log_level)
    tracing = configure_traces("corridor-worker", settings.otlp_endpoint)
    asyncio.run(run(settings))
    if tracing is not None:
        tracing.shutdown()
    exit_settled(0)


if __name__ == "__main__":
    main()
