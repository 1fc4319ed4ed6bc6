"""The Temporal dev server with its Web UI and a database file that survives restarts."""

import json
from collections.abc import Mapping

from cli.stack.addresses import NAMESPACE
from cli.stack.errors import StackError
from cli.stack.processes import Child, ChildSpec
from cli.stack.settings import StackSettings
from cli.stack.temporal_cli import ask, program

NAME = "temporal"


class EmbeddedTemporal:
    """The server of one data folder. `search_attributes` maps names to types (Keyword, Int, Datetime ...). The Web UI
    asks `codec_endpoint` to decode payloads.
    """

    def __init__(
        self,
        settings: StackSettings,
        ports: Mapping[str, int],
        search_attributes: Mapping[str, str],
        codec_endpoint: str | None = None,
    ) -> None:
        self._settings = settings
        self._port = ports["temporal_port"]
        self._ui_port = ports["temporal_ui_port"]
        self._search_attributes = search_attributes
        self._codec = () if codec_endpoint is None else ("--ui-codec-endpoint", codec_endpoint)
        self._folder = settings.folder / "temporal"

    async def start(self, register: list[Child]) -> Child:
        """Start the server, wait until it answers and has all search attributes.

        Raises StackError if an attribute exists with another type: Temporal does not change a type in use.
        """
        self._folder.mkdir(mode=0o700, exist_ok=True)
        child = await Child.start(self._spec())
        register.append(child)
        deadline_seconds = self._settings.start_deadline_seconds
        await child.wait_ready(self._answers, deadline_seconds)
        await self._register_search_attributes()
        await child.wait_ready(self._knows_search_attributes, deadline_seconds)
        return child

    def _spec(self) -> ChildSpec:
        return ChildSpec(
            name=NAME,
            command=[
                *(program(), "server", "start-dev", "--log-level", "error"),
                *("--ip", self._settings.host, "--port", str(self._port), "--ui-port", str(self._ui_port)),
                *("--db-filename", str(self._folder / "temporal.db")),
                # Write-ahead logging: three times faster, and what was acknowledged survives a kill.
                *("--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=normal"),
                "--ui-disable-news-fetch",
                # Work is dispatched in one order, the most urgent first, and not in that of four partitions. They are
                # still read, for the sake of data folders in which they hold work.
                *("--dynamic-config-value", "matching.numTaskqueueWritePartitions=1"),
                *self._codec,
            ],
            log_path=self._settings.logs / "temporal.log",
        )

    async def _answers(self) -> bool:
        return await self._registered_attributes() is not None

    async def _knows_search_attributes(self) -> bool:
        return set(self._search_attributes) <= set(await self._registered_attributes() or {})

    async def _register_search_attributes(self) -> None:
        """Add the missing ones. The server's own start flag adds them to a new database only."""
        registered = await self._registered_attributes() or {}
        missing = []
        for name, kind in self._search_attributes.items():
            if name not in registered:
                missing += ["--name", name, "--type", kind]
            elif registered[name] != kind.lower():
                raise StackError(
                    f"The search attribute {name} has the type {registered[name]} in this data folder, and "
                    f"Corridor needs {kind}. Set CORRIDOR_DATA_DIR to a new folder."
                )
        if missing and await self._ask("operator", "search-attribute", "create", *missing) is None:
            raise StackError(f"Temporal refused the search attributes {', '.join(missing[1::4])}.")

    async def _registered_attributes(self) -> dict[str, str] | None:
        """Name and type of every search attribute; None while the server does not answer."""
        answer = await self._ask("operator", "search-attribute", "list")
        return None if answer is None else _attribute_types(answer)

    async def _ask(self, *question: str) -> bytes | None:
        return await ask(f"{self._settings.host}:{self._port}", NAMESPACE, *question)


def _attribute_types(answer: bytes) -> dict[str, str]:
    listed = json.loads(answer)
    custom = listed.get("customAttributes") or {}
    # The list says INDEXED_VALUE_TYPE_KEYWORD_LIST where one registers a KeywordList.
    return {
        name: str(kind).removeprefix("INDEXED_VALUE_TYPE_").replace("_", "").lower() for name, kind in custom.items()
    }
