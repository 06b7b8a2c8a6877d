namespace Hypeman.Tests.Gateway.Contract;

/// <summary>
/// What the public API that we are compatible with calls things, for the operations that this project has reached.
/// A new operation is first written down here.
/// </summary>
internal static class ContractFacts
{
    /// <summary>The name of an operation, its query parameters in order, and its status when all is well.</summary>
    public sealed record Operation(string OperationId, string Status, params string[] Parameters);

    public static IReadOnlyDictionary<string, Operation> Operations { get; } = new Dictionary<string, Operation>
    {
        ["GET /health"] = new("getHealth", "200"),
        ["GET /capabilities"] = new("getCapabilities", "200"),
        ["GET /instances"] = new("listInstances", "200", "state", "tags"),
        ["POST /instances"] = new("createInstance", "201"),
        ["GET /instances/{id}"] = new("getInstance", "200"),
        ["PATCH /instances/{id}"] = new("updateInstance", "200"),
        ["DELETE /instances/{id}"] = new("deleteInstance", "204", "graceful_shutdown"),
        ["POST /instances/{id}/start"] = new("startInstance", "200"),
        ["POST /instances/{id}/stop"] = new("stopInstance", "200"),
        ["POST /instances/{id}/standby"] = new("standbyInstance", "200"),
        ["POST /instances/{id}/restore"] = new("restoreInstance", "200"),
        ["POST /instances/{id}/fork"] = new("forkInstance", "201"),
        ["POST /instances/{id}/snapshots"] = new("createInstanceSnapshot", "201"),
        ["POST /instances/{id}/snapshots/{snapshotId}/restore"] = new("restoreInstanceSnapshot", "200"),
        ["GET /instances/{id}/snapshot-schedule"] = new("getInstanceSnapshotSchedule", "200"),
        ["PUT /instances/{id}/snapshot-schedule"] = new("setInstanceSnapshotSchedule", "200"),
        ["DELETE /instances/{id}/snapshot-schedule"] = new("deleteInstanceSnapshotSchedule", "204"),
        ["GET /snapshots"] = new("listSnapshots", "200", "source_instance_id", "kind", "name", "tags"),
        ["GET /snapshots/{snapshotId}"] = new("getSnapshot", "200"),
        ["DELETE /snapshots/{snapshotId}"] = new("deleteSnapshot", "204"),
        ["POST /snapshots/{snapshotId}/fork"] = new("forkSnapshot", "201"),
        ["GET /instances/{id}/wait"] = new("waitForInstanceState", "200", "state", "timeout"),
        ["GET /instances/{id}/stat"] = new("statInstancePath", "200", "path", "follow_links"),
        ["GET /instances/{id}/stats"] = new("getInstanceStats", "200"),
        ["GET /instances/{id}/auto-standby/status"] = new("getAutoStandbyStatus", "200"),
        ["POST /instances/{id}/auto-standby/hold"] = new("holdAutoStandby", "200"),
        ["GET /instances/{id}/logs"] = new("getInstanceLogs", "200", "tail", "follow", "source"),
        ["GET /images"] = new("listImages", "200", "tags"),
        ["POST /images"] = new("createImage", "202"),
        ["GET /images/{name}"] = new("getImage", "200"),
        ["DELETE /images/{name}"] = new("deleteImage", "204"),
        ["GET /ingresses"] = new("listIngresses", "200", "tags"),
        ["POST /ingresses"] = new("createIngress", "201"),
        ["GET /ingresses/{id}"] = new("getIngress", "200"),
        ["DELETE /ingresses/{id}"] = new("deleteIngress", "204"),
    };

    /// <summary>The fields that requests may carry.</summary>
    public static IReadOnlyDictionary<string, string[]> Requests { get; } = new Dictionary<string, string[]>
    {
        ["CreateInstanceRequest"] = Words(
            "name image platform size hotplug_size overlay_size disk_io_bps vcpus env credentials tags ttl expires_at network"
            + " devices gpu volumes hypervisor snapshot_policy auto_standby health_check restart_policy skip_kernel_headers"
            + " skip_guest_agent entrypoint cmd"),
        ["UpdateInstanceRequest"] = Words("env auto_standby health_check restart_policy ttl expires_at"),
        ["AutoStandbyPolicy"] = Words("enabled idle_timeout ignore_source_cidrs ignore_destination_ports"),
        ["HealthCheck"] = Words("type interval timeout start_period failure_threshold success_threshold http tcp exec"),
        ["HealthCheckHTTP"] = Words("port path scheme expected_status"),
        ["HealthCheckTCP"] = Words("port"),
        ["HealthCheckExec"] = Words("command working_dir"),
        ["RestartPolicy"] = Words("policy backoff max_attempts stable_after"),
        ["StartInstanceRequest"] = Words("entrypoint cmd"),
        ["StandbyInstanceRequest"] = Words("compression compression_delay"),
        ["ForkInstanceRequest"] = Words("name from_running target_state"),
        ["CreateSnapshotRequest"] = Words("kind name tags compression"),
        ["SnapshotCompressionConfig"] = Words("enabled algorithm level"),
        ["SnapshotPolicy"] = Words("compression standby_compression_delay"),
        ["SetSnapshotScheduleRequest"] = Words("interval name_prefix metadata retention"),
        ["SnapshotScheduleRetention"] = Words("max_count max_age"),
        ["RestoreSnapshotRequest"] = Words("target_state target_hypervisor"),
        ["ForkSnapshotRequest"] = Words("name target_state target_hypervisor"),
        ["CreateImageRequest"] = Words("name platform credentials tags"),
        ["RegistryCredentials"] = Words("username password registry_token"),
        ["CreateIngressRequest"] = Words("name rules tags"),
        ["IngressRule"] = Words("match target tls redirect_http request_header_auth"),
        ["IngressRequestHeaderAuth"] = Words("header value"),
        ["IngressMatch"] = Words("hostname port"),
        ["IngressTarget"] = Words("instance port"),
    };

