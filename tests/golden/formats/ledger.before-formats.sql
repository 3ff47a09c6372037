BEGIN TRANSACTION;
CREATE TABLE arrived (
  key TEXT PRIMARY KEY, source TEXT, epoch INTEGER, "commit" INTEGER, ordinal INTEGER);
CREATE TABLE departed (
  key TEXT PRIMARY KEY, source TEXT, epoch INTEGER, "commit" INTEGER, ordinal INTEGER, at INTEGER);
CREATE TABLE file (number INTEGER NOT NULL);
INSERT INTO "file" VALUES(5);
CREATE TABLE held (key TEXT PRIMARY KEY, columns TEXT NOT NULL, version INTEGER, source_time INTEGER);
CREATE TABLE position (
  topic TEXT, partition INTEGER, topic_id TEXT NOT NULL, next_offset INTEGER NOT NULL, generation INTEGER NOT NULL,
  PRIMARY KEY (topic, partition));
INSERT INTO "position" VALUES('to.x.person',0,'anId',9,2);
COMMIT;
