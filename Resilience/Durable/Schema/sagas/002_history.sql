-- A step after the pivot can be stuck too: 'stalled'. What has ended is named instead of what has not, so that a further status needs no new index.
ALTER TABLE durable.sagas DROP CONSTRAINT sagas_status_check;
ALTER TABLE durable.sagas ADD CONSTRAINT sagas_status_check
  CHECK (status IN ('running', 'compensating', 'stuck', 'stalled', 'completed', 'compensated'));

-- What happened, an entry a line of JSON; the middle of a long one is left out.
ALTER TABLE durable.sagas ADD COLUMN history text[] NOT NULL DEFAULT '{}';

-- Which names and versions there are, and what they consist of.
CREATE TABLE durable.saga_definitions (
  name          text        NOT NULL,
  version       int         NOT NULL,
  shape         text        NOT NULL,
  registered_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (name, version)
);

CREATE FUNCTION durable.saga_history(p_history text[], p_news text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN cardinality(p_history) < 200 THEN p_history || p_news ELSE p_history[1:50] || p_history[101:] || p_news END
$$;

CREATE FUNCTION durable.saga_transition(
  p_id uuid, p_epoch bigint, p_status text, p_step int, p_failure_code text, p_failure_detail text, p_news text[], p_past_pivot boolean) RETURNS timestamptz
LANGUAGE plpgsql AS $$
DECLARE
  found_status text;
  found_epoch  bigint;
  found_cancel text;
BEGIN
  SELECT status, epoch, cancel_code INTO found_status, found_epoch, found_cancel FROM durable.sagas WHERE id = p_id FOR UPDATE;
  IF found_status IS NULL OR found_epoch <> p_epoch OR found_status IN ('completed', 'compensated') THEN
    RAISE EXCEPTION 'saga % is not owned at epoch %', p_id, p_epoch USING ERRCODE = 'SG001';
  END IF;
  IF p_status = 'completed' AND found_cancel IS NOT NULL AND NOT p_past_pivot THEN
    RAISE EXCEPTION 'saga % is to be cancelled', p_id USING ERRCODE = 'SG002';
  END IF;
  UPDATE durable.sagas SET
    status = p_status, step = p_step, attempts = 0,
    failure_code = p_failure_code, failure_detail = p_failure_detail,
    owner = CASE WHEN p_status IN ('completed', 'compensated') THEN NULL ELSE owner END,
    lease_until = CASE WHEN p_status IN ('completed', 'compensated') THEN NULL ELSE lease_until END,
    history = durable.saga_history(history, p_news),
    updated_at = now()
  WHERE id = p_id;
  RETURN now();
END $$;

-- Instances of the version before go on using the one with six arguments; its rules are the new one's.
CREATE OR REPLACE FUNCTION durable.saga_transition(
  p_id uuid, p_epoch bigint, p_status text, p_step int, p_failure_code text, p_failure_detail text) RETURNS timestamptz
LANGUAGE sql AS $$
  SELECT durable.saga_transition(p_id, p_epoch, p_status, p_step, p_failure_code, p_failure_detail, '{}', false)
$$;

DROP INDEX durable.sagas_unfinished;
CREATE INDEX sagas_unfinished ON durable.sagas (created_at) WHERE status NOT IN ('completed', 'compensated');

-- Raises where a saga is not owned at the epoch, so that the statements that follow in the same batch have no effect.
CREATE FUNCTION durable.saga_owned(p_id uuid, p_epoch bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM durable.sagas WHERE id = p_id AND epoch = p_epoch AND status NOT IN ('completed', 'compensated') FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'saga % is not owned at epoch %', p_id, p_epoch USING ERRCODE = 'SG001';
  END IF;
END $$;
