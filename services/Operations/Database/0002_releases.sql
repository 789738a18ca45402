-- What the release gate and its operators decided, and on what: kept, because nobody asks why before something went wrong.
CREATE TABLE release_decisions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    service text NOT NULL,
    release_id text NOT NULL,
    at timestamptz NOT NULL,
    action text NOT NULL CHECK (action IN ('start', 'resume', 'hold', 'advance', 'promote', 'roll-back', 'give-up')),
    share double precision NOT NULL,
    reason text NOT NULL,
    decided_by text NOT NULL,
    -- Every comparison: query, value, limit, sample size and verdict. Null where a person decided.
    judgement json
);

CREATE INDEX release_decisions_by_service ON release_decisions (service, id DESC);
