"""What the embedded stack of Corridor is made of: its own processes and what they are told.

The stack itself (`cli.stack`) knows none of this; here is the one place that says which services run, with
which environment, and what is done before they start.
"""

import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from adapters.erp.reference.install import install, seed
from adapters.hris.reference.install import install as install_hris
from adapters.hris.reference.install import seed as seed_hris
from adapters.policy_files.store import load_book
from adapters.postgres.migrate import migrate
from adapters.reference_files import load, load_hris, load_logins
from cli.embedded_keys import keys_folder, make_keys, plain_payloads
from cli.event_keys import event_sources_file
from cli.stack import (
    CLIENT_ID,
    FACILITIES_CLAIM,
    NAME_CLAIM,
    ROLES_CLAIM,
    EmbeddedStack,
    Persona,
    Service,
    StackAddresses,
    StackSettings,
    Step,
    answers_http,
    client_secret,
    ensure_groups,
    login_url,
    polls_task_queue,
    scim_token,
    scim_url,
)
from cli.stack.console import ConsoleProgress
from cli.stack.mock_bank import MockBank, open_debtor_accounts
from cli.stack.tryton.part import tryton_service
from cli.tryton_of_stack import steps_of_tryton, tryton_environment
from domain.policy.source import PolicyFilesError
from workflows.messages.procure_to_pay import TASK_QUEUE
from workflows.search_attributes import ALL

WORKER = "worker"
GATEWAY = "gateway"
ROOT = Path(__file__).parent.parent
REFERENCE_FILES = ROOT / "examples"
POLICIES = ROOT / "policies"
IDENTITY_SYSTEM = "identity"  # the name under which the policy knows the SCIM provider


def build_stack(settings: StackSettings, console: Console, *, restarts: int = 0) -> EmbeddedStack:
    """The whole stack of this installation. `restarts` is how often each service may die and be started
    again.
    """
    progress, with_tryton = ConsoleProgress(console), settings.erp == "tryton"
    return EmbeddedStack(
        settings,
        personas=personas(),
        search_attributes=search_attributes(),
        steps=[*steps(), *(steps_of_tryton(REFERENCE_FILES, progress.told) if with_tryton else ())],
        services=[*services(restarts), *([tryton_service(restarts)] if with_tryton else [])],
        progress=progress,
    )


def services(restarts: int = 0) -> Sequence[Service]:
    """The worker and the gateway."""
    return [_worker(restarts), _gateway(restarts)]


@dataclass(frozen=True)
class Migration:
    """Brings one database up to this release. `variable` is the environment variable with its DSN."""

    name: str
    database: str  # of the embedded stack
    variable: str
    run: Callable[[str], Awaitable[object]]


# Each may run again at any time, also beside another one, and then changes nothing.
MIGRATIONS: Sequence[Migration] = (
    Migration("evidence store", "corridor", "CORRIDOR_DATABASE_DSN", migrate),
    Migration("reference ERP", "erp", "CORRIDOR_ERP_DSN", install),
    Migration("reference HRIS", "hris", "CORRIDOR_HRIS_DSN", install_hris),
)


def steps() -> Sequence[Step]:
    """What happens between the parts and the services."""
    return [
        Step("keys", make_keys),
        *(_step_of(migration) for migration in MIGRATIONS),
        Step("reference health system", _load_reference),
        Step("bank accounts", _open_bank_accounts),
        Step("groups", _make_groups),
    ]


async def _load_reference(addresses: StackAddresses) -> None:
    """Fill the reference ERP and HRIS; codes that are there already are updated, orders, stock and workers stay."""
    today = datetime.now(UTC).date()
    await seed(addresses.dsn("erp"), load(REFERENCE_FILES, today))
    await seed_hris(addresses.dsn("hris"), load_hris(REFERENCE_FILES, today))


async def _open_bank_accounts(addresses: StackAddresses) -> None:
    """Let the embedded bank hold the accounts that the facilities pay from; those that it has keep their balances."""
    reference = load(REFERENCE_FILES, datetime.now(UTC).date())
    await open_debtor_accounts(MockBank(addresses.bank_url), reference.debtor_accounts)


async def _make_groups(addresses: StackAddresses) -> None:
    """Let the embedded identity provider have the groups that the policy grants; members of those it has stay."""
    try:
        book = load_book(policies_folder())
    except PolicyFilesError:  # the gateway says what is wrong, and works with what was good before
        return
    today = datetime.now(UTC).date()
    policies = [book.effective(code, today) for code in book.codes()]
    rules = [policy.hire for policy in policies if policy is not None and policy.hire is not None]
    groups = {each.group for rule in rules for each in rule.entitlements if each.system == IDENTITY_SYSTEM}
    await ensure_groups(addresses, sorted(groups))


def policies_folder() -> Path:
    return Path(os.environ.get("CORRIDOR_POLICIES_DIR", str(POLICIES)))


