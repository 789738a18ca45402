CREATE SCHEMA IF NOT EXISTS durable;

-- One row a saga. Nothing that changes often is indexed, so that most updates stay on their page (HOT).
CREATE TABLE durable.sagas (
  id              uuid        PRIMARY KEY,
  definition      text        NOT NULL,
  version         int         NOT NULL,
  status          text        NOT NULL CHECK (status IN ('running', 'compensating', 'stuck', 'completed', 'compensated')),
  -- running: the next step to execute; otherwise: how many steps are still to be compensated.
  step            int         NOT NULL CHECK (step >= 0),
  attempts        int         NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  owner           text,
  lease_until     timestamptz,
  -- Grows with every change of owner; a write that carries an older one has no effect.
  epoch           bigint      NOT NULL,
  cancel_code     text,
  cancel_detail   text,
  failure_code    text,
  failure_detail  text,
  last_error_code text,
  last_error      text,
  traceparent     text,
  data            json        NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);

CREATE INDEX sagas_unfinished ON durable.sagas (created_at) WHERE status IN ('running', 'compensating', 'stuck');

-- A change of state that shares its transaction with local effects. It raises instead of changing nothing, because only an
-- error keeps the statements that follow in the same batch from taking effect.
CREATE FUNCTION durable.saga_transition(
  p_id uuid, p_epoch bigint, p_status text, p_step int, p_failure_code text, p_failure_detail text) RETURNS timestamptz
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
  IF p_status = 'completed' AND found_cancel IS NOT NULL THEN
    RAISE EXCEPTION 'saga % is to be cancelled', p_id USING ERRCODE = 'SG002';
  END IF;
  UPDATE durable.sagas SET
    status = p_status, step = p_step, attempts = 0,
    failure_code = p_failure_code, failure_detail = p_failure_detail,
    owner = CASE WHEN p_status IN ('completed', 'compensated') THEN NULL ELSE owner END,
    lease_until = CASE WHEN p_status IN ('completed', 'compensated') THEN NULL ELSE lease_until END,
    updated_at = now()
  WHERE id = p_id;
  RETURN now();
END $$;
