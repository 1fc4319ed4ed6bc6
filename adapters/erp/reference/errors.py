"""The reference ERP among the systems behind stored functions: its failures are classified as theirs are."""

from __future__ import annotations

from adapters.sql_system import SqlSystem

ERP = SqlSystem(name="erp", title="the ERP", refusal="ERP01")
"""It refuses under SQLSTATE ERP01; its code word is the error's detail."""
