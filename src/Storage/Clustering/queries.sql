-- Queries that read the same on both databases.

-- name: GatewaysQueryKey
SELECT address AS "Address", proxy_port AS "ProxyPort", generation AS "Generation"
FROM orleans_member
WHERE cluster = @DeploymentId AND status = @Status AND proxy_port > 0;

-- name: MembershipReadRowKey
SELECT m.address AS "Address", m.port AS "Port", m.generation AS "Generation", m.silo_name AS "SiloName",
       m.host_name AS "HostName", m.status AS "Status", m.proxy_port AS "ProxyPort",
       m.suspect_times AS "SuspectTimes", m.start_time AS "StartTime", m.alive_time AS "IAmAliveTime",
       c.version AS "Version"
FROM orleans_cluster c
LEFT JOIN orleans_member m ON m.cluster = c.cluster
    AND m.address = @Address AND m.port = @Port AND m.generation = @Generation
WHERE c.cluster = @DeploymentId;

-- name: MembershipReadAllKey
SELECT m.address AS "Address", m.port AS "Port", m.generation AS "Generation", m.silo_name AS "SiloName",
       m.host_name AS "HostName", m.status AS "Status", m.proxy_port AS "ProxyPort",
       m.suspect_times AS "SuspectTimes", m.start_time AS "StartTime", m.alive_time AS "IAmAliveTime",
       c.version AS "Version"
FROM orleans_cluster c
LEFT JOIN orleans_member m ON m.cluster = c.cluster
WHERE c.cluster = @DeploymentId;

-- name: UpdateIAmAlivetimeKey
UPDATE orleans_member SET alive_time = @IAmAliveTime
WHERE cluster = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation;

-- name: DeleteMembershipTableEntriesKey
DELETE FROM orleans_member WHERE cluster = @DeploymentId;
DELETE FROM orleans_cluster WHERE cluster = @DeploymentId;

-- name: CleanupDefunctSiloEntriesKey
-- Only silos that were declared dead (6); one that merely has not reported may be alive.
DELETE FROM orleans_member
WHERE cluster = @DeploymentId AND alive_time < @IAmAliveTime AND status = 6;

-- name: ReadFromStorageKey
SELECT payload AS "PayloadBinary", version AS "Version"
FROM orleans_state
WHERE service = @ServiceId AND state_name = @GrainTypeString AND n0 = @GrainIdN0 AND n1 = @GrainIdN1
    AND extension = coalesce(@GrainIdExtensionString, '');

-- name: WriteToStorageKey
-- One statement makes the row when there was none, and else replaces the version that was read. No row back means
-- that another writer was first.
INSERT INTO orleans_state (service, state_name, n0, n1, extension, payload, version)
SELECT @ServiceId, @GrainTypeString, @GrainIdN0, @GrainIdN1, coalesce(@GrainIdExtensionString, ''), @PayloadBinary, 1
WHERE @GrainStateVersion IS NULL OR EXISTS (
    SELECT 1 FROM orleans_state
    WHERE service = @ServiceId AND state_name = @GrainTypeString AND n0 = @GrainIdN0 AND n1 = @GrainIdN1
        AND extension = coalesce(@GrainIdExtensionString, ''))
ON CONFLICT (service, state_name, n0, n1, extension) DO UPDATE
    SET payload = excluded.payload, version = orleans_state.version + 1
    WHERE orleans_state.version = @GrainStateVersion
RETURNING version AS "NewGrainStateVersion";

-- name: ClearStorageKey
UPDATE orleans_state SET payload = NULL, version = version + 1
WHERE service = @ServiceId AND state_name = @GrainTypeString AND n0 = @GrainIdN0 AND n1 = @GrainIdN1
    AND extension = coalesce(@GrainIdExtensionString, '') AND version = @GrainStateVersion
RETURNING version AS "NewGrainStateVersion";

-- name: DeleteStorageKey
DELETE FROM orleans_state
WHERE service = @ServiceId AND state_name = @GrainTypeString AND n0 = @GrainIdN0 AND n1 = @GrainIdN1
    AND extension = coalesce(@GrainIdExtensionString, '') AND version = @GrainStateVersion
RETURNING version + 1 AS "NewGrainStateVersion";

-- name: ReadReminderRowsKey
SELECT grain AS "GrainId", name AS "ReminderName", start_time AS "StartTime", period_ms AS "Period", version AS "Version"
FROM orleans_reminder
WHERE service = @ServiceId AND grain = @GrainId;

-- name: ReadReminderRowKey
SELECT grain AS "GrainId", name AS "ReminderName", start_time AS "StartTime", period_ms AS "Period", version AS "Version"
FROM orleans_reminder
WHERE service = @ServiceId AND grain = @GrainId AND name = @ReminderName;

-- name: ReadRangeRows1Key
-- A silo's part of the ring of hashes: begin is not in it, end is.
SELECT grain AS "GrainId", name AS "ReminderName", start_time AS "StartTime", period_ms AS "Period", version AS "Version"
FROM orleans_reminder
WHERE service = @ServiceId AND grain_hash > @BeginHash AND grain_hash <= @EndHash;

-- name: ReadRangeRows2Key
-- The part that goes over the end of the ring.
SELECT grain AS "GrainId", name AS "ReminderName", start_time AS "StartTime", period_ms AS "Period", version AS "Version"
FROM orleans_reminder
WHERE service = @ServiceId AND (grain_hash > @BeginHash OR grain_hash <= @EndHash);

-- name: UpsertReminderRowKey
INSERT INTO orleans_reminder (service, grain, name, grain_hash, start_time, period_ms, version)
VALUES (@ServiceId, @GrainId, @ReminderName, @GrainHash, @StartTime, @Period, 0)
ON CONFLICT (service, grain, name) DO UPDATE
    SET grain_hash = excluded.grain_hash, start_time = excluded.start_time, period_ms = excluded.period_ms,
        version = orleans_reminder.version + 1
RETURNING version AS "Version";

-- name: DeleteReminderRowsKey
DELETE FROM orleans_reminder WHERE service = @ServiceId;
