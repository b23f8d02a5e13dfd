"""The revisions of the database, applied by `idp.storage.sql.migrate`."""
