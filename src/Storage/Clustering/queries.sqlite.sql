-- What must be written differently for SQLite, where changes() tells how many rows the statement before it changed.

-- name: InsertMembershipVersionKey
INSERT INTO orleans_cluster (cluster, version) VALUES (@DeploymentId, 0) ON CONFLICT DO NOTHING;
SELECT changes();

-- name: InsertMembershipKey
BEGIN IMMEDIATE;
UPDATE orleans_cluster SET version = version + 1
WHERE cluster = @DeploymentId AND version = @Version AND NOT EXISTS (
    SELECT 1 FROM orleans_member
    WHERE cluster = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation);
INSERT INTO orleans_member
    (cluster, address, port, generation, silo_name, host_name, status, proxy_port, start_time, alive_time)
SELECT @DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime
WHERE changes() > 0;
SELECT changes();
COMMIT;

-- name: UpdateMembershipKey
BEGIN IMMEDIATE;
UPDATE orleans_cluster SET version = version + 1
WHERE cluster = @DeploymentId AND version = @Version AND EXISTS (
    SELECT 1 FROM orleans_member
    WHERE cluster = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation);
UPDATE orleans_member SET status = @Status, suspect_times = @SuspectTimes, alive_time = @IAmAliveTime
WHERE changes() > 0
    AND cluster = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation;
SELECT changes();
COMMIT;

-- name: DeleteReminderRowKey
DELETE FROM orleans_reminder
WHERE service = @ServiceId AND grain = @GrainId AND name = @ReminderName AND version = @Version;
SELECT changes();
