"""What Alembic runs to bring a database up to date, on the connection and in the transaction that `versions` hands it."""

from alembic import context

from scanner.store.tables import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, version_table=VERSION_TABLE,
    transactional_ddl=True,
)  # fmt: skip
context.run_migrations()
