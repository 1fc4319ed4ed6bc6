"""`corridor up`: the embedded stack on this machine until Ctrl-C."""

import asyncio

from rich.console import Console

from cli.composition import build_stack, services
from cli.settle import exit_settled
from cli.stack import PARTS, EmbeddedStack, StackError, load_settings
from cli.stack.console import print_addresses
from cli.stack.foreground import FAILED, run_in_foreground
from cli.stack.tryton.server import NAME as TRYTON


def up() -> None:
    """Start the embedded stack and keep it running until Ctrl-C.

    What was stored stays in the data folder: started again, open cases continue. A port that is taken, a
    folder that cannot be written or a process that dies is said, and the exit code is 1.

    Example: CORRIDOR_GATEWAY_PORT=9090 corridor up
    """
    exit_settled(asyncio.run(_up(Console())))


async def _up(console: Console) -> int:
    try:
        stack = build_stack(load_settings(), console)
    except StackError as error:
        Console(stderr=True).print(str(error), markup=False, soft_wrap=True)
        return FAILED

    async def wait(running: EmbeddedStack) -> int:
        console.print()
        names = {*PARTS, *(service.name for service in services())}
        print_addresses(console, running.addresses, names | ({TRYTON} if running.addresses.tryton_url else set()))
        console.print("\nCorridor is up. Ctrl-C stops it.", highlight=False)
        await asyncio.Event().wait()
        return 0

    code = await run_in_foreground(stack, wait, interrupted=0)
    if code == 0:
        console.print("Corridor has stopped; its data stays.", highlight=False)
    return code
