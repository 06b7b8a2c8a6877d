-- The resource index. Times are microseconds since 1970 (UTC).

-- One row. Each write takes the next revision inside its transaction, so revisions become visible in order and a
-- watcher that has read up to one has missed nothing below it.
CREATE TABLE resource_feed (
    id integer PRIMARY KEY CHECK (id = 1),
    revision bigint NOT NULL,
    -- Deletions up to this revision are no longer remembered.
    forgotten bigint NOT NULL
);

INSERT INTO resource_feed (id, revision, forgotten) VALUES (1, 0, 0);

CREATE TABLE resources (
    kind $key NOT NULL,
    id $key NOT NULL,
    name $key NOT NULL,
    parent $key,
    home $key,
    epoch bigint NOT NULL,
    state $key NOT NULL,
    -- JSON object; resource_tags is how it is searched.
    tags text NOT NULL,
    summary text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (kind, id)
);

CREATE UNIQUE INDEX resources_revision ON resources (revision);
CREATE INDEX resources_name ON resources (kind, name);
CREATE INDEX resources_newest ON resources (kind, created_at, id);
CREATE INDEX resources_state ON resources (kind, state, created_at, id);
CREATE INDEX resources_home ON resources (kind, home, created_at, id);
CREATE INDEX resources_parent ON resources (kind, parent, created_at, id);

-- Names, host:port pairs and whatever else only one resource of a kind may hold.
CREATE TABLE resource_claims (
    kind $key NOT NULL,
    claim $key NOT NULL,
    id $key NOT NULL,
    PRIMARY KEY (kind, claim),
    FOREIGN KEY (kind, id) REFERENCES resources (kind, id) ON DELETE CASCADE
);

CREATE INDEX resource_claims_holder ON resource_claims (kind, id);

-- created_at is repeated here so that a list by tag is one ordered walk of this key.
CREATE TABLE resource_tags (
    kind $key NOT NULL,
    tag_key $key NOT NULL,
    tag_value $key NOT NULL,
    created_at bigint NOT NULL,
    id $key NOT NULL,
    PRIMARY KEY (kind, tag_key, tag_value, created_at, id),
    FOREIGN KEY (kind, id) REFERENCES resources (kind, id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX resource_tags_holder ON resource_tags (kind, id, tag_key);

-- Deletions, for watchers.
CREATE TABLE resource_tombstones (
    kind $key NOT NULL,
    id $key NOT NULL,
    revision bigint NOT NULL,
    deleted_at bigint NOT NULL,
    PRIMARY KEY (kind, id)
);

CREATE UNIQUE INDEX resource_tombstones_revision ON resource_tombstones (revision);
CREATE INDEX resource_tombstones_age ON resource_tombstones (deleted_at);
