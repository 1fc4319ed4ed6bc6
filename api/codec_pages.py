"""The page on which an operator signs in to read payloads: plain HTML, no script, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from html import escape

from domain.people import Actor

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem;color:#1b1f24}"
    "textarea{width:100%;height:8rem;font:13px monospace}button{font:inherit;padding:.4rem 1rem}"
    "code{background:#eef1f4;padding:.1rem .3rem}"
)
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def sign_in(roles: Sequence[str], *, login: bool) -> str:
    by_provider = '<p><a href="/codec/login">Sign in with the identity provider</a></p>' if login else ""
    return _page(
        "Read payloads in the Web UI",
        f"""<p>Temporal keeps the content of cases encrypted. With one of the roles {escape(", ".join(roles))} you can
read it in the Web UI, for the facilities that you serve. Every look is recorded.</p>
{by_provider}
<form method="post" action="/codec/session">
<p><label for="token">{"Or with an" if login else "Your"} access token</label></p>
<p><textarea id="token" name="token" required autocomplete="off" spellcheck="false"></textarea></p>
<p><button>Sign in</button></p>
</form>""",
    )


def signed_in(actor: Actor, ends: datetime, endpoint: str) -> str:
    facilities = "all facilities" if "*" in actor.facilities else ", ".join(actor.facilities) or "no facility"
    return _page(
        "You can read payloads",
        f"""<p>Signed in as <b>{escape(actor.person)}</b> for {escape(facilities)}, until {ends:%H:%M} UTC.</p>
<p>In the Web UI, once for each browser: the glasses icon at the top right, <i>Use my browser setting</i>, the endpoint
<code>{escape(endpoint)}</code>, <i>Include cross-origin credentials</i>, Apply, and reload.</p>
<form method="post" action="/codec/session/end"><p><button>Sign out</button></p></form>""",
    )


def _page(title: str, body: str) -> str:
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(title)} - Corridor</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>
<body><h1>{escape(title)}</h1>
{body}
</body></html>
"""
