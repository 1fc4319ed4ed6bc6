"""Environment variables of the gateway; docs/deployment.md explains each."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from adapters.key_files import KeysFolder
from adapters.temporal_payloads import PlainPayloads
from api.event_sources import EventSource
from api.services import DEFAULT_MAX_BODY_BYTES
from domain.money import ExactDecimal
from domain.rate_limit import WrittenRate, parse_rate
from workflows.messages.procure_to_pay import TASK_QUEUE

OptionalFolder = Annotated[Path | None, BeforeValidator(lambda given: given or None)]
RateVariable = Annotated[WrittenRate, NoDecode]  # as people write it, and not as JSON


class GatewaySettings(BaseSettings):
    """`oidc_jwks` is a URL or a file. Claim names may reach into nested claims with dots; with a prefix, only the
    values that carry it count. `event_sources` is JSON, or the name of a file that holds it. Without `keys_dir`, links
    in mails are not taken; `link_max_amount` is the most that one decides, in the currency of the facility. Without an
    `invoice_drop_folder` and an `invoice_maildir`, invoices come in by the API alone; without a `hires_inbox`, no HR
    files do; `hires_end_line` says whether these must end with the line that counts their rows.
    """

    model_config = SettingsConfigDict(
        env_prefix="CORRIDOR_", extra="ignore", frozen=True, populate_by_name=True, hide_input_in_errors=True
    )

    temporal_address: str = Field(default="localhost:7233", validation_alias="TEMPORAL_ADDRESS")
    temporal_namespace: str = Field(default="default", validation_alias="TEMPORAL_NAMESPACE")
    task_queue: str = TASK_QUEUE
    database_dsn: str
    database_connections: Annotated[int, Field(ge=1, le=200)] = 10
    policies_dir: Path = Path("policies")
    policies_look_seconds: Annotated[float, Field(ge=0.1, le=3600)] = 5
    keys_dir: KeysFolder = None
    plain_payloads: PlainPayloads = "accept"
    reference_dir: Path = Path("examples")
    link_max_amount: ExactDecimal | None = None
    invoice_drop_folder: OptionalFolder = None
    invoice_maildir: OptionalFolder = None
    invoice_mail_authenticator: str = ""
    invoice_look_seconds: Annotated[float, Field(ge=0.1, le=3600)] = 5
    hires_inbox: OptionalFolder = None
    hires_end_line: Literal["required", "optional"] = "required"
    hires_look_seconds: Annotated[float, Field(ge=0.1, le=3600)] = 5
    pdf_templates_dir: OptionalFolder = None
    oidc_jwks: str
    oidc_issuer: str
    oidc_audience: str = "corridor"
    oidc_client_id: str = ""
    oidc_client_secret: Annotated[SecretStr | None, BeforeValidator(lambda given: given or None)] = None
    oidc_person_claim: str = "sub"
    oidc_name_claim: str = "name"
    oidc_roles_claim: str = "roles"
    oidc_facilities_claim: str = "facilities"
    oidc_role_prefix: str = ""
    oidc_facility_prefix: str = ""
    event_sources: Annotated[tuple[EventSource, ...], NoDecode] = ()
    web_ui_origins: Annotated[tuple[str, ...], NoDecode] = ()
    rate_limit: RateVariable = parse_rate("6000/minute")
    case_limit: RateVariable = parse_rate("500/day")
    refused_limit: RateVariable = parse_rate("300/minute")
    requests_at_once: Annotated[int, Field(ge=1, le=10_000)] = 200
    requests_per_caller: Annotated[int, Field(ge=1, le=10_000)] = 50
    docs: bool = True
    metrics_token: Annotated[SecretStr | None, BeforeValidator(lambda given: given or None)] = None
    max_body_bytes: Annotated[int, Field(ge=1_000, le=50_000_000)] = DEFAULT_MAX_BODY_BYTES
    public_url: str = "http://localhost:8080"
    log_level: str = "INFO"
    otlp_endpoint: str = Field(default="", validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")

    @property
    def tls(self) -> bool:
        """Whether people reach the gateway by TLS, whoever ends it."""
        return self.public_url.startswith("https://")

    @field_validator("web_ui_origins", mode="before")
    @classmethod
    def _origins(cls, given: object) -> object:
        """Addresses, with commas between them, as a browser names an origin: without a path, in small letters."""
        if not isinstance(given, str):
            return given
        return tuple(each.strip().rstrip("/").lower() for each in given.split(",") if each.strip())

    @field_validator("web_ui_origins")
    @classmethod
    def _each_is_an_origin(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", origin):
                raise ValueError("an origin is http:// or https://, a host, and a port where it is not the usual one")
        return origins

    @field_validator("event_sources", mode="before")
    @classmethod
    def _sources(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        text = given.strip()
        return json.loads(text if text.startswith("[") else Path(text).read_text()) if text else ()

    @field_validator("event_sources")
    @classmethod
    def _each_secret_names_one(cls, sources: tuple[EventSource, ...]) -> tuple[EventSource, ...]:
        secrets = [secret.get_secret_value() for source in sources for secret in source.secrets]
        if len(set(secrets)) != len(secrets):
            raise ValueError("two event sources must not share a secret")
        if len({source.source for source in sources}) != len(sources):
            raise ValueError("an event source is configured twice")
        return sources
