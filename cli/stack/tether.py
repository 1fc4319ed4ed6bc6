"""Start a command that cannot outlive the process that asked for it.

Run as a script, with the standard library alone, because each child of the stack pays for its start:

    python -I -S tether.py PARENT_PID SIGNAL UID:GID|- COMMAND...

The kernel sends SIGNAL to the command when PARENT_PID dies, however it dies (PR_SET_PDEATHSIG, Linux). The
setting is lost by a change of user, so that comes first. The pid stays the same: the command replaces this
script.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
CANNOT_RUN = 126


def tether(parent: int, signal_number: int) -> None:
    """Ask the kernel for the signal, and stop at once if the parent has died meanwhile."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(CANNOT_RUN)


def become(user: str) -> None:
    """Give up root for the user given as `uid:gid`; `-` keeps the present one."""
    if user == "-":
        return
    uid, gid = (int(part) for part in user.split(":"))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def main(arguments: list[str]) -> None:
    parent, signal_number, user, *command = arguments
    become(user)
    tether(int(parent), int(signal_number))
    try:
        os.execvp(command[0], command)  # noqa: S606 - the commands are the stack's own, without a shell
    except OSError as error:
        sys.stderr.write(f"{command[0]} cannot be run: {error.strerror}\n")
        sys.exit(CANNOT_RUN)


if __name__ == "__main__":
    main(sys.argv[1:])