    /// <summary>The fields that answers may have.</summary>
    public static IReadOnlyDictionary<string, string[]> Answers { get; } = new Dictionary<string, string[]>
    {
        ["Health"] = Words("status"),
        ["Error"] = Words("code message details inner_error"),
        ["ErrorDetail"] = Words("code message"),
        ["Instance"] = Words(
            "id name image platform state state_error size hotplug_size overlay_size vcpus disk_io_bps env tags network volumes"
            + " gpu created_at expires_at started_at stopped_at exit_code exit_message has_snapshot hypervisor snapshot_policy"
            + " auto_standby health_check health_status restart_policy restart_status phase_durations_ms current_phase"
            + " current_phase_since"),
        ["AutoStandbyStatus"] = Words(
            "supported configured enabled eligible status reason active_inbound_connections idle_timeout idle_since"
            + " last_inbound_activity_at next_standby_at hold_until countdown_remaining tracking_mode"),
        ["InstanceHealthStatus"] = Words(
            "status consecutive_successes consecutive_failures last_checked_at last_success_at last_failure_at last_error"),
        ["RestartStatus"] = Words("attempts last_attempt_at next_attempt_at blocked_reason last_reason"),
        ["WaitForStateResponse"] = Words("state state_error timed_out"),
        ["PathInfo"] = Words("exists is_dir is_file is_symlink link_target mode size error"),
        ["InstanceStats"] = Words(
            "instance_id instance_name cpu_seconds memory_rss_bytes memory_vms_bytes network_rx_bytes network_tx_bytes"
            + " allocated_vcpus allocated_memory_bytes memory_utilization_ratio"),
        ["SnapshotSchedule"] = Words(
            "instance_id interval name_prefix metadata retention next_run_at last_run_at last_snapshot_id last_error created_at"
            + " updated_at"),
        ["Snapshot"] = Words(
            "id name kind tags source_instance_id source_instance_name source_hypervisor created_at size_bytes compression_state"
            + " compression_error compression compressed_size_bytes uncompressed_size_bytes"),
        ["Image"] = Words(
            "name digest platform status queue_position error size_bytes entrypoint cmd env tags working_dir created_at"),
        ["Ingress"] = Words("id name tags rules created_at"),
        ["Capabilities"] = Words("server host default_runtime runtimes network images features"),
    };

    /// <summary>The fields that are always there.</summary>
    public static IReadOnlyDictionary<string, string[]> Required { get; } = new Dictionary<string, string[]>
    {
        ["Health"] = Words("status"),
        ["Error"] = Words("code message"),
        ["CreateInstanceRequest"] = Words("name image"),
        ["Instance"] = Words("id name image state created_at expires_at"),
        ["WaitForStateResponse"] = Words("state timed_out"),
        ["PathInfo"] = Words("exists"),
        ["InstanceStats"] = Words(
            "instance_id instance_name cpu_seconds memory_rss_bytes memory_vms_bytes network_rx_bytes network_tx_bytes"
            + " allocated_vcpus allocated_memory_bytes"),
        ["HealthCheckHTTP"] = Words("port"),
        ["HealthCheckTCP"] = Words("port"),
        ["HealthCheckExec"] = Words("command"),
        ["InstanceHealthStatus"] = Words("status consecutive_successes consecutive_failures"),
        ["SetSnapshotScheduleRequest"] = Words("interval retention"),
        ["SnapshotSchedule"] = Words("instance_id interval retention next_run_at created_at updated_at"),
        ["ForkInstanceRequest"] = Words("name"),
        ["CreateSnapshotRequest"] = Words("kind"),
        ["SnapshotCompressionConfig"] = Words("enabled"),
        ["ForkSnapshotRequest"] = Words("name"),
        ["Snapshot"] = Words("id kind source_instance_id source_instance_name source_hypervisor created_at size_bytes"),
        ["CreateImageRequest"] = Words("name"),
        ["Image"] = Words("name digest status created_at"),
        ["CreateIngressRequest"] = Words("name rules"),
        ["IngressRule"] = Words("match target"),
        ["IngressMatch"] = Words("hostname"),
        ["IngressTarget"] = Words("instance port"),
        ["Ingress"] = Words("id name rules created_at"),
        ["Capabilities"] = Words("server host default_runtime runtimes network images features"),
    };

    private static string[] Words(string text) => text.Split(' ');
}
