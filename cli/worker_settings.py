"""What a worker is told by its environment."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from adapters.key_files import KeysFolder
from adapters.temporal_payloads import PlainPayloads
from adapters.webhooks.subscriber import Subscriber
from cli.queue_workers import Bulkheads
from domain.bulkheads import LIMITS, QUEUES, Limit, WorkQueue
from domain.circuit import CircuitRules
from workflows.messages.procure_to_pay import TASK_QUEUE

DEPLOYMENT = "corridor"
"""All workers of this name are one deployment, in versions."""


class WorkerSettings(BaseSettings):
    """Environment variables of the worker; docs/deployment.md explains each."""

    model_config = SettingsConfigDict(env_prefix="CORRIDOR_", extra="ignore")

    temporal_address: str = Field(default="localhost:7233", validation_alias="TEMPORAL_ADDRESS")
    temporal_namespace: str = Field(default="default", validation_alias="TEMPORAL_NAMESPACE")
    task_queue: str = TASK_QUEUE
    deployment: str = Field(default=DEPLOYMENT, pattern=r"^[A-Za-z0-9_-]{1,64}$")
    build_id: str = Field(default="", pattern=r"^[A-Za-z0-9._+-]{0,64}$")
    database_dsn: str
    database_connections: Annotated[int, Field(ge=2, le=200)] = 20
    erp: Literal["reference", "tryton"] = "reference"
    erp_dsn: str = ""
    tryton_url: str = ""
    tryton_database: str = ""
    tryton_user: str = ""
    tryton_password: SecretStr | None = None
    tryton_approver: str = ""
    tryton_approver_password: SecretStr | None = None
    hris_dsn: str = ""
    keys_dir: KeysFolder = None
    plain_payloads: PlainPayloads = "accept"
    reference_dir: Path = Path("examples")
    steps_at_once: Annotated[int, Field(ge=1, le=1000)] = LIMITS["cases"].at_once
    queues: Annotated[tuple[WorkQueue, ...], NoDecode] = QUEUES
    queue_limits: dict[WorkQueue, Limit] = {}
    circuit: CircuitRules = CircuitRules()
    drain_seconds: Annotated[int, Field(ge=0, le=3600)] = 10
    seal_every_minutes: Annotated[int, Field(ge=1, le=1440)] = 10
    reconcile_every_minutes: Annotated[int, Field(ge=1, le=10080)] = 60
    propose_every_minutes: Annotated[int, Field(ge=1, le=10080)] = 60
    collect_every_seconds: Annotated[int, Field(ge=1, le=86400)] = 60
    follow_erp_every_seconds: Annotated[int, Field(ge=1, le=86400)] = 60
    rescreen_every_days: Annotated[int, Field(ge=1, le=92)] = 30
    end_access_every_hours: Annotated[int, Field(ge=1, le=168)] = 24
    exclusion_lists: Path | None = None
    licence_register: str = ""
    licence_register_token: SecretStr | None = None
    policies_dir: Path = Path("policies")
    bank_outbox: Path = Path("bank/outbox")
    bank_inbox: Path = Path("bank/inbox")
    positive_pay_layout: Path | None = None
    public_url: str = "http://localhost:8080"
    link_hours: int = Field(default=72, ge=1, le=720)
    smtp_host: str = "localhost"
    smtp_port: int = 587
    smtp_security: Literal["none", "starttls", "tls"] = "starttls"
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    mail_from: str = "corridor@example.org"
    scim_url: str = ""
    scim_token: SecretStr | None = None
    scim_token_url: str = ""
    scim_client_id: str = ""
    scim_client_secret: SecretStr | None = None
    scim_mapping: Path | None = None
    webhooks: tuple[Subscriber, ...] = ()
    metrics_address: str = ""
    log_level: str = "INFO"
    otlp_endpoint: str = Field(default="", validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")

    @field_validator("queues", mode="before")
    @classmethod
    def _queues(cls, given: object) -> object:
        """Names with commas between them; nothing means all."""
        if not isinstance(given, str):
            return given
        return tuple(dict.fromkeys(each.strip() for each in given.split(",") if each.strip())) or QUEUES

    @cached_property
    def bulkheads(self) -> Bulkheads:
        """`steps_at_once` bounds every queue that `queue_limits` does not name."""
        usual = {
            queue: limit.model_copy(update={"at_once": min(limit.at_once, self.steps_at_once)})
            for queue, limit in LIMITS.items()
        }
        own = Limit(at_once=self.steps_at_once)
        return Bulkheads(self.queues, {**usual, "cases": own, **self.queue_limits}).guarded(self.circuit)
