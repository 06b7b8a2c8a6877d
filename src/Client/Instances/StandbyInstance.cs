using Hypeman.Client.Snapshots;

namespace Hypeman.Client.Instances;

/// <summary>What is to become of the memory that a standby saves; what the instance's policy says where left out.</summary>
/// <param name="Compression">Of the memory.</param>
/// <param name="CompressionDelay">How long after the standby, for example <c>30s</c>.</param>
public sealed record StandbyInstance(Compression? Compression = null, string? CompressionDelay = null);
