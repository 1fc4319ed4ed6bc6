"""What a notice says in a mail: to all whom it concerns, or to one person with a link that only they may use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from html import escape
from urllib.parse import quote

from domain.case import Notice
from domain.people import Person

_NO_ANSWERS = "Please do not answer this mail: decisions count where the case is open."
_ONE_LINK = (
    "The link is for you alone: do not forward this mail. It opens a page, and nothing is decided before you confirm "
    "there. It decides once, until {until:%Y-%m-%d %H:%M} UTC."
)
_BODY = "font-family:system-ui,sans-serif;font-size:16px;line-height:1.5;max-width:36rem"
_BUTTON = (
    "display:inline-block;padding:14px 28px;background:#0b57a4;color:#ffffff;text-decoration:none;"
    "font-weight:bold;border-radius:8px"
)


@dataclass(frozen=True)
class Link:
    """Where one person decides, and until when (UTC)."""

    address: str
    expires_at: datetime


@dataclass(frozen=True)
class Reader:
    """Who is written to, and for whom they stand in."""

    person: Person
    stands_in_for: Person | None = None

    @property
    def key(self) -> str:
        """Tells this mail from the others about the same notice."""
        return f"{self.person.person}\n{self.stands_in_for.person if self.stands_in_for else ''}"


def to_all(notice: Notice, base_url: str) -> str:
    """The text of a mail that several people get."""
    return _text(notice, base_url, [])


def to_one(notice: Notice, base_url: str, reader: Reader, link: Link | None) -> str:
    """The text of a mail to one person."""
    lines = [] if link is None else ["", "Decide here:", link.address, "", _ONE_LINK.format(until=link.expires_at)]
    return _text(notice, base_url, [*_behalf(reader), *lines])


def to_one_as_html(notice: Notice, base_url: str, reader: Reader, link: Link) -> str:
    """The same with a button. Nothing in it is loaded from anywhere, so that no picture tells who reads it."""
    paragraphs = [*(f"<p>{escape(line)}</p>" for line in (*notice.text.split("\n"), *_behalf(reader)) if line.strip())]
    button = f'<p><a href="{escape(link.address)}" style="{_BUTTON}">Open and decide</a></p>'
    small = f"<p>{escape(_ONE_LINK.format(until=link.expires_at))}</p>"
    portal = f'<p>Case {escape(notice.case_id)} · <a href="{escape(place(notice, base_url))}">in the portal</a></p>'
    content = "".join((*paragraphs, button, small, portal, f"<p>{escape(_NO_ANSWERS)}</p>"))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title></title></head>'
        f'<body><div style="{_BODY}">{content}</div></body></html>'
    )


def place(notice: Notice, base_url: str) -> str:
    """Where the notice's task, or its case, is open to whoever is logged in."""
    task = notice.data.get("task_id")
    path = f"tasks/{quote(str(task), safe='')}" if task else f"cases/{quote(notice.case_id, safe='')}"
    return f"{base_url.rstrip('/')}/v1/{path}"


def _behalf(reader: Reader) -> list[str]:
    absent = reader.stands_in_for
    return [] if absent is None else ["", f"You get this because you stand in for {absent.name}."]


def _text(notice: Notice, base_url: str, more: list[str]) -> str:
    lines = [notice.text, *more]
    if notice.case_id:
        lines += ["", f"Case: {notice.case_id}"]
    if notice.case_id and base_url:
        lines.append(f"Open:  {place(notice, base_url)}")
    return "\n".join([*lines, "", _NO_ANSWERS])
