using Hypeman.Contracts.Snapshots;
using Hypeman.Gateway.Requests;
using Hypeman.Gateway.Snapshots;

namespace Hypeman.Gateway.Instances;

/// <summary>The body of POST /instances/{id}/standby; it may be left out.</summary>
internal static class StandbyInstanceRequest
{
    public static StandbySpec Read(FieldReader fields) => new()
    {
        Compression = CompressionFields.Read(fields, CreateSnapshotRequest.InvalidCompression),
        Delay = CompressionFields.ReadDelay(fields, "compression_delay", "invalid_compression_delay"),
    };
}
