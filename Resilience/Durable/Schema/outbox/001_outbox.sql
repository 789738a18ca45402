CREATE SCHEMA IF NOT EXISTS durable;

-- Messages that are promised to the broker. A row lives until the broker has acknowledged it.
CREATE TABLE durable.outbox (
  id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  message_id  uuid        NOT NULL,
  topic       text        NOT NULL,
  key         text        NOT NULL,
  type        text        NOT NULL,
  payload     bytea       NOT NULL,
  traceparent text,
  created_at  timestamptz NOT NULL DEFAULT now(),
  parked_at   timestamptz,
  parked_for  text
);

-- Rows come and go all day; small steps keep the dead ones few.
ALTER TABLE durable.outbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
