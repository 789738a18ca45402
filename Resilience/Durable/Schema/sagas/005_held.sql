-- A step that failed as often as it may can have its saga held before it turns round, until its cause is healed or the time for that is over (next_attempt_at).
ALTER TABLE durable.sagas DROP CONSTRAINT sagas_status_check;
ALTER TABLE durable.sagas ADD CONSTRAINT sagas_status_check
  CHECK (status IN ('running', 'held', 'compensating', 'stuck', 'stalled', 'completed', 'compensated'));
