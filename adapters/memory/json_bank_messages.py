"""Bank messages whose content is what is to be read from them."""

from __future__ import annotations

from pydantic import ValidationError

from domain.payment import BankMessage, ReadBankMessage


class JsonBankMessages:
    """Implements BankMessageReader for messages that are the JSON of a ReadBankMessage; its key is the message's."""

    def read(self, message: BankMessage) -> ReadBankMessage:
        try:
            said = ReadBankMessage.model_validate_json(message.content)
        except ValidationError as error:
            fault = f"{message.name} is not the JSON of a read message: {error.error_count()} faults"
            return ReadBankMessage(key=message.key, format="json", fault=fault)
        return said.model_copy(update={"key": message.key})
