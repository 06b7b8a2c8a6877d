-- Writers without a common row. In 002 each write took the next number of one row and held that row until its commit,
-- so all writers of the fleet stood in one line. From here on the revision of a row is the transaction that wrote it,
-- which PostgreSQL numbers anyway. Numbers become visible out of order, so a watcher does not remember a number but a
-- snapshot: what it has been told is what that snapshot saw, and what is new is what it did not see.
--
-- Silos of the build before go on beside this one until they are replaced:
-- - they write a revision of their own, and the trigger puts the transaction's in its place;
-- - they take their revision from resource_feed, now a view, whose trigger lets one of them at a time pass, as before;
-- - they watch by number, up to the one that resource_feed shows: below it no transaction is open any more. A full
--   batch of theirs (500) could lead them past an open one; then the view says that they have fallen behind what is
--   remembered, and they read everything anew.

CREATE FUNCTION resource_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.revision := pg_current_xact_id()::text::bigint;
    RETURN NEW;
END $$;

ALTER TABLE resources ALTER COLUMN revision SET DEFAULT 0;
ALTER TABLE resource_tombstones ALTER COLUMN revision SET DEFAULT 0;
CREATE TRIGGER resources_stamp BEFORE INSERT OR UPDATE ON resources
    FOR EACH ROW EXECUTE FUNCTION resource_stamp();
CREATE TRIGGER resource_tombstones_stamp BEFORE INSERT OR UPDATE ON resource_tombstones
    FOR EACH ROW EXECUTE FUNCTION resource_stamp();

-- One transaction may write many rows.
DROP INDEX resources_revision;
CREATE INDEX resources_revision ON resources (revision);
DROP INDEX resource_tombstones_revision;
CREATE INDEX resource_tombstones_revision ON resource_tombstones (revision);

-- One row: deletions up to this revision are no longer remembered.
CREATE TABLE resource_horizon (
    id integer PRIMARY KEY CHECK (id = 1),
    forgotten bigint NOT NULL
);

INSERT INTO resource_horizon (id, forgotten) SELECT id, forgotten FROM resource_feed;
DROP TABLE resource_feed;

CREATE VIEW resource_feed AS
WITH changes AS (
    SELECT revision FROM resources UNION ALL SELECT revision FROM resource_tombstones),
mark AS (
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1 AS revision)
SELECT horizon.id, mark.revision, greatest(horizon.forgotten, CASE
    WHEN (SELECT max(revision) FROM changes) > mark.revision
    THEN (SELECT revision FROM changes ORDER BY revision DESC OFFSET 499 LIMIT 1) END) AS forgotten
FROM resource_horizon horizon, mark;

CREATE FUNCTION resource_feed_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(4973000002);
    IF NEW.forgotten <> OLD.forgotten THEN
        UPDATE resource_horizon SET forgotten = NEW.forgotten WHERE forgotten < NEW.forgotten;
    END IF;
    NEW.revision := pg_current_xact_id()::text::bigint;
    RETURN NEW;
END $$;

CREATE TRIGGER resource_feed_update INSTEAD OF UPDATE ON resource_feed
    FOR EACH ROW EXECUTE FUNCTION resource_feed_update();

-- Grain state and members are rewritten in place: with room left in their pages, no index is touched and old versions
-- go without a vacuum. Resources change columns of indexes with every write, so their old versions have to be
-- vacuumed, often and in small portions.
ALTER TABLE orleans_state SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE orleans_member SET (fillfactor = 50);
ALTER TABLE orleans_cluster SET (fillfactor = 50);
ALTER TABLE resources SET (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
ALTER TABLE resource_tombstones SET (autovacuum_vacuum_scale_factor = 0.05);
