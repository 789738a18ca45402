-- The only consumer group that the message is for, null for all: a message that one group could not handle is sent again to that group and no other.
ALTER TABLE durable.outbox ADD COLUMN only_group text;
