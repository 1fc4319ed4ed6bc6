"""Outside systems whose interface are stored functions of a PostgreSQL database: transport, time limits, failures."""

from adapters.sql_system.calls import SqlCalls
from adapters.sql_system.client import Limits, SqlClient
from adapters.sql_system.errors import CLASSIFIED, SqlSystem
from adapters.sql_system.setup import alone, connected, run_schema
from adapters.sql_system.wire import Wire

__all__ = [
    "CLASSIFIED",
    "Limits",
    "SqlCalls",
    "SqlClient",
    "SqlSystem",
    "Wire",
    "alone",
    "connected",
    "run_schema",
]
