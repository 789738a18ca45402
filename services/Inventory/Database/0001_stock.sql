-- What can be sold of each sku, and what orders hold of it. The checks are the last line of defence against overselling.
CREATE TABLE stock (
    sku text COLLATE "C" PRIMARY KEY,
    available numeric NOT NULL CHECK (available >= 0),
    reserved numeric NOT NULL DEFAULT 0 CHECK (reserved >= 0)
);

-- One row an order. 'released' is also the tombstone of an order whose release came before its reserve.
CREATE TABLE reservations (
    order_id uuid PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('reserved', 'released')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE reservation_lines (
    order_id uuid NOT NULL REFERENCES reservations (order_id),
    sku text COLLATE "C" NOT NULL,
    quantity numeric NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, sku)
);
