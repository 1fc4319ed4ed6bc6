"""What can go wrong with the embedded stack, said so that a person can act on it."""


class StackError(Exception):
    """The stack cannot start or go on. The message says in a sentence or two what happened and what to
    change.
    """


class DeadChildError(StackError):
    """A child process ended although nobody asked it to."""

    def __init__(self, name: str, exit_code: int, log_tail: str, log_path: str) -> None:
        how = f"was ended by signal {-exit_code}" if exit_code < 0 else f"ended with exit code {exit_code}"
        last_lines = f"\nIts last lines:\n{log_tail}" if log_tail else ""
        super().__init__(f"{name} {how}. Its whole log is in {log_path}.{last_lines}")
        self.name = name
        self.exit_code = exit_code
