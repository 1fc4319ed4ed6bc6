"""Why a message cannot be read."""


class UnreadableError(Exception):
    """The message cannot be taken at its word; the text says why, for the people who ask the bank for it again."""
