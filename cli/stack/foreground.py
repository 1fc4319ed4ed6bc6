"""Running a stack until a person or a signal ends it."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable

from cli.stack.errors import StackError
from cli.stack.supervisor import EmbeddedStack

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
FAILED = 1

Body = Callable[[EmbeddedStack], Awaitable[int]]


async def run_in_foreground(stack: EmbeddedStack, body: Body, *, interrupted: int) -> int:
    """Start the stack, run `body` beside the watch over the children, stop the stack; returns the exit code.

    The first Ctrl-C, SIGTERM or SIGHUP stops everything in order, also while the stack still starts, and
    gives the exit code `interrupted`; the second ends all children at once. A StackError is printed and
    gives 1.
    """
    work = asyncio.ensure_future(_run(stack, body))
    interrupts = _Interrupts(stack, work)
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, interrupts.receive)
    try:
        return await work
    except asyncio.CancelledError:
        if not interrupts.received:
            raise
        return interrupted
    except StackError as error:
        print(f"\n{error}", file=sys.stderr)
        return FAILED
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)


class _Interrupts:
    def __init__(self, stack: EmbeddedStack, work: "asyncio.Future[int]") -> None:
        self._stack = stack
        self._work = work
        self.received = 0

    def receive(self) -> None:
        """The first asks, the second insists."""
        self.received += 1
        if self.received == 1:
            self._work.cancel()
        else:
            self._stack.kill_all()


async def _run(stack: EmbeddedStack, body: Body) -> int:
    async with stack:
        watch = asyncio.ensure_future(stack.watch())
        done = asyncio.ensure_future(body(stack))
        try:
            await asyncio.wait({watch, done}, return_when=asyncio.FIRST_COMPLETED)
            if watch.done():
                watch.result()  # raises: the watch ends with a death only
            return done.result()
        finally:
            for task in (watch, done):
                task.cancel()
            await asyncio.gather(watch, done, return_exceptions=True)
