"""How one Tryton is reached."""

from __future__ import annotations

import ipaddress
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from domain.model import Value


class TrytonLogin(Value):
    user: str
    password: SecretStr


class TrytonSettings(Value):
    """`url` is that of the server, without the database. `approver` presses what Tryton lets nobody press who prepares
    payments; times in seconds. `answer` is long: posting waits for its sequence. A look at accounts, periods, cost
    centres and suppliers counts for `remember`; who places an order asks for the supplier anew.
    """

    url: str
    database: str
    bot: TrytonLogin
    approver: TrytonLogin | None = None
    connect: Annotated[float, Field(gt=0, le=60)] = 5
    turn: Annotated[float, Field(gt=0, le=120)] = 20
    answer: Annotated[float, Field(gt=0, le=300)] = 60
    remember: Annotated[float, Field(ge=0, le=60)] = 10
    connections: Annotated[int, Field(ge=1, le=100)] = 8

    @field_validator("url")
    @classmethod
    def _only_where_nobody_listens(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("is no http address")
        if parts.scheme == "http" and not _is_here(parts.hostname):
            raise ValueError("passwords travel over https only, except to this machine")
        return url.rstrip("/")


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
