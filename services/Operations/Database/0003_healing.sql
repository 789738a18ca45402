-- Dead letters of all services, as they came, and the tickets that people work with. A letter has one ticket, however often it is delivered.
CREATE TABLE dead_letters (
    id uuid PRIMARY KEY,
    arrived bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    service_name text NOT NULL,
    operation text NOT NULL,
    error_code text NOT NULL,
    error_detail text NOT NULL,
    retry_count int NOT NULL,
    key text NOT NULL,
    traceparent text,
    failed_at timestamptz NOT NULL,
    arrived_at timestamptz NOT NULL,
    -- The same for failures of one cause: service, operation, code, and what failed.
    fingerprint text NOT NULL,
    -- The letter whose message was sent again and failed again, with this letter; its ticket is this one's too.
    origin_id uuid REFERENCES dead_letters,
    -- The letter itself: what is sent again comes from here.
    letter bytea NOT NULL
);

CREATE INDEX dead_letters_by_fingerprint ON dead_letters (fingerprint);

CREATE TABLE tickets (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    letter_id uuid NOT NULL UNIQUE REFERENCES dead_letters,
    summary text NOT NULL,
    priority text NOT NULL CHECK (priority IN ('P1', 'P2', 'P3', 'P4', 'P5')),
    labels text[] NOT NULL,
    status text NOT NULL CHECK (status IN ('open', 'diagnosing', 'healing', 'resolved', 'escalated')),
    opened_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL
);

CREATE INDEX tickets_by_status ON tickets (status, number DESC);

CREATE TABLE ticket_comments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket bigint NOT NULL REFERENCES tickets,
    at timestamptz NOT NULL,
    author text NOT NULL,
    text text NOT NULL
);

CREATE INDEX ticket_comments_by_ticket ON ticket_comments (ticket, id);

-- Messages that are sent again: at its time each goes into the outbox, in the transaction that notes it here.
CREATE TABLE redrives (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    letter_id uuid NOT NULL REFERENCES dead_letters,
    message_id uuid NOT NULL UNIQUE,
    requested_by text NOT NULL,
    reason text NOT NULL,
    due_at timestamptz NOT NULL,
    sent_at timestamptz
);

-- A letter waits to be sent again once at most.
CREATE UNIQUE INDEX redrives_waiting ON redrives (letter_id) WHERE sent_at IS NULL;
CREATE INDEX redrives_due ON redrives (id) WHERE sent_at IS NULL;
