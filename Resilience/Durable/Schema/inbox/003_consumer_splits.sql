-- Who handles what while a canary of a consumer is released: from an offset on, a share of the keys is the canary's. The latest row of a partition
-- that begins at or before a message says whose it is. Rows are only ever added; those of one change have the same version.
CREATE TABLE durable.consumer_splits (
  consumer    text             NOT NULL,
  topic       text             NOT NULL,
  version     bigint           NOT NULL,
  partition   int              NOT NULL,
  from_offset bigint           NOT NULL,
  share       double precision NOT NULL CHECK (share BETWEEN 0 AND 1),
  release_id  text             NOT NULL,
  is_rollback boolean          NOT NULL,
  reason      text             NOT NULL,
  changed_at  timestamptz      NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, topic, version, partition)
);

-- How far the two groups are, written in the transactions that have the effects. A row a group, so that neither waits for the other.
CREATE TABLE durable.consumer_progress (
  consumer    text    NOT NULL,
  topic       text    NOT NULL,
  partition   int     NOT NULL,
  is_canary   boolean NOT NULL,
  next_offset bigint  NOT NULL,
  PRIMARY KEY (consumer, topic, partition, is_canary)
) WITH (fillfactor = 50);
