"""Where the embedded stack keeps its data and which ports it listens on."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from cli.stack.errors import StackError

AUTO: Literal["auto"] = "auto"


def _auto_or_number(value: object) -> object:
    return AUTO if str(value).strip().lower() in {"0", AUTO} else value


Port = Annotated[
    Literal["auto"] | Annotated[int, Field(ge=1, le=65535)],
    BeforeValidator(_auto_or_number),
]


class StackSettings(BaseSettings):
    """Settings of the embedded stack, from the environment (`CORRIDOR_` and the name in capitals).

    A port is a number, or `auto` (also `0`) to let the operating system choose a free one.
    """

    model_config = SettingsConfigDict(env_prefix="CORRIDOR_", frozen=True)

    data_dir: Path = Path(".corridor")
    host: Literal["127.0.0.1"] = "127.0.0.1"  # everybody's password is in the data folder, so nobody else may reach it
    temporal_port: Port = 7233
    temporal_ui_port: Port = 8233
    gateway_port: Port = 8080
    oidc_port: Port = 9000
    smtp_port: Port = 8025
    bank_port: Port = 8090
    identity_port: Port = 8095
    tryton_port: Port = 8100
    erp: Literal["reference", "tryton"] = "reference"
    tryton_dir: Path | None = None
    start_deadline_seconds: float = Field(default=60.0, gt=0)
    stop_grace_seconds: float = Field(default=15.0, gt=0)

    @property
    def folder(self) -> Path:
        """The data folder as an absolute path, the same for children with another working directory."""
        return self.data_dir.expanduser().resolve()

    @property
    def tryton_folder(self) -> Path:
        """What is built for Tryton once and serves every stack: its environment, and its databases as files."""
        return (self.tryton_dir or self.folder / "tryton").expanduser().resolve()

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def run(self) -> Path:
        return self.folder / "run"


def load_settings() -> StackSettings:
    """Read the settings; raises StackError naming each variable that cannot be used."""
    try:
        return StackSettings()
    except ValidationError as error:
        raise StackError(_explain(error)) from None


def _explain(error: ValidationError) -> str:
    names = sorted({str(fault["loc"][0]) for fault in error.errors()})
    return "\n".join(f"CORRIDOR_{name.upper()} cannot be used: {_reason(name)}" for name in names)


def _reason(name: str) -> str:
    if name.endswith("_port"):
        return "it must be a port number from 1 to 65535, or auto."
    if name.endswith("_seconds"):
        return "it must be a number of seconds above zero."
    if name == "host":
        return "the embedded stack listens on 127.0.0.1 only."
    if name == "erp":
        return "it must be reference or tryton."
    return "it must be the path of a folder."
