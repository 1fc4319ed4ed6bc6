"""Pages for people, built so that no text can become markup by accident."""

from __future__ import annotations

import base64
import hashlib
import html

from fastapi import Response

_VOID = frozenset({"input", "meta"})

STYLE = """
:root{color-scheme:light dark;--line:#8a94a6;--soft:#eef1f6;--strong:#0b57a4;--on:#fff;--bad:#a11212}
@media (prefers-color-scheme:dark){:root{--soft:#232a35;--strong:#9cc7ff;--on:#0b1524;--bad:#ff9d9d}}
*{box-sizing:border-box}
body{margin:0;font:1.0625rem/1.5 system-ui,sans-serif}
main{max-width:40rem;margin:0 auto;padding:1rem 1rem 3rem}
h1{font-size:1.375rem;line-height:1.25;margin:.5rem 0}
h2{font-size:1.0625rem;margin:1.5rem 0 .5rem}
p{margin:.5rem 0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem .75rem;margin:1rem 0}
dt{opacity:.8}dd{margin:0;overflow-wrap:anywhere}
ul{margin:0;padding:0;list-style:none}
li{padding:.625rem .75rem;margin:0 0 .5rem;background:var(--soft);border-radius:.5rem;overflow-wrap:anywhere}
.amount{font-size:1.75rem;font-weight:700;margin:.25rem 0}
.text{white-space:pre-wrap;overflow-wrap:anywhere}
.small{font-size:.9375rem;opacity:.85}
.fault{border-left:.375rem solid var(--bad);padding:.5rem .75rem;background:var(--soft);font-weight:600}
fieldset{border:0;margin:0;padding:0}
legend{font-weight:700;padding:0;margin-bottom:.5rem}
label.choice{display:flex;gap:.75rem;align-items:center;min-height:3rem;padding:.5rem .75rem;margin:0 0 .5rem;
border:1px solid var(--line);border-radius:.5rem}
label.choice:has(input:checked){outline:3px solid var(--strong);outline-offset:-1px}
input[type=radio]{width:1.375rem;height:1.375rem;margin:0;flex:none;accent-color:var(--strong)}
.field{display:block;font-weight:700;margin:1rem 0 .25rem}
textarea{width:100%;min-height:6rem;font:inherit;padding:.625rem;border:1px solid var(--line);border-radius:.5rem}
button{width:100%;min-height:3.25rem;margin-top:1rem;font:inherit;font-weight:700;border:0;border-radius:.5rem;
background:var(--strong);color:var(--on)}
:focus-visible{outline:3px solid var(--strong);outline-offset:2px}
""".strip()
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_HEADERS = {
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow, noarchive",
}


class Html(str):
    """Markup. Any other text is escaped wherever it is put."""

    __slots__ = ()


def element(name: str, /, *children: str, **attributes: str | bool | None) -> Html:
    """One element. Names of attributes lose a last '_' and have '-' for '_'; None and False leave them out."""
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{html.escape(value)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{joined(*children)}</{name}>")


def joined(*children: str) -> Html:
    return Html("".join(child if isinstance(child, Html) else html.escape(child) for child in children))


def page(status: int, title: str, *content: str, headers: dict[str, str] | None = None) -> Response:
    """A whole page without scripts or anything from elsewhere, which no cache keeps and no frame shows."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="robots", content="noindex, nofollow"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"{title} · Corridor"),
        element("style", Html(STYLE)),
    )
    body = element("body", element("main", element("h1", title), *content))
    document = f"<!doctype html>{element('html', head, body, lang='en')}"
    return Response(document, status, {**_HEADERS, **(headers or {})}, "text/html; charset=utf-8")
