"""`corridor replay`: would the cases that are running go on under the code that is checked out here?"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from temporalio.client import Client
from temporalio.converter import DefaultFailureConverter
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError
from temporalio.worker import Replayer

from adapters.key_files import KeyFilesError, key_files
from adapters.temporal_payloads import data_converter
from cli.commands.keys import keys_folder
from cli.gateway_client import AsJson, show, table_of
from cli.settle import exit_settled
from workflows.incident import Incident
from workflows.messages import incident, procure_to_pay
from workflows.procure_to_pay import ProcureToPay

OPEN_CASES = (
    f"WorkflowType IN ('{procure_to_pay.WORKFLOW_NAME}', '{incident.WORKFLOW_NAME}') AND ExecutionStatus = 'Running'"
)
CONNECT_SECONDS = 15
BROKEN, NO_ANSWER = 1, 2


@dataclass(frozen=True)
class Replayed:
    """One case; `failure` says why the present code cannot go on with it, None when it can."""

    case_id: str
    events: int
    failure: str | None


def replay(
    address: Annotated[
        str | None, typer.Option(help="Temporal's host:port; otherwise as TEMPORAL_ADDRESS and its like say.")
    ] = None,
    query: Annotated[str, typer.Option(help="Which cases, as a visibility query of Temporal.")] = OPEN_CASES,
    keys: Annotated[
        Path | None,
        typer.Option(envvar="CORRIDOR_KEYS_DIR", help="The folder of keys; otherwise that of the embedded stack."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Replay the open cases of a running server against this code, before it is deployed.

    Exit 0 when all of them go on, 1 when some would get stuck, 2 when the server does not answer or the keys cannot be
    read.

    Example: corridor replay --query "CorridorFacility = 'north' AND ExecutionStatus = 'Running'"
    """
    exit_settled(asyncio.run(_replay(address, query, keys, as_json)))


async def _replay(address: str | None, query: str, keys: Path | None, as_json: bool) -> int:
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            client = await _connect(address, keys)
        replayed = [each async for each in replay_cases(client, query)]
    except KeyFilesError as error:
        Console(stderr=True).print(str(error), style="red")
        return NO_ANSWER
    except (TimeoutError, RPCError, RuntimeError) as error:  # the SDK gives RuntimeError when it cannot connect
        Console(stderr=True).print(f"The Temporal server does not answer as it should: {error}", style="red")
        return NO_ANSWER
    broken = [each for each in replayed if each.failure]
    _tell(replayed, broken, as_json)
    return BROKEN if broken else 0


async def _connect(address: str | None, keys: Path | None) -> Client:
    """Raises KeyFilesError, and what the SDK raises."""
    config = ClientConfig.load_client_connect_config()
    if address is not None:
        config["target_host"] = address
    config.setdefault("target_host", "localhost:7233")
    files = key_files(keys or keys_folder())
    return await Client.connect(**config, data_converter=data_converter(files.payload if files else None))


async def replay_cases(client: Client, query: str) -> AsyncIterator[Replayed]:
    """Replay each case that the visibility query finds. Raises RPCError; a case that closed meanwhile counts too."""
    replayer = replayer_of(client)
    async for found in client.list_workflows(query):
        history = await client.get_workflow_handle(found.id, run_id=found.run_id).fetch_history()
        result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        yield Replayed(found.id, len(history.events), _reason(result.replay_failure))


def replayer_of(client: Client) -> Replayer:
    """Replays with the client's keys. Failures stay in this process, so they are told in words, not encrypted."""
    from worker import sandbox  # noqa: PLC0415 - every other command would pay a second for what a worker needs

    return Replayer(
        workflows=[ProcureToPay, Incident],
        workflow_runner=sandbox(),
        data_converter=replace(client.data_converter, failure_converter_class=DefaultFailureConverter),
        namespace=client.namespace,
    )


def _reason(failure: Exception | None) -> str | None:
    """What the SDK says, without the dump of its structures around it."""
    if failure is None:
        return None
    message = re.search(r'message: "(.*?)", source', str(failure))
    return message[1] if message else str(failure)


def _tell(replayed: list[Replayed], broken: list[Replayed], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"replayed": len(replayed), "broken": [vars(each) for each in broken]}, indent=2))
        return
    if broken:
        rows = [(each.case_id, str(each.events), each.failure or "") for each in broken]
        show(None, as_json=False, table=table_of(("case", "events", "would get stuck, because"), rows))
    typer.echo(f"{len(replayed)} case(s) replayed, {len(broken)} would get stuck.")