def personas() -> Sequence[Persona]:
    """Who can log in."""
    return [
        Persona(
            user_id=person.person,
            display_name=person.name,
            email=person.email,
            roles=person.roles,
            facilities=person.facilities or (person.facility,),
        )
        for person in load_logins(REFERENCE_FILES)
    ]


def search_attributes() -> Mapping[str, str]:
    """Name and type of the search attributes of the workflows."""
    return ALL


def service_environment(addresses: StackAddresses) -> Mapping[str, str]:
    """How the worker and the gateway find the rest; docs/deployment.md explains each variable."""
    return {
        "TEMPORAL_ADDRESS": addresses.temporal,
        "TEMPORAL_NAMESPACE": addresses.temporal_namespace,
        "CORRIDOR_TASK_QUEUE": TASK_QUEUE,
        "CORRIDOR_DATABASE_DSN": addresses.dsn("corridor"),
        "CORRIDOR_ERP_DSN": addresses.dsn("erp"),
        "CORRIDOR_HRIS_DSN": addresses.dsn("hris"),
        "CORRIDOR_SMTP_HOST": addresses.smtp_host,
        "CORRIDOR_SMTP_PORT": str(addresses.smtp_port),
        "CORRIDOR_SMTP_SECURITY": "none",  # the sink is on this machine and delivers nothing
        "CORRIDOR_MAIL_FROM": "corridor@meridianvalley.example",
        "CORRIDOR_BANK_OUTBOX": str(addresses.bank_outbox),
        "CORRIDOR_BANK_INBOX": str(addresses.bank_inbox),
        "CORRIDOR_SCIM_URL": scim_url(addresses),
        "CORRIDOR_SCIM_TOKEN": scim_token(addresses),
        "CORRIDOR_SCIM_TOKEN_URL": login_url(addresses),
        "CORRIDOR_REFERENCE_DIR": str(REFERENCE_FILES),
        "CORRIDOR_EXCLUSION_LISTS": str(REFERENCE_FILES / "exclusions"),
        "CORRIDOR_LICENCE_REGISTER": str(REFERENCE_FILES / "licences"),
        "CORRIDOR_POLICIES_DIR": str(policies_folder()),
        "CORRIDOR_EVENT_SOURCES": str(event_sources_file(addresses.data_folder)),
        "CORRIDOR_KEYS_DIR": str(keys_folder(addresses.data_folder)),
        "CORRIDOR_PLAIN_PAYLOADS": plain_payloads(addresses.data_folder),
        "CORRIDOR_WEB_UI_ORIGINS": addresses.temporal_ui_url,
        "CORRIDOR_OIDC_ISSUER": addresses.oidc_issuer,
        "CORRIDOR_OIDC_AUDIENCE": addresses.oidc_audience,
        "CORRIDOR_OIDC_JWKS": addresses.jwks_url,
        "CORRIDOR_OIDC_CLIENT_ID": CLIENT_ID,
        "CORRIDOR_OIDC_CLIENT_SECRET": client_secret(addresses),
        "CORRIDOR_OIDC_NAME_CLAIM": NAME_CLAIM,
        "CORRIDOR_OIDC_ROLES_CLAIM": ROLES_CLAIM,
        "CORRIDOR_OIDC_FACILITIES_CLAIM": FACILITIES_CLAIM,
        "CORRIDOR_PUBLIC_URL": addresses.gateway_url,
        "CORRIDOR_PDF_TEMPLATES_DIR": str(REFERENCE_FILES / "pdf_templates"),
        "CORRIDOR_INVOICE_DROP_FOLDER": str(addresses.data_folder / "invoices"),
        "CORRIDOR_HIRES_INBOX": str(addresses.data_folder / "hires"),
        "CORRIDOR_INVOICE_MAILDIR": str(addresses.data_folder / "invoice-mail"),
        **{"CORRIDOR_ERP": "reference", **tryton_environment(addresses)},
    }


def _step_of(migration: Migration) -> Step:
    async def run(addresses: StackAddresses) -> None:
        await migration.run(addresses.dsn(migration.database))

    return Step(migration.name, run)


def _worker(restarts: int) -> Service:
    return Service(
        name=WORKER,
        command=lambda _: [sys.executable, "-m", "worker"],
        environment=service_environment,
        ready=polls_task_queue(TASK_QUEUE),
        restarts=restarts,
    )


def _gateway(restarts: int) -> Service:
    return Service(
        name=GATEWAY,
        command=_serve_gateway,
        environment=service_environment,
        ready=answers_http("/readyz"),
        restarts=restarts,
    )


def _serve_gateway(addresses: StackAddresses) -> Sequence[str]:
    host, port = addresses.gateway_url.removeprefix("http://").split(":")
    server = [sys.executable, "-m", "uvicorn", "api.main:create_app_from_settings", "--factory"]
    return [
        *server,
        "--host",
        host,
        "--port",
        port,
        "--no-server-header",
        "--timeout-graceful-shutdown",
        "10",
    ]
