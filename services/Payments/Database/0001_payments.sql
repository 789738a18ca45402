-- One payment an order. The row is there, pending, before the provider is asked: whatever dies afterwards, the doubt is on record.
-- A refund of an order without a payment leaves a row in currency XXX (ISO 4217: no currency), so that a late charge finds it and takes nothing.
CREATE TABLE payments (
    order_id uuid PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('pending', 'captured', 'declined', 'refunded')),
    amount numeric NOT NULL CHECK (amount >= 0),
    currency text NOT NULL,
    -- SHA-256 of the token: enough to tell a repeat from another charge, useless to a thief. Null when nobody asked for a charge.
    token_hash bytea,
    captured numeric NOT NULL DEFAULT 0 CHECK (captured IN (0, amount)),
    refunded numeric NOT NULL DEFAULT 0 CHECK (refunded IN (0, captured)),
    failure_code text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
