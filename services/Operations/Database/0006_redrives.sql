-- What comes of a redrive that a person asked for is looked after until it is known; one that is worked on is left alone until then.
ALTER TABLE redrives ADD COLUMN ended_at timestamptz, ADD COLUMN claimed_until timestamptz NOT NULL DEFAULT '-infinity';
-- Why it was not sent after all; null where it was, or waits.
ALTER TABLE redrives ADD COLUMN refusal text;
UPDATE redrives SET ended_at = sent_at WHERE sent_at IS NOT NULL;
CREATE INDEX redrives_under_way ON redrives (claimed_until, id) WHERE sent_at IS NOT NULL AND ended_at IS NULL AND requested_by <> 'healing';
CREATE INDEX redrives_by_letter ON redrives (letter_id);

-- Sagas are tried again apart from messages: a service that takes its time keeps no message waiting.
ALTER TABLE redrives ADD COLUMN of_saga boolean NOT NULL DEFAULT false;
UPDATE redrives SET of_saga = true FROM dead_letters WHERE dead_letters.id = letter_id AND sent_at IS NULL AND position('"kind":"saga"'::bytea IN letter) > 0;

CREATE INDEX dead_letters_by_origin ON dead_letters (origin_id, arrived) WHERE origin_id IS NOT NULL;
