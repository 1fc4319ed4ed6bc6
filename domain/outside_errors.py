"""How a failure of an outside system is to be treated. Adapters classify each error once, at their edge."""

from domain.model import Value


class OutsideError(Exception):
    """A failure of an outside system. `system` names it, `code` is a stable word, `message` is for people."""

    def __init__(self, system: str, code: str, message: str) -> None:
        self.system, self.code, self.message = system, code, message
        super().__init__(f"{system}: {message} ({code})")


class TemporarilyUnavailableError(OutsideError):
    """Worth retrying as it is: down, slow, locked, overloaded, or unknown whether it had its effect."""


class RefusedError(OutsideError):
    """The system understood and said no. Repeating it unchanged is useless: a person must correct or decide."""


class ContractDriftError(OutsideError):
    """The answer has a shape that the adapter does not know. A person in integration support must look."""


class ErrorReport(Value):
    """An outside error as data, as it travels from an activity to the workflow and into the evidence."""

    system: str
    code: str
    message: str
