"""Where mail goes out, and in whose name."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from domain.model import Value


class MailSettings(Value):
    """`security` is 'starttls' (an upgrade that the server must offer), 'tls' from the first byte, or 'none'.

    `sender` is the address of every mail; `reply_to` is where suppliers' answers go. `base_url` is the address of the
    portal or gateway that links in mails lead to, without a slash at the end.
    """

    host: str
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["none", "starttls", "tls"] = "starttls"
    username: str | None = None
    password: SecretStr | None = None
    timeout_seconds: float = Field(default=20, gt=0, le=120)
    sender: str
    sender_name: str = "Corridor"
    reply_to: str | None = None
    base_url: str = ""

    @property
    def domain(self) -> str:
        """The right side of the sender's address, which message ids end in."""
        return self.sender.rpartition("@")[2] or "localhost"
