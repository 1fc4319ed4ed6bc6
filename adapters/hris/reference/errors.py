"""The reference HRIS among the systems behind stored functions: its failures are classified as theirs are."""

from __future__ import annotations

from adapters.sql_system import SqlSystem

HRIS = SqlSystem(name="hris", title="the HRIS", refusal="HRS01")
"""It refuses under SQLSTATE HRS01; its code word is the error's detail."""
