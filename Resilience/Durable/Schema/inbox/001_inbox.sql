CREATE SCHEMA IF NOT EXISTS durable;

-- Messages whose effect is in this database already.
CREATE TABLE durable.inbox (
  consumer    text        NOT NULL,
  message_id  text        NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, message_id)
);

CREATE INDEX inbox_by_age ON durable.inbox USING brin (received_at);
