-- The release channel of whoever wrote the message, null for the stable one: it goes with the message as a header.
ALTER TABLE durable.outbox ADD COLUMN channel text;
