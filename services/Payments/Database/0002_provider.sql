-- The books of the simulated payment provider. Another company's database in real life: nothing outside Provider/ may read it.
CREATE SCHEMA provider;

CREATE TABLE provider.charges (
    idempotency_key text COLLATE "C" PRIMARY KEY,
    charge_id uuid NOT NULL DEFAULT gen_random_uuid(),
    status text NOT NULL CHECK (status IN ('open', 'captured', 'declined', 'voided')),
    amount numeric NOT NULL,
    currency text NOT NULL,
    captured numeric NOT NULL DEFAULT 0,
    refunded numeric NOT NULL DEFAULT 0 CHECK (refunded <= captured),
    -- How often the charge was asked for; some moods count.
    asked integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
