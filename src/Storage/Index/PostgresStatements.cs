namespace Hypeman.Storage.Index;

/// <summary>
/// The writes of the index, one statement each: atomic by itself, and its locks never wait for a word of ours. Each
/// returns, or changes, a row when it did something.
/// </summary>
internal static class PostgresStatements
{
    // In Insert and Update: $1 kind, $2 id, $3 name, $4 parent, $5 home, $6 epoch, $7 state, $8 tags, $9 summary,
    // $10 version, $11 and $12 keys and values of the tags, $13 created_at, $14 claims.

    /// <summary>The tags of the row that <c>put</c> has written.</summary>
    private const string PutTags =
        """
        untagged AS (
            DELETE FROM resource_tags t USING put
            WHERE t.kind = put.kind AND t.id = put.id AND t.tag_key <> ALL ($11)),
        tagged AS (
            INSERT INTO resource_tags (kind, tag_key, tag_value, created_at, id)
            SELECT put.kind, tag.key, tag.value, put.created_at, put.id
            FROM put, unnest($11, $12) AS tag (key, value)
            ON CONFLICT (kind, id, tag_key) DO UPDATE
            SET tag_value = excluded.tag_value, created_at = excluded.created_at)
        """;

    private const string Columns = "kind, id, name, parent, home, epoch, state, tags, summary, version, created_at";

    // A claim that another holds is a violation of the key of claims: all of the statement is undone.
    private const string InsertFrom =
        $"""
            ON CONFLICT (kind, id) DO UPDATE
            SET name = excluded.name, parent = excluded.parent, home = excluded.home, epoch = excluded.epoch,
                state = excluded.state, tags = excluded.tags, summary = excluded.summary, version = excluded.version,
                created_at = excluded.created_at
            WHERE resources.version <= excluded.version
            RETURNING kind, id, created_at),
        claimed AS (
            INSERT INTO resource_claims (kind, claim, id)
            SELECT put.kind, wanted.claim, put.id
            FROM put, unnest($14) AS wanted (claim)
            WHERE NOT EXISTS (
                SELECT 1 FROM resource_claims c WHERE c.kind = put.kind AND c.claim = wanted.claim AND c.id = put.id)),
        {PutTags},
        revived AS (
            DELETE FROM resource_tombstones t USING put WHERE t.kind = put.kind AND t.id = put.id)
        SELECT 1 FROM put
        """;

    public const string Insert =
        $"""
        WITH put AS (
            INSERT INTO resources ({Columns})
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $13)
        {InsertFrom}
        """;

    // $15 service, $16 name, $17 key, $18 payload, $19 version that was read or 0, of the record. The record leads: what
    // is not as it was read brings no row.
    public const string InsertWithRecord =
        $"""
        WITH stored AS (
            INSERT INTO orleans_state (service, state_name, n0, n1, extension, payload, version)
            SELECT $15, $16, 0, 0, $17, $18, 1
            WHERE ($19 = 0 OR EXISTS (
                SELECT 1 FROM orleans_state WHERE service = $15 AND state_name = $16 AND n0 = 0 AND n1 = 0 AND extension = $17))
                AND NOT EXISTS (SELECT 1 FROM resources WHERE kind = $1 AND id = $2 AND version > $10)
            ON CONFLICT (service, state_name, n0, n1, extension) DO UPDATE
            SET payload = excluded.payload, version = orleans_state.version + 1
            WHERE orleans_state.version = $19
            RETURNING 1),
        put AS (
            INSERT INTO resources ({Columns})
            SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $13 FROM stored
        {InsertFrom}
        """;

    private const string Put =
        """
        UPDATE resources
        SET name = $3, parent = $4, home = $5, epoch = $6, state = $7, tags = $8, summary = $9, version = $10
        WHERE kind = $1 AND id = $2 AND version < $10
        """;

    /// <summary>Changes a row whose tags stay as they are.</summary>
    public const string Update = $"{Put} AND tags = $8";

    public const string UpdateWithTags = $"WITH put AS ({Put} RETURNING kind, id, created_at), {PutTags} SELECT 1 FROM put";

    // $11 service, $12 name, $13 key, $14 payload, $15 version that was read, of the record. One row back says that the
    // record was written, two that the index' row was, too.
    public const string UpdateWithRecord =
        $"""
        WITH stored AS (
            UPDATE orleans_state SET payload = $14, version = version + 1
            WHERE service = $11 AND state_name = $12 AND n0 = 0 AND n1 = 0 AND extension = $13 AND version = $15
            RETURNING 1),
        put AS ({Put} AND tags = $8 AND EXISTS (SELECT 1 FROM stored) RETURNING 1)
        SELECT 1 FROM stored UNION ALL SELECT 1 FROM put
        """;

    /// <summary>
    /// $1 kind, $2 id, $3 now, $4 the time before which deletions are forgotten: each deletion sweeps some of those, and
    /// no other work is needed to keep them few.
    /// </summary>
    public const string Delete =
        """
        WITH gone AS (
            DELETE FROM resources WHERE kind = $1 AND id = $2 RETURNING kind, id),
        told AS (
            INSERT INTO resource_tombstones (kind, id, deleted_at) SELECT kind, id, $3 FROM gone
            ON CONFLICT (kind, id) DO UPDATE SET deleted_at = excluded.deleted_at),
        forgotten AS (
            DELETE FROM resource_tombstones WHERE ctid = ANY (ARRAY(
                SELECT ctid FROM resource_tombstones
                WHERE deleted_at < $4 AND (kind, id) <> ($1, $2)
                ORDER BY deleted_at LIMIT 100 FOR UPDATE SKIP LOCKED))
            RETURNING revision),
        raised AS (
            UPDATE resource_horizon SET forgotten = last.revision
            FROM (SELECT max(revision) AS revision FROM forgotten) last
            WHERE resource_horizon.forgotten < last.revision)
        SELECT 1 FROM gone
        """;
}
