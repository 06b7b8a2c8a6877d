-- What must be written differently for PostgreSQL: one statement each, so that it is atomic by itself.

-- name: InsertMembershipVersionKey
WITH made AS (
    INSERT INTO orleans_cluster (cluster, version) VALUES (@DeploymentId, 0) ON CONFLICT DO NOTHING RETURNING 1)
SELECT count(*)::integer FROM made;

-- name: InsertMembershipKey
WITH bumped AS (
    UPDATE orleans_cluster SET version = version + 1
    WHERE cluster = @DeploymentId AND version = @Version AND NOT EXISTS (
        SELECT 1 FROM orleans_member
        WHERE cluster = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
    RETURNING cluster),
made AS (
    INSERT INTO orleans_member
        (cluster, address, port, generation, silo_name, host_name, status, proxy_port, start_time, alive_time)
    SELECT cluster, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime
    FROM bumped
    RETURNING 1)
SELECT count(*)::integer FROM made;

-- name: UpdateMembershipKey
WITH bumped AS (
    UPDATE orleans_cluster SET version = version + 1
    WHERE cluster = @DeploymentId AND version = @Version AND EXISTS (
        SELECT 1 FROM orleans_member
        WHERE cluster = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
    RETURNING cluster),
changed AS (
    UPDATE orleans_member m SET status = @Status, suspect_times = @SuspectTimes, alive_time = @IAmAliveTime
    FROM bumped
    WHERE m.cluster = bumped.cluster AND m.address = @Address AND m.port = @Port AND m.generation = @Generation
    RETURNING 1)
SELECT count(*)::integer FROM changed;

-- name: DeleteReminderRowKey
WITH gone AS (
    DELETE FROM orleans_reminder
    WHERE service = @ServiceId AND grain = @GrainId AND name = @ReminderName AND version = @Version
    RETURNING 1)
SELECT count(*)::integer FROM gone;
