"""What the stack tells about itself while it starts, runs and stops."""

from typing import Protocol


class Progress(Protocol):
    """Told of each step. `seconds` is how long the step took."""

    def starting(self, name: str) -> None: ...

    def ready(self, name: str, seconds: float) -> None: ...

    def restarting(self, name: str, reason: str) -> None: ...

    def warned(self, message: str) -> None: ...

    def stopping(self, name: str) -> None: ...


class Silent:
    """Tells nobody: for tests."""

    def starting(self, name: str) -> None:
        """Not told."""

    def ready(self, name: str, seconds: float) -> None:
        """Not told."""

    def restarting(self, name: str, reason: str) -> None:
        """Not told."""

    def warned(self, message: str) -> None:
        """Not told."""

    def stopping(self, name: str) -> None:
        """Not told."""
