"""What banks said, in memory: their messages once, each fact of them once, and how far each bank was read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from domain.payment import BankFact, StatementBalance


class MemoryBankMessages:
    """The part of the payment ledger that takes in what banks say."""

    def __init__(self) -> None:
        self._messages: dict[tuple[str, str], tuple[str, str]] = {}
        self._facts: dict[str, tuple[tuple[str, str], BankFact]] = {}
        self._cursors: dict[str, str] = {}
        self._balances: dict[tuple[str, str], StatementBalance] = {}

    async def cursor(self, bank: str) -> str:
        return self._cursors.get(bank, "")

    async def take_in(
        self,
        bank: str,
        key: str,
        name: str,
        content: str,
        facts: Sequence[BankFact],
        balances: Sequence[StatementBalance],
        read: bool = True,
    ) -> tuple[BankFact, ...]:
        if (bank, key) not in self._messages:
            self._messages[bank, key] = (name, content)
            if read:
                self._cursors[bank] = key
        for balance in balances:
            self._balances.setdefault((balance.account_fingerprint, balance.statement_id), balance)
        for fact in facts:
            self._facts.setdefault(fact.fact_id, ((bank, key), fact))
        said = {fact.fact_id: fact for fact in reversed(facts)}
        own = (each for each in dict.fromkeys(fact.fact_id for fact in facts) if self._facts[each][0] == (bank, key))
        return tuple(said[each] for each in own)

    async def read_up_to(self, bank: str, key: str) -> None:
        self._cursors[bank] = key

    async def balances(self, account_fingerprint: str, limit: int) -> tuple[StatementBalance, ...]:
        found = [each for (account, _), each in self._balances.items() if account == account_fingerprint]
        return tuple(sorted(found, key=lambda each: (each.on, each.statement_id), reverse=True)[: max(0, limit)])

    def forget_messages_of(self, purged: Collection[str]) -> None:
        """Empty the messages of which every fact that names a payment names a purged one, and at least one does."""
        named = defaultdict(set)
        for message, fact in self._facts.values():
            if fact.payment_id:
                named[message].add(fact.payment_id)
        for message, payments in named.items():
            if payments <= set(purged):
                self._messages[message] = (self._messages[message][0], "")

    def message(self, bank: str, key: str) -> str:
        """What is kept of a message's text."""
        return self._messages[bank, key][1]
