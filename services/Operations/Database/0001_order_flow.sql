-- What the events of orders add up to, kept up to date as they arrive, so that a look costs the same after a million orders.
CREATE TABLE event_counts (
    type text COLLATE "C" PRIMARY KEY,
    count bigint NOT NULL
);

-- Confirmed orders that were not cancelled afterwards; a cancellation has to know whether it takes money back.
CREATE TABLE confirmed_orders (
    order_id uuid PRIMARY KEY,
    currency text COLLATE "C" NOT NULL,
    total numeric NOT NULL
);

CREATE TABLE confirmed_money (
    currency text COLLATE "C" PRIMARY KEY,
    orders bigint NOT NULL,
    amount numeric NOT NULL
);

-- The last events only; older ones are deleted as new ones arrive.
CREATE TABLE recent_events (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL,
    type text NOT NULL,
    order_id uuid NOT NULL,
    currency text NOT NULL,
    total numeric NOT NULL,
    failure_code text,
    occurred_at timestamptz NOT NULL
);
