"""Run by alembic for each upgrade: uses the connection, and the transaction, of `idp.storage.sql.migrate`."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
