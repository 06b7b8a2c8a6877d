-- What Orleans keeps: members of the cluster, grain state, reminders. Only the first table's name and columns are
-- fixed by Orleans; the rest is reached through the queries in it.

CREATE TABLE OrleansQuery (
    QueryKey text PRIMARY KEY,
    QueryText text NOT NULL
);

CREATE TABLE orleans_cluster (
    cluster text PRIMARY KEY,
    version integer NOT NULL
);

CREATE TABLE orleans_member (
    cluster text NOT NULL REFERENCES orleans_cluster,
    address text NOT NULL,
    port integer NOT NULL,
    generation integer NOT NULL,
    silo_name text NOT NULL,
    host_name text NOT NULL,
    status integer NOT NULL,
    proxy_port integer,
    suspect_times text,
    start_time $timestamp NOT NULL,
    alive_time $timestamp NOT NULL,
    PRIMARY KEY (cluster, address, port, generation)
);

-- A string key is in extension; n0 and n1 hold the other kinds of keys.
CREATE TABLE orleans_state (
    service text NOT NULL,
    state_name text NOT NULL,
    n0 bigint NOT NULL,
    n1 bigint NOT NULL,
    extension text NOT NULL DEFAULT '',
    payload $bytes,
    version integer NOT NULL,
    PRIMARY KEY (service, state_name, n0, n1, extension)
);

CREATE TABLE orleans_reminder (
    service text NOT NULL,
    grain text NOT NULL,
    name text NOT NULL,
    grain_hash integer NOT NULL,
    start_time $timestamp NOT NULL,
    period_ms bigint NOT NULL,
    version integer NOT NULL,
    PRIMARY KEY (service, grain, name)
);

CREATE INDEX orleans_reminder_hash ON orleans_reminder (service, grain_hash);
