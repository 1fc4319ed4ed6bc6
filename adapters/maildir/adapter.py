"""A Maildir into which a mail server delivers: each XML or PDF attachment of a mail is a document."""

from __future__ import annotations

import mailbox
import os
from itertools import islice
from pathlib import Path

from adapters.drop_folder.claims import MAX_TRIES, Claim, Claims, given_up, write_problem
from adapters.maildir.letters import MAX_LETTER_BYTES, UnusableLetterError, letter_of
from domain.capture import Channel, DocumentFinding
from domain.ports.invoice_sources import Taken

WORKING, DONE, REFUSED = "Working", "Done", "Refused"
MAX_SCANNED = 5_000


class MaildirMailbox:
    """`domain.ports.invoice_sources.InvoiceSource`. Raises OSError when the folder cannot be made or written.

    A mail in `new` or `cur` is complete: that is what a Maildir promises. It moves through the Maildir++ folders
    .Working, .Done and .Refused, so that people can look at it with any mail program. `authenticator` is the id of the
    mail server whose verdict on the sender (DMARC) must be good; empty: nobody asks.
    """

    channel: Channel = "mailbox"

    def __init__(self, folder: Path, authenticator: str = "") -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        whole = mailbox.Maildir(folder, create=True)
        for each in (WORKING, DONE, REFUSED):
            whole.add_folder(each)
        self._folder, self._authenticator = folder, authenticator
        self._claims = Claims(folder / f".{WORKING}")
        self._held: dict[str, Claim] = {}

    def waiting(self, limit: int) -> tuple[str, ...]:
        left: list[tuple[int, Path]] = []
        for part in ("new", "cur"):
            with os.scandir(self._folder / part) as entries:
                for entry in islice(entries, MAX_SCANNED):
                    if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False):
                        left.append((_changed_ns(entry), Path(entry.path)))
        found = [*self._claims.left_over(limit), *(path for _, path in sorted(left))][:limit]
        return tuple(str(path.relative_to(self._folder)) for path in found)

    def take(self, key: str) -> Taken | None:
        path = self._folder / key
        if path.is_relative_to(self._folder / f".{WORKING}"):
            claim = self._claims.reclaim(path)
        else:
            claim = self._claims.claim(path, "cur")
        if claim is None:
            return None
        self._held[key] = claim
        return self._opened(key, claim)

    def done(self, taken: Taken) -> None:
        self._claims.end(self._held.pop(taken.key), self._folder / f".{DONE}" / "cur")

    def refused(self, taken: Taken, faults: tuple[DocumentFinding, ...]) -> None:
        claim = self._held.pop(taken.key)
        folder = self._folder / f".{REFUSED}"
        left = claim.path.name.partition("~")[2]
        write_problem(folder / f"{left}.problem.json", claim.name, taken.sender, faults)
        self._claims.end(claim, folder / "cur")

    def put_back(self, taken: Taken) -> None:
        self._claims.put_back(self._held.pop(taken.key))

    def _opened(self, key: str, claim: Claim) -> Taken:
        if claim.tries > MAX_TRIES:
            return Taken(key=key, faults=(given_up(),))
        content = self._claims.content(claim, MAX_LETTER_BYTES)
        if content is None:
            message = f"The mail has more than {MAX_LETTER_BYTES} bytes."
            return Taken(key=key, faults=(DocumentFinding(rule="too-large", message=message),))
        try:
            letter = letter_of(content, self._authenticator)
        except UnusableLetterError as error:
            return Taken(key=key, sender=error.sender, faults=(error.fault,))
        return Taken(key=key, sender=letter.sender, documents=letter.documents)


def _changed_ns(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_mtime_ns
    except FileNotFoundError:
        return 0  # somebody took it meanwhile, as taking it will show
