using Hypeman.Contracts.Snapshots;
using Hypeman.Gateway.Requests;
using Hypeman.Gateway.Values;

namespace Hypeman.Gateway.Snapshots;

/// <summary>What bodies say about the compression of saved memory. A wrong value is noted under the code of where it stands.</summary>
internal static class CompressionFields
{
    private static readonly Dictionary<string, SnapshotAlgorithm> Algorithms =
        Enum.GetValues<SnapshotAlgorithm>().ToDictionary(algorithm => algorithm.ToString(), StringComparer.OrdinalIgnoreCase);

    /// <summary>The object <c>compression</c>; null when it is left out. Of one that is off, nothing else is looked at.</summary>
    public static SnapshotCompression? Read(FieldReader fields, string code)
    {
        if (fields.Object("compression") is not { } compression)
            return null;
        var problems = fields.Problems.Count;
        compression.Require("enabled");
        var (enabled, algorithm, level) = (compression.Bool("enabled", false), compression.String("algorithm"), compression.Int("level"));
        if (!enabled || fields.Problems.Count > problems)
            return SnapshotCompression.Off;
        if (!Algorithms.TryGetValue(algorithm ?? "zstd", out var chosen))
            fields.Problems.Add(code, compression.PathOf("algorithm"), $"must be zstd or lz4, but is \"{algorithm}\"");
        var levels = SnapshotCompression.LevelsOf(chosen);
        if (level < levels.Least || level > levels.Most)
            fields.Problems.Add(
                code, compression.PathOf("level"), $"must be from {levels.Least} to {levels.Most} for {chosen.ToString().ToLowerInvariant()}, but is {level}");
        return new SnapshotCompression { Enabled = true, Algorithm = chosen, Level = level ?? levels.Default };
    }

    /// <summary>A duration from zero on; null when it is left out.</summary>
    public static TimeSpan? ReadDelay(FieldReader fields, string name, string code)
    {
        if (fields.String(name) is not { } text)
            return null;
        if (!GoDuration.TryParse(text, out var delay, out var problem))
            fields.Problems.Add(code, fields.PathOf(name), problem);
        else if (delay < TimeSpan.Zero)
            fields.Problems.Add(code, fields.PathOf(name), $"must not be negative, but is {text}");
        return delay;
    }

    /// <summary>The object <c>snapshot_policy</c>; null when it is left out.</summary>
    public static SnapshotPolicy? ReadPolicy(FieldReader fields)
    {
        const string code = "invalid_snapshot_policy";
        return fields.Object("snapshot_policy") is not { } policy ? null : new SnapshotPolicy
        {
            Compression = Read(policy, code),
            StandbyDelay = ReadDelay(policy, "standby_compression_delay", code),
        };
    }
}
