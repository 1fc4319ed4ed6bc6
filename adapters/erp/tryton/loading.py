"""Filling a Tryton that is new: records are made in batches, and found again by the word that names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.erp.tryton.client import TrytonClient
from adapters.erp.tryton.errors import drifted

Values = dict[str, Any]
# Of records in one call: a call of a few hundred takes seconds, and its time limit is a minute.
_BATCH = 100


class Loader:
    """Makes records as one user of Tryton. Raises the errors of `domain.outside_errors`."""

    def __init__(self, client: TrytonClient) -> None:
        self.client = client

    async def create(self, model: str, records: Sequence[Values]) -> list[int]:
        """The ids of the new records, in the order of `records`."""
        ids: list[int] = []
        for start in range(0, len(records), _BATCH):
            made = await self.client.call(f"model.{model}.create", list(records[start : start + _BATCH]))
            if not isinstance(made, list) or not all(isinstance(each, int) for each in made):
                raise drifted(f"model.{model}.create")
            ids += made
        return ids

    async def create_one(self, model: str, **values: Any) -> int:
        (made,) = await self.create(model, [values])
        return made

    async def create_named(self, model: str, records: Mapping[str, Values]) -> dict[str, int]:
        """The ids by the words that `records` are called here."""
        return dict(zip(records, await self.create(model, list(records.values())), strict=True))

    async def write(self, model: str, ids: Sequence[int], **values: Any) -> None:
        await self.client.call(f"model.{model}.write", list(ids), values)

    async def ids(self, model: str, domain: Sequence[Any], name: str = "name") -> dict[str, int]:
        """What Tryton brings with it, by `name`."""
        rows = await self.client.search_read(model, domain, ["id", name])
        return {str(row[name]): int(row["id"]) for row in rows}

    async def only(self, model: str, domain: Sequence[Any]) -> int:
        """The one record that Tryton brings with it."""
        rows = await self.client.search_read(model, domain, ["id"])
        if len(rows) != 1:
            raise drifted(f"{model} {domain}: {len(rows)} records")
        return int(rows[0]["id"])
