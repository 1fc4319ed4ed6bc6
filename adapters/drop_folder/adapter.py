"""A folder whose files are invoices: at its top, or in one sub-folder per facility."""

from __future__ import annotations

from pathlib import Path

from adapters.drop_folder.claims import MAX_TRIES, Claim, Claims, given_up, text_of, write_problem
from adapters.drop_folder.looking import Look, look
from domain.capture import MAX_DOCUMENT_BYTES, Channel, DocumentFinding
from domain.ports.invoice_sources import LeftDocument, Taken

WORKING, DONE, REFUSED = "working", "done", "refused"
OWN = (WORKING, DONE, REFUSED)


class DropFolder:
    """`domain.ports.invoice_sources.InvoiceSource`. Raises OSError when the folder cannot be made or written.

    A file is complete when it has not changed between two looks of this object, and its name neither begins with '.'
    nor ends as those of unfinished copies do. Links are not followed.
    """

    channel: Channel = "drop-folder"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for each in OWN:
            (folder / each).mkdir(parents=True, exist_ok=True)
        self._claims = Claims(folder / WORKING)
        self._held: dict[str, Claim] = {}
        self._seen: Look = {}

    def waiting(self, limit: int) -> tuple[str, ...]:
        before, self._seen = self._seen, look(self._folder, OWN)
        complete = sorted(
            (path for path, known in self._seen.items() if before.get(path) == known),
            key=lambda path: (self._seen[path][1], path),
        )
        found = [*self._claims.left_over(limit), *complete][:limit]
        return tuple(str(path.relative_to(self._folder)) for path in found)

    def take(self, key: str) -> Taken | None:
        path = self._folder / key
        if path.is_relative_to(self._folder / WORKING):
            claim = self._claims.reclaim(path)
        else:
            group = path.parent.name if path.parent != self._folder else "_"
            claim = self._claims.claim(path, group)
        if claim is None:
            return None
        self._held[key] = claim
        return self._opened(key, claim)

    def done(self, taken: Taken) -> None:
        claim = self._held.pop(taken.key)
        self._claims.end(claim, self._folder / DONE / claim.group)

    def refused(self, taken: Taken, faults: tuple[DocumentFinding, ...]) -> None:
        claim = self._held.pop(taken.key)
        folder = self._folder / REFUSED / claim.group
        left = claim.path.name.partition("~")[2]
        write_problem(folder / f"{left}.problem.json", claim.name, taken.sender, faults)
        self._claims.end(claim, folder)

    def put_back(self, taken: Taken) -> None:
        self._claims.put_back(self._held.pop(taken.key))

    def _opened(self, key: str, claim: Claim) -> Taken:
        if claim.tries > MAX_TRIES:
            return Taken(key=key, sender=claim.group, faults=(given_up(),))
        content = self._claims.content(claim, MAX_DOCUMENT_BYTES)
        if content is None:
            message = f"The file has more than {MAX_DOCUMENT_BYTES} bytes."
            return Taken(key=key, sender=claim.group, faults=(DocumentFinding(rule="too-large", message=message),))
        document = LeftDocument(name=text_of(claim.name), content=content, facility=claim.group or None)
        return Taken(key=key, sender=claim.group, documents=(document,))
