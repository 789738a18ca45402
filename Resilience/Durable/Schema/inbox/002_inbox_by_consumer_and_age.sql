-- Forgetting takes the oldest messages of one consumer, a few at a time. The block range index could not serve that: freed pages are filled with
-- new rows, so after the first retention period every range holds rows of every age and each look reads the whole table.
CREATE INDEX inbox_by_consumer_and_age ON durable.inbox (consumer, received_at);
DROP INDEX durable.inbox_by_age;

-- As many rows are forgotten as arrive. At the default of a fifth a table of a week is vacuumed once in one and a half days.
ALTER TABLE durable.inbox SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 10000);
