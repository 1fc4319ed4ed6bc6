"""Files of strangers, handed out so that a browser saves them and runs nothing in them."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Response

# Saved, not shown; and where somebody shows it after all, nothing in it acts.
_UNTRUSTED = "sandbox; default-src 'none'; frame-ancestors 'none'"


def download(content: bytes, media_type: str, name: str, etag: str | None = None) -> Response:
    """The bytes as an attachment (RFC 6266), to be saved under `name`."""
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "content-security-policy": _UNTRUSTED,
    }
    if etag is not None:
        headers["etag"] = f'"{etag}"'
    return Response(content, media_type=media_type, headers=headers)
