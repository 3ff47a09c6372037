-- The account of every record. Times are microseconds since 1970 (UTC), as everywhere in the project.

-- How far each topic has been read into this store. A recreated topic has another id, and is read from its beginning.
CREATE TABLE positions (
  topic text NOT NULL,
  partition int NOT NULL,
  topic_id text NOT NULL,
  next_offset bigint NOT NULL,
  -- What was written before this is not known here.
  horizon bigint NOT NULL,
  PRIMARY KEY (topic, partition)
);

-- What became of records, by ranges of offsets of `topic`.
CREATE TABLE ranges (
  result text NOT NULL,
  system text NOT NULL,
  entity text NOT NULL,
  topic text NOT NULL,
  partition int NOT NULL,
  first bigint NOT NULL,
  last bigint NOT NULL,
  count bigint NOT NULL,
  oldest bigint NOT NULL,
  newest bigint NOT NULL,
  time bigint NOT NULL,
  process text NOT NULL
);
CREATE INDEX ranges_by_place ON ranges (topic, partition, first);
CREATE INDEX ranges_by_time ON ranges USING brin (time) WITH (pages_per_range = 32);

-- How far each kind of range reaches: what begins behind it has not been said before.
CREATE TABLE frontiers (
  result text NOT NULL,
  system text NOT NULL,
  topic text NOT NULL,
  partition int NOT NULL,
  last bigint NOT NULL,
  PRIMARY KEY (result, system, topic, partition)
);

-- The exceptions, one by one: what was quarantined, and each field that waits for a person. No value of a record.
CREATE TABLE exceptions (
  id uuid PRIMARY KEY,
  result text NOT NULL,
  system text NOT NULL,
  entity text NOT NULL,
  topic text NOT NULL,
  partition int NOT NULL,
  "offset" bigint NOT NULL,
  reason text,
  field text,
  event_id text,
  source_time bigint NOT NULL,
  time bigint NOT NULL,
  process text NOT NULL
);
CREATE INDEX exceptions_by_place ON exceptions (topic, partition, "offset");
CREATE INDEX exceptions_by_event ON exceptions (event_id);
CREATE INDEX exceptions_by_time ON exceptions (time);

-- What sources have captured, by ranges of their own positions.
CREATE TABLE captures (
  id uuid PRIMARY KEY,
  system text NOT NULL,
  entity text NOT NULL,
  epoch bigint NOT NULL,
  first bigint NOT NULL,
  last bigint NOT NULL,
  count bigint NOT NULL,
  event_id text,
  oldest bigint NOT NULL,
  newest bigint NOT NULL,
  time bigint NOT NULL,
  process text NOT NULL
);
CREATE INDEX captures_by_position ON captures (system, entity, epoch, first);
CREATE INDEX captures_by_time ON captures USING brin (time) WITH (pages_per_range = 32);

-- What stands in the raw, forward and delivery topics, counted there: stretches of offsets, and those within that are
-- no records (markers of transactions, tombstones).
CREATE TABLE stretches (
  topic text NOT NULL,
  partition int NOT NULL,
  first bigint NOT NULL,
  last bigint NOT NULL,
  gaps bigint[] NOT NULL,
  oldest bigint NOT NULL,
  newest bigint NOT NULL,
  PRIMARY KEY (topic, partition, last)
);
CREATE INDEX stretches_by_time ON stretches USING brin (newest) WITH (pages_per_range = 32);

-- The balance of each partition since `since`: what stands there, what has met an end, and what was overtaken before
-- it could (compacted away by a later state). `next_offset`: after the last record that has met one.
CREATE TABLE accounts (
  topic text NOT NULL,
  partition int NOT NULL,
  since bigint NOT NULL,
  since_time bigint NOT NULL,
  due bigint NOT NULL DEFAULT 0,
  ended bigint NOT NULL DEFAULT 0,
  superseded bigint NOT NULL DEFAULT 0,
  settled bigint NOT NULL,
  next_offset bigint NOT NULL,
  PRIMARY KEY (topic, partition)
);

-- Sums over everything that was ever fed, also of what retention has removed. `place`: raw, identify, to, or empty.
CREATE TABLE totals (
  result text NOT NULL,
  system text NOT NULL,
  entity text NOT NULL,
  place text NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (result, system, entity, place)
);
