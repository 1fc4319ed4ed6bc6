"""Where the parts of a running stack are, for the caller, for the children and for other commands."""

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from cli.stack.data_folder import write_private
from cli.stack.errors import StackError
from cli.stack.leftovers import start_time
from cli.stack.settings import StackSettings

RECORD_NAME = "stack.json"
NAMESPACE = "default"


class StackAddresses(BaseModel):
    """Addresses of one running stack. Nobody answers at those of parts that were not asked for."""

    model_config = ConfigDict(frozen=True)

    data_folder: Path
    postgres_socket_folder: Path
    temporal: str  # host:port of the gRPC frontend
    temporal_namespace: str = NAMESPACE
    temporal_ui_url: str
    gateway_url: str
    oidc_issuer: str
    oidc_audience: str
    smtp_host: str
    smtp_port: int
    bank_url: str = ""
    identity_url: str = ""
    tryton_url: str = ""
    tryton_folder: Path | None = None

    def dsn(self, database: str) -> str:
        """The connection string of a database of the embedded PostgreSQL, for asyncpg and psql."""
        return f"postgresql://postgres@/{database}?host={self.postgres_socket_folder}"

    @property
    def jwks_url(self) -> str:
        return f"{self.oidc_issuer}/.well-known/jwks.json"

    @property
    def token_url(self) -> str:
        return f"{self.oidc_issuer}/token"

    @property
    def mail_folder(self) -> Path:
        """Each mail that was sent is one .eml file here."""
        return self.data_folder / "mail"

    @property
    def bank_outbox(self) -> Path:
        """Payment files for the bank are put here."""
        return self.data_folder / "bank" / "outbox"

    @property
    def bank_inbox(self) -> Path:
        """What the bank sends is here."""
        return self.data_folder / "bank" / "inbox"


def announce(settings: StackSettings, addresses: StackAddresses, pid: int) -> None:
    """Leave the addresses where other commands find them."""
    record = {"pid": pid, "started": start_time(pid), "addresses": addresses.model_dump(mode="json")}
    write_private(settings.run / RECORD_NAME, json.dumps(record, indent=2))


def withdraw(settings: StackSettings) -> None:
    (settings.run / RECORD_NAME).unlink(missing_ok=True)


def find_running_stack(settings: StackSettings) -> StackAddresses:
    """The addresses of the stack that runs on this data folder; raises StackError when none does."""
    try:
        record = json.loads((settings.run / RECORD_NAME).read_text())
        addresses = StackAddresses.model_validate(record["addresses"])
        alive = start_time(int(record["pid"])) == int(record["started"])
    except (OSError, ValueError, KeyError, TypeError, ValidationError):
        alive = False
    if not alive:
        raise StackError(
            f"No stack is running on {settings.folder}. Start one with `make up`, "
            "or set CORRIDOR_DATA_DIR to the data folder of the one that runs."
        )
    return addresses
