"""The ways on which a supplier's document comes in: posted, left in a folder, or attached to a mail."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from cli.demo.api import PORTAL, DemoApi
from cli.demo.bills.story import Bill
from cli.demo.bills.writing import ENDINGS, MEDIA_TYPES


@dataclass(frozen=True)
class Channels:
    """`drop_folder` and `maildir` are those that the gateway watches."""

    api: DemoApi
    drop_folder: Path
    maildir: Path

    async def hand_in(self, bill: Bill, content: bytes, facility: str, sender: str) -> None:
        """Send the document, as often at once as the story has copies of it."""
        name = f"{bill.number}.{ENDINGS[MEDIA_TYPES[bill.format]]}"
        match bill.channel:
            case "api":
                await self.api.hand_in(PORTAL, content, MEDIA_TYPES[bill.format], facility)
            case "drop-folder":
                _put(self.drop_folder / facility, name, content)
            case "mailbox":
                _put(self.maildir / "new", uuid.uuid4().hex, _letter(bill, content, name, sender))


def _put(folder: Path, name: str, content: bytes) -> None:
    """Under another name first: what is seen in the folder is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f".{name}.part"
    unfinished.write_bytes(content)
    unfinished.rename(folder / name)


def _letter(bill: Bill, content: bytes, name: str, sender: str) -> bytes:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = sender, "invoices@meridianvalley.example", bill.number
    letter.set_content("Please find our invoice attached.")
    kind, subkind = MEDIA_TYPES[bill.format].split("/")
    letter.add_attachment(content, maintype=kind, subtype=subkind, filename=name)
    return letter.as_bytes()
