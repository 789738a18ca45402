-- What has ended lies apart, written once and never changed, so that the table that everyone writes holds what is under way and stays as small as that, however
-- many sagas there have been. One that is reopened moves back.
CREATE TABLE durable.finished_sagas (LIKE durable.sagas INCLUDING DEFAULTS INCLUDING CONSTRAINTS, PRIMARY KEY (id));

WITH ended AS (DELETE FROM durable.sagas WHERE status IN ('completed', 'compensated') RETURNING *)
INSERT INTO durable.finished_sagas SELECT * FROM ended;

ALTER TABLE durable.finished_sagas ADD CONSTRAINT finished_sagas_have_ended CHECK (status IN ('completed', 'compensated'));
ALTER TABLE durable.sagas ADD CONSTRAINT sagas_are_under_way CHECK (status NOT IN ('completed', 'compensated'));

-- A row doubles in size while it is here, and every one leaves a gap.
ALTER TABLE durable.sagas SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000);

DROP INDEX durable.sagas_unfinished;
CREATE INDEX sagas_by_age ON durable.sagas (created_at);

-- Rows come in the order in which they ended, so that a few pages tell where the old ones are.
CREATE INDEX finished_sagas_by_end ON durable.finished_sagas USING brin (updated_at);

-- An id is taken for ever. After the insert, so that an end that comes about meanwhile is seen.
CREATE FUNCTION durable.saga_id_is_new() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM durable.finished_sagas WHERE id = NEW.id) THEN
    RAISE unique_violation USING MESSAGE = format('saga %s has ended already', NEW.id), CONSTRAINT = 'sagas_pkey', SCHEMA = 'durable', TABLE = 'sagas';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER saga_id_is_new AFTER INSERT ON durable.sagas FOR EACH ROW EXECUTE FUNCTION durable.saga_id_is_new();

CREATE OR REPLACE FUNCTION durable.saga_transition(
  p_id uuid, p_epoch bigint, p_status text, p_step int, p_failure_code text, p_failure_detail text, p_news text[], p_past_pivot boolean) RETURNS timestamptz
LANGUAGE plpgsql AS $$
DECLARE
  saga durable.sagas;
BEGIN
  SELECT * INTO saga FROM durable.sagas WHERE id = p_id FOR UPDATE;
  IF saga.id IS NULL OR saga.epoch <> p_epoch THEN
    RAISE EXCEPTION 'saga % is not owned at epoch %', p_id, p_epoch USING ERRCODE = 'SG001';
  END IF;
  IF p_status = 'completed' AND saga.cancel_code IS NOT NULL AND NOT p_past_pivot THEN
    RAISE EXCEPTION 'saga % is to be cancelled', p_id USING ERRCODE = 'SG002';
  END IF;
  saga.status := p_status;
  saga.step := p_step;
  saga.attempts := 0;
  saga.failure_code := p_failure_code;
  saga.failure_detail := p_failure_detail;
  saga.history := durable.saga_history(saga.history, p_news);
  saga.updated_at := now();
  IF p_status IN ('completed', 'compensated') THEN
    saga.owner := NULL;
    saga.lease_until := NULL;
    DELETE FROM durable.sagas WHERE id = p_id;
    INSERT INTO durable.finished_sagas SELECT saga.*;
  ELSE
    UPDATE durable.sagas SET
      status = saga.status, step = saga.step, attempts = 0, failure_code = saga.failure_code, failure_detail = saga.failure_detail,
      history = saga.history, updated_at = saga.updated_at
    WHERE id = p_id;
  END IF;
  RETURN now();
END $$;

-- Takes a saga that has ended back among those under way; nothing happens to one that has not. What it is to do is for the statement that follows.
CREATE FUNCTION durable.saga_reopen(p_id uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  saga durable.sagas;
BEGIN
  DELETE FROM durable.finished_sagas WHERE id = p_id RETURNING * INTO saga;
  IF FOUND THEN
    saga.status := 'compensating';
    INSERT INTO durable.sagas SELECT saga.*;
  END IF;
END $$;

CREATE OR REPLACE FUNCTION durable.saga_owned(p_id uuid, p_epoch bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM durable.sagas WHERE id = p_id AND epoch = p_epoch FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'saga % is not owned at epoch %', p_id, p_epoch USING ERRCODE = 'SG001';
  END IF;
END $$;
