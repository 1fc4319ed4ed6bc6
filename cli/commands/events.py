"""`corridor events`: report a fact to the embedded stack, signed as the outside system would sign it."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import httpx
import typer
from rich.console import Console

from cli.demo.api import WebhookSigner
from cli.event_keys import TYPES, signing_keys
from cli.gateway_client import FAILED, REFUSED, print_problem, show
from cli.settle import exit_settled
from cli.stack import StackError, load_settings
from cli.stack.addresses import find_running_stack

KNOWN = tuple(sorted(kind for kinds in TYPES.values() for kind in kinds))


def events(
    kind: Annotated[str, typer.Argument(metavar="TYPE", help=f"One of {', '.join(KNOWN)}.")],
    file: Annotated[Path, typer.Argument(help="The event's data as JSON, or - for standard input.")],
    event_id: Annotated[
        str | None, typer.Option("--id", help="Its id; the same id again has no second effect.")
    ] = None,
) -> None:
    """Send one signed CloudEvent to the gateway and show what became of it.

    Example: corridor events corridor.goods.received receipt.json --id DN-4711
    """
    if kind not in KNOWN:
        Console(stderr=True).print(f"There is no event {kind}. Those there are: {', '.join(KNOWN)}.", markup=False)
        exit_settled(FAILED)
    text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    _send(kind, event_id or uuid4().hex, json.loads(text))


def _send(kind: str, event_id: str, data: dict[str, Any]) -> None:
    try:
        addresses = find_running_stack(load_settings())
    except StackError as error:
        Console(stderr=True).print(str(error), markup=False, soft_wrap=True)
        exit_settled(FAILED)
    signer = WebhookSigner(signing_keys(addresses.data_folder), TYPES)
    envelope = {
        "specversion": "1.0",
        "id": event_id,
        "source": signer.source(kind),
        "type": kind,
        "time": datetime.now(UTC).isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }
    body = json.dumps(envelope).encode()
    headers = {
        **signer.headers(kind, event_id, body),
        "content-type": "application/cloudevents+json",
        "prefer": "wait=10",
    }
    answer = httpx.post(
        f"{addresses.gateway_url}/v1/events", content=body, headers=headers, timeout=60, trust_env=False
    )
    if not answer.is_success:
        print_problem(answer)
        exit_settled(REFUSED)
    show(answer.json(), as_json=True)
