-- By its id: coalesce keeps the planner from reading the index of the unfinished instead, of which its statistics know nearly none.
CREATE OR REPLACE FUNCTION durable.saga_owned(p_id uuid, p_epoch bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM durable.sagas WHERE id = p_id AND epoch = p_epoch AND coalesce(status, '') NOT IN ('completed', 'compensated') FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'saga % is not owned at epoch %', p_id, p_epoch USING ERRCODE = 'SG001';
  END IF;
END $$;
