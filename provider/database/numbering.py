"""The numbers that a server gives to new rows."""

from sqlalchemy import Connection, Integer, Table, func, select, text


def go_on(connection: Connection, table: Table) -> None:
    """Let a server number new rows after those that a table has by now. SQLite does so anyway."""
    if connection.dialect.name == "sqlite":
        return
    for column in table.primary_key:
        if isinstance(column.type, Integer):
            named = {"table": table.name, "column": column.name}
            sequence = connection.execute(text("SELECT pg_get_serial_sequence(:table, :column)"), named).scalar()
            last = connection.execute(select(func.max(column))).scalar()
            if sequence is not None and last is not None:
                connection.execute(text("SELECT setval(:sequence, :last)"), {"sequence": sequence, "last": last})
