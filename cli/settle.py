"""Ending a process that has loaded the Temporal SDK.

Its threads may still run while the interpreter takes itself down, and then the process can crash after all
work was done (SIGABRT or SIGSEGV), so a success would be reported as a failure. Every entry point ends
through here.
"""

import contextlib
import logging
import os
import sys
from typing import NoReturn


def exit_settled(code: int) -> NoReturn:
    """Write out what is buffered and end the process with `code`, without taking the interpreter down.

    Functions registered with atexit do not run: release everything before.
    """
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # a closed pipe must not change the exit code
            stream.flush()
    os._exit(code)
