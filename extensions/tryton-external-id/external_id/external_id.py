# Copyright of the authors of Corridor. This module is free software: GPL-3.0-or-later, see LICENSE.
"""Records that another system makes carry its identifier, which the database keeps unique per company."""

from trytond.i18n import gettext
from trytond.model import Index, Unique, fields
from trytond.model.exceptions import RequiredValidationError
from trytond.pool import PoolMeta
from trytond.pyson import Eval
from trytond.rpc import RPC
from trytond.transaction import Transaction


class ExternalIdMixin:
    """Adds the identifier and `ensure`, which makes a record for it or finds the one that is there."""

    __slots__ = ()
    external_id = fields.Char(
        "External ID",
        states={"editable": Eval("id", -1) < 0},
        help="The identifier that the system which made this record gave it; it stays as it is.",
    )

    @classmethod
    def __setup__(cls):
        cls.external_id.search_unaccented = False
        super().__setup__()
        table = cls.__table__()
        cls._sql_constraints.append(
            (
                "external_id_unique",
                Unique(table, table.company, table.external_id),
                "external_id.msg_external_id_unique",
            )
        )
        cls._sql_indexes.add(Index(table, (table.external_id, Index.Equality(cardinality="high"))))
        cls.__rpc__["ensure"] = RPC(readonly=False)

    @classmethod
    def copy(cls, records, default=None):
        default = {} if default is None else dict(default)
        default.setdefault("external_id", None)
        return super().copy(records, default=default)

    @classmethod
    def ensure(cls, values):
        """The id of the record with the `external_id` in `values`, and whether it was made just now.

        Another transaction that makes the same one at the same time wins or loses at the database: the loser finds
        the winner's record when the request is repeated.
        """
        external_id = values.get("external_id")
        if not external_id:
            raise RequiredValidationError(gettext("external_id.msg_external_id_missing"))
        found = cls._with_external_id(external_id, values.get("company"))
        if found is not None:
            return found, False
        (record,) = cls.create([values])
        return record.id, True

    @classmethod
    def _with_external_id(cls, external_id, company=None):
        company = company or Transaction().context.get("company")
        with Transaction().set_context(active_test=False):
            records = cls.search([("company", "=", company), ("external_id", "=", external_id)], limit=1)
        return records[0].id if records else None


class Purchase(ExternalIdMixin, metaclass=PoolMeta):
    __name__ = "purchase.purchase"


class ShipmentIn(ExternalIdMixin, metaclass=PoolMeta):
    __name__ = "stock.shipment.in"


class ShipmentInReturn(ExternalIdMixin, metaclass=PoolMeta):
    __name__ = "stock.shipment.in.return"


class ShipmentInternal(ExternalIdMixin, metaclass=PoolMeta):
    __name__ = "stock.shipment.internal"


class Invoice(ExternalIdMixin, metaclass=PoolMeta):
    __name__ = "account.invoice"


class Move(ExternalIdMixin, metaclass=PoolMeta):
    __name__ = "account.move"


class Payment(ExternalIdMixin, metaclass=PoolMeta):
    __name__ = "account.payment"


class Employee(ExternalIdMixin, metaclass=PoolMeta):
    __name__ = "company.employee"
