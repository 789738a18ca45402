-- The release channel of whoever started the saga, null for the stable one: its steps call the same release, whichever instance runs them.
ALTER TABLE durable.sagas ADD COLUMN channel text;
ALTER TABLE durable.finished_sagas ADD COLUMN channel text;
