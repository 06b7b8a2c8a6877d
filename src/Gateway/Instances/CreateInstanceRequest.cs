using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Instances.Policies;
using Hypeman.Gateway.Errors;
using Hypeman.Gateway.Instances.Policies;
using Hypeman.Gateway.Requests;
using Hypeman.Gateway.Snapshots;
using Hypeman.Gateway.Values;

namespace Hypeman.Gateway.Instances;

/// <summary>The body of POST /instances. How large an instance may be is decided where instances are made.</summary>
internal static class CreateInstanceRequest
{
    private const long DefaultMemoryBytes = 1L << 30;
    private const long DefaultOverlayBytes = 10L << 30;
    private const int DefaultVcpus = 2;

    private delegate bool TryParse(string text, out long value, out string problem);

    public static InstanceSpec Read(FieldReader fields)
    {
        var network = fields.Object("network");
        var spec = new InstanceSpec
        {
            Name = ResourceName.FromBody(fields),
            Image = fields.RequiredString("image"),
            MemoryBytes = Size(fields, "size", "invalid_size", DefaultMemoryBytes, Sizes.TryParseBytes),
            HotplugBytes = Size(fields, "hotplug_size", "invalid_hotplug_size", 0, Sizes.TryParseBytes),
            OverlayBytes = Size(fields, "overlay_size", "invalid_overlay_size", DefaultOverlayBytes, Sizes.TryParseBytes),
            DiskBytesPerSecond = Size(fields, "disk_io_bps", "invalid_disk_io_bps", 0, Sizes.TryParseRate),
            Vcpus = fields.Int("vcpus", min: 1) ?? DefaultVcpus,
            Env = fields.StringMap("env") ?? new Dictionary<string, string>(),
            Tags = Tags.FromBody(fields),
            NetworkEnabled = network?.Bool("enabled", true) ?? true,
            DownloadBytesPerSecond = Size(
                network, "bandwidth_download", "invalid_bandwidth_download", 0, Sizes.TryParseBandwidth),
            UploadBytesPerSecond = Size(
                network, "bandwidth_upload", "invalid_bandwidth_upload", 0, Sizes.TryParseBandwidth),
            Hypervisor = HypervisorName.FromBody(fields, "hypervisor"),
            SkipKernelHeaders = fields.Bool("skip_kernel_headers", false),
            SkipGuestAgent = fields.Bool("skip_guest_agent", false),
            Entrypoint = Arguments(fields, "entrypoint"),
            Cmd = Arguments(fields, "cmd"),
            Placement = PlacementRequest.Read(fields),
            SnapshotPolicy = CompressionFields.ReadPolicy(fields),
            Lifetime = LifetimeFields.Read(fields),
            AutoStandby = AutoStandbyFields.Read(fields),
            HealthCheck = HealthCheckFields.Read(fields) is { Kind: not HealthCheckKind.None } check ? check : null,
            RestartPolicy = RestartPolicyFields.Read(fields) is { Mode: not RestartMode.Never } policy ? policy : null,
        };
        LaterFields.Refuse(fields, network);
        Check(spec, fields.Problems);
        return spec;
    }

    /// <summary>A list of arguments for the guest; an empty one counts as none.</summary>
    public static IReadOnlyList<string>? Arguments(FieldReader fields, string name)
    {
        var arguments = fields.Strings(name);
        ProgramText.CheckArguments(arguments, fields.PathOf(name), fields.Problems);
        return arguments is { Count: > 0 } ? arguments : null;
    }

    private static long Size(FieldReader? fields, string name, string code, long otherwise, TryParse tryParse)
    {
        if (fields?.String(name) is not { } text)
            return otherwise;
        if (!tryParse(text, out var value, out var problem))
            fields.Problems.Add(code, fields.PathOf(name), problem);
        return value;
    }

    private static void Check(InstanceSpec spec, Problems problems)
    {
        // What does not even fit the schema has been named; what follows from it would only be noise.
        if (problems.Count > 0)
            return;
        if (spec.Image.Length == 0)
            problems.Add("invalid_name", "image", "must not be empty");
        if (spec.MemoryBytes == 0)
            problems.Add("invalid_size", "size", "must be more than zero");
        if (spec.OverlayBytes == 0)
            problems.Add("invalid_overlay_size", "overlay_size", "must be more than zero");
        ProgramText.CheckEnv(spec.Env, "env", problems);
    }
}
