-- How the cause of a letter is healed. One healing a letter; whichever engine runs it, what it did is here and in the ticket's comments.
CREATE TABLE healings (
    letter_id uuid PRIMARY KEY REFERENCES dead_letters,
    place bigint GENERATED ALWAYS AS IDENTITY,
    opened_at timestamptz NOT NULL,
    -- An instance hands it to the engine; when it dies in between, another does from then on.
    claimed_until timestamptz NOT NULL DEFAULT '-infinity',
    -- Null until an engine has it.
    started_at timestamptz,
    engine text,
    -- What was found last: cause, facts, what would be rolled back.
    diagnosis json,
    -- healed, settled, gave-up, aborted; null while it goes on.
    outcome text,
    ended_at timestamptz
);

CREATE INDEX healings_waiting ON healings (place) WHERE started_at IS NULL;

-- Tries to heal, counted for the cause and not for the letter: a cause that comes back has no more tries than one that stays.
CREATE TABLE healing_attempts (
    letter_id uuid NOT NULL REFERENCES dead_letters,
    number int NOT NULL,
    fingerprint text NOT NULL,
    -- Who allowed one more than the rules do; null where nobody had to.
    allowed_by text,
    at timestamptz NOT NULL,
    PRIMARY KEY (letter_id, number)
);

CREATE INDEX healing_attempts_by_cause ON healing_attempts (fingerprint);

-- What people said to a healing: approve, retry, abort.
CREATE TABLE healing_words (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    letter_id uuid NOT NULL REFERENCES dead_letters,
    word text NOT NULL CHECK (word IN ('approve', 'retry', 'abort')),
    said_by text NOT NULL,
    reason text NOT NULL,
    at timestamptz NOT NULL
);

CREATE INDEX healing_words_by_letter ON healing_words (letter_id, id);

-- What a healing on the saga engine has done, each activity once: whoever goes on with it finds here what need not be done again.
CREATE TABLE healing_journal (
    letter_id uuid NOT NULL REFERENCES dead_letters,
    entry text NOT NULL,
    result json NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (letter_id, entry)
);

-- A comment that may be made twice, because an activity is repeated, has a name by which it is there once.
ALTER TABLE ticket_comments ADD COLUMN entry text;
CREATE UNIQUE INDEX ticket_comments_once ON ticket_comments (ticket, entry) WHERE entry IS NOT NULL;
