CREATE TABLE orders (
  id               uuid        PRIMARY KEY,
  customer_id      text        NOT NULL,
  currency         text        NOT NULL,
  status           text        NOT NULL CHECK (status IN ('pending', 'confirmed', 'cancelling', 'cancelled')),
  total            numeric     NOT NULL,
  failure_code     text,
  failure_detail   text,
  idempotency_key  text        CONSTRAINT orders_idempotency_key UNIQUE,
  -- SHA-256 of what was ordered: the same key with another order is a mistake of the client.
  content_hash     bytea       NOT NULL,
  -- Set when the creation was answered before the order had an outcome. A repeat of the request gets the same answer.
  answered_pending boolean     NOT NULL DEFAULT false,
  created_at       timestamptz NOT NULL,
  confirmed_at     timestamptz,
  updated_at       timestamptz NOT NULL
) WITH (fillfactor = 85);

CREATE TABLE order_lines (
  order_id   uuid    NOT NULL REFERENCES orders,
  line       int     NOT NULL,
  sku        text    NOT NULL,
  quantity   numeric NOT NULL CHECK (quantity > 0),
  unit_price numeric NOT NULL CHECK (unit_price > 0),
  PRIMARY KEY (order_id, line)
);
