"""The gateway process: settings become adapters, adapters become services. For uvicorn's `--factory`."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
from fastapi import FastAPI
from opentelemetry import trace
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from temporalio.client import Client, Interceptor
from temporalio.contrib.opentelemetry import TracingInterceptor
from temporalio.service import RPCError

from adapters.directory_files import FileDirectory
from adapters.drop_folder import DropFolder
from adapters.hr_files import HrFolder
from adapters.invoice_documents import DocumentReader
from adapters.key_files import KeyFiles, KeyFilesError, key_files
from adapters.maildir import MaildirMailbox
from adapters.pdf_extraction import PdfExtraction
from adapters.policy_files import WatchedPolicyStore
from adapters.postgres.checkpoints import PostgresCheckpoints
from adapters.postgres.delegations import PostgresDelegations
from adapters.postgres.documents import PostgresDocuments
from adapters.postgres.hire_file_ledger import PostgresHireFileLedger
from adapters.postgres.hire_standings import PostgresHireStandings
from adapters.postgres.invoice_register import PostgresInvoiceRegister
from adapters.postgres.keeping import PostgresKeeper
from adapters.postgres.notices import PostgresNotices
from adapters.postgres.overrides import PostgresOverrides
from adapters.postgres.payment_ledger import PostgresPaymentLedger
from adapters.postgres.pool import Pool, open_pool
from adapters.postgres.reader import PostgresReader
from adapters.reference_files import load
from adapters.signing import RingSigner
from adapters.starting import when_up
from adapters.telemetry.logs import configure_logs
from adapters.telemetry.traces import configure_traces
from adapters.temporal_payloads import data_converter
from api.app import create_app
from api.background import follow
from api.case_client import TemporalCaseClient
from api.codec_desk import CodecDesk
from api.codec_login import OidcLogin
from api.hire_watch import HireWatch
from api.incidents import TemporalIncidents
from api.invoice_watch import InvoiceWatch
from api.limits import CallerLimits
from api.link_policy import LinkPolicy
from api.logs import log
from api.policy_watch import PolicyWatch
from api.security import ClaimNames, FileKeys, JwtVerifier, KeySource, UrlKeys, jwks_fetcher
from api.services import Services
from api.settings import GatewaySettings
from api.shedding import LoadLimits
from domain.outside_errors import TemporarilyUnavailableError
from domain.ports.invoice_sources import InvoiceSource


def wall_clock() -> datetime:
    return datetime.now(UTC)


def create_app_from_settings(settings: GatewaySettings | None = None) -> FastAPI:
    """Raises pydantic's ValidationError when a setting is missing or unusable."""
    chosen = settings or GatewaySettings()
    configure_logs("gateway", chosen.log_level)
    logging.getLogger("uvicorn.access").disabled = True  # its lines carry query strings; ours carry none
    metrics = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=metrics)
    tracing = configure_traces("corridor-gateway", chosen.otlp_endpoint or None)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as resources:
            app.state.services = await connect(chosen, metrics, resources)
            yield
        if tracing is not None:
            tracing.shutdown()

    return create_app(
        lifespan=lifespan,
        metrics=metrics,
        max_body_bytes=chosen.max_body_bytes,
        tracer=trace.get_tracer("corridor.gateway") if tracing else None,
        limits=CallerLimits(chosen.rate_limit, chosen.refused_limit, per_case=chosen.case_limit),
        load=LoadLimits(chosen.requests_at_once, chosen.requests_per_caller),
        web_ui_origins=chosen.web_ui_origins,
        docs=chosen.docs,
        tls=chosen.tls,
    )


