"""Who is told about what."""

from __future__ import annotations

import ipaddress
from fnmatch import fnmatchcase
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from standardwebhooks import Webhook

from domain.case import Notice
from domain.model import Value


class Subscriber(Value):
    """`events` are names or patterns such as 'case.*'; `facilities` are codes, '*' for all of them.

    `url` is https, so that nobody reads or answers in between; plain http only to this machine. `secret` is the shared
    key in the form 'whsec_<base64>'.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
    url: str
    secret: SecretStr
    events: Annotated[tuple[str, ...], Field(min_length=1)] = ("*",)
    facilities: Annotated[tuple[str, ...], Field(min_length=1)] = ("*",)
    timeout_seconds: Annotated[float, Field(gt=0, le=30)] = 10

    @field_validator("url")
    @classmethod
    def _only_where_it_is_safe(cls, url: str) -> str:
        parts = urlsplit(url)
        if not parts.hostname or parts.username or parts.password:
            raise ValueError("must be an absolute address without user name and password")
        if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
            raise ValueError("must begin with https:// (http:// only to this machine)")
        return url

    @field_validator("secret")
    @classmethod
    def _long_enough(cls, secret: SecretStr) -> SecretStr:
        try:
            Webhook(secret.get_secret_value())
        except Exception:
            raise ValueError("must be 'whsec_' and the key in base64") from None
        if len(secret.get_secret_value().removeprefix("whsec_")) < 32:
            raise ValueError("must hold at least 24 bytes, as Standard Webhooks asks for")
        return secret

    def wants(self, notice: Notice) -> bool:
        here = "*" in self.facilities or notice.facility in self.facilities
        return here and any(fnmatchcase(notice.event, pattern) for pattern in self.events)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
