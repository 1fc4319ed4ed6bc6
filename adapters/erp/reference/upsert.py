"""How rows of master data are entered: known ones take the new values."""

from __future__ import annotations


def upsert(table: str, columns: str, key: str, keep: str = "") -> str:
    """Insert rows from JSON; a known `key` takes the new values, except in the columns of `keep`."""
    names = [column.split()[0] for column in columns.split(", ")]
    fixed = {*key.split(", "), *keep.split(", ")}
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in fixed)
    return (
        f"INSERT INTO erp.{table} ({', '.join(names)}) SELECT * FROM jsonb_to_recordset($1::jsonb) AS r ({columns}) "  # noqa: S608 - every name is a constant of this module
        f"ON CONFLICT ({key}) DO {f'UPDATE SET {changes}' if changes else 'NOTHING'}"
    )
