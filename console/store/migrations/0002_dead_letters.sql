-- What could not be processed, as the topic `dead_letters` says it: personal data only inside `payload`, sealed.
CREATE TABLE dead_letters (
  id text PRIMARY KEY,
  system text NOT NULL,
  entity text NOT NULL,
  stage text NOT NULL,
  reason text NOT NULL,
  message text NOT NULL,
  field text,
  event_id text NOT NULL,
  trace_id text NOT NULL,
  topic text NOT NULL,
  partition int NOT NULL,
  "offset" bigint NOT NULL,
  time bigint NOT NULL,
  revision bigint NOT NULL,
  key_id text NOT NULL,
  payload bytea
);
CREATE INDEX dead_letters_by_place ON dead_letters (topic, partition, "offset");
CREATE INDEX dead_letters_by_event ON dead_letters (event_id);
CREATE INDEX dead_letters_by_kind ON dead_letters (system, stage, reason, field);
CREATE INDEX dead_letters_by_time ON dead_letters (time);
