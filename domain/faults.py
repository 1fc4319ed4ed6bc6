"""What is wrong with an input, told all at once."""

from collections.abc import Sequence

from domain.model import Value


class Fault(Value):
    """One thing to change. `pointer` is a JSON pointer (RFC 6901) into the request."""

    pointer: str
    code: str
    message: str


class InvalidRequestError(Exception):
    """A request that cannot be accepted, with every fault found."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{fault.pointer}: {fault.message}" for fault in self.faults))
