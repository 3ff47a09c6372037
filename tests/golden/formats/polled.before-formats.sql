BEGIN TRANSACTION;
CREATE TABLE floors (resource TEXT PRIMARY KEY, since TEXT NOT NULL);
CREATE TABLE jobs (
    id TEXT PRIMARY KEY, begun INTEGER, after TEXT, paged INTEGER, rows INTEGER, done INTEGER, place INTEGER)
    WITHOUT ROWID;
CREATE TABLE known (
    resource TEXT, name TEXT, key TEXT NOT NULL, cursor TEXT NOT NULL, digest BLOB NOT NULL, brief TEXT NOT NULL,
    PRIMARY KEY (resource, name)) WITHOUT ROWID;
INSERT INTO "known" VALUES('public.t','1','[1]','"2026"',X'64','{"id":1}');
CREATE TABLE owner (id TEXT NOT NULL, generation INTEGER NOT NULL, last INTEGER NOT NULL);
INSERT INTO "owner" VALUES('a-store',3,12884901889);
CREATE TABLE said (resource TEXT, name TEXT, PRIMARY KEY (resource, name)) WITHOUT ROWID;
CREATE TABLE unacknowledged (place INTEGER PRIMARY KEY, resource TEXT, shape TEXT, events TEXT);
COMMIT;