async def connect(settings: GatewaySettings, metrics: CollectorRegistry, resources: AsyncExitStack) -> Services:
    """All services; `resources` closes what was opened. Waits a while for what is still starting, then raises what the
    adapters raise when something is down."""
    policies = WatchedPolicyStore(settings.policies_dir, wall_clock)
    opened = partial(
        open_pool, settings.database_dsn, max_size=settings.database_connections, application_name="corridor-gateway"
    )
    pool = await when_up("evidence store", opened, TemporarilyUnavailableError)
    resources.push_async_callback(pool.close)
    http = await resources.enter_async_context(httpx.AsyncClient())
    interceptors: list[Interceptor] = [TracingInterceptor()] if settings.otlp_endpoint else []
    keys = key_files(settings.keys_dir)
    connected = partial(
        Client.connect,
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        data_converter=data_converter(keys.payload if keys else None, settings.plain_payloads),
        interceptors=interceptors,
    )
    temporal = await when_up("Temporal", connected, RuntimeError, RPCError)
    cases = TemporalCaseClient(temporal, settings.public_url, settings.task_queue)
    reader = PostgresReader(pool)
    incidents = TemporalIncidents(temporal, reader, settings.task_queue)
    every = timedelta(seconds=settings.policies_look_seconds)
    follow(PolicyWatch(policies, incidents, wall_clock, metrics, every), resources)
    services = Services(
        cases=cases,
        reader=reader,
        claims=reader,
        checkpoints=PostgresCheckpoints(pool, checker=RingSigner(keys.checkpoint) if keys else None),
        keeper=PostgresKeeper(pool),
        policies=policies,
        tokens=_verifier(settings, http),
        event_sources=settings.event_sources,
        directory=FileDirectory(load(settings.reference_dir, wall_clock().date()).people),
        delegations=PostgresDelegations(pool),
        overrides=PostgresOverrides(pool),
        notices=PostgresNotices(pool),
        documents=PostgresDocuments(pool),
        invoice_reader=DocumentReader(PdfExtraction(settings.pdf_templates_dir)),
        register=PostgresInvoiceRegister(pool),
        payments=PostgresPaymentLedger(pool),
        hires=PostgresHireStandings(pool),
        hire_files=PostgresHireFileLedger(pool),
        now=wall_clock,
        probes={"temporal": cases.health, "database": lambda: _answers(pool)},
        metrics=metrics,
        links=_links(settings, keys),
        metrics_token=settings.metrics_token,
        codec_desk=_codec_desk(settings, keys, http),
    )
    sources = _invoice_sources(settings)
    if sources:
        look = timedelta(seconds=settings.invoice_look_seconds)
        follow(InvoiceWatch(sources, services, metrics, look), resources)
    if settings.hires_inbox is not None:
        look = timedelta(seconds=settings.hires_look_seconds)
        folder = HrFolder(settings.hires_inbox, end_required=settings.hires_end_line == "required")
        follow(HireWatch(folder, services, incidents, metrics, look), resources)
    return services


def _invoice_sources(settings: GatewaySettings) -> list[InvoiceSource]:
    """Raises OSError when a place that is configured cannot be used."""
    sources: list[InvoiceSource] = []
    if settings.invoice_drop_folder is not None:
        sources.append(DropFolder(settings.invoice_drop_folder))
    if settings.invoice_maildir is not None:
        sources.append(MaildirMailbox(settings.invoice_maildir, settings.invoice_mail_authenticator))
    return sources


def _codec_desk(settings: GatewaySettings, keys: KeyFiles | None, http: httpx.AsyncClient) -> CodecDesk | None:
    if keys is None:
        return None
    callback = f"{settings.public_url.rstrip('/')}/codec/callback"
    login = (
        OidcLogin(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret, callback, http)
        if settings.oidc_client_id
        else None
    )
    return CodecDesk(keys.payload, settings.web_ui_origins, settings.tls, login)


def _links(settings: GatewaySettings, keys: KeyFiles | None) -> LinkPolicy | None:
    """Links in mails are a convenience: without good keys for them the gateway starts all the same."""
    if keys is None:
        log.warning("links_off", reason="no folder of keys is configured")
        return None
    try:
        keys.links()
    except KeyFilesError as error:
        log.error("links_off", reason=str(error))
        return None
    return LinkPolicy(keys.links, settings.link_max_amount, settings.public_url)


async def _answers(pool: Pool) -> None:
    await pool.fetchval("SELECT 1", timeout=2)


def _verifier(settings: GatewaySettings, http: httpx.AsyncClient) -> JwtVerifier:
    location = settings.oidc_jwks
    keys: KeySource = (
        UrlKeys(jwks_fetcher(http, location), wall_clock)
        if location.startswith(("http://", "https://"))
        else FileKeys(Path(location))
    )
    claims = ClaimNames(
        person=settings.oidc_person_claim,
        name=settings.oidc_name_claim,
        roles=settings.oidc_roles_claim,
        facilities=settings.oidc_facilities_claim,
        role_prefix=settings.oidc_role_prefix,
        facility_prefix=settings.oidc_facility_prefix,
    )
    return JwtVerifier(keys, settings.oidc_issuer, settings.oidc_audience, wall_clock, claims)
