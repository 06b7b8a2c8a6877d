using System.Text.Json;
using System.Text.Json.Serialization;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>The record of one VM on disk. It holds the program's environment, so it is readable for root only.</summary>
internal static class VmLedger
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter() },
        // A record of a later version may know more; what it knows must then not be dropped unseen.
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>The record; null when there is none.</summary>
    /// <exception cref="NodeException">Internal: it cannot be read. It is left as it is.</exception>
    internal static VmRecord? Read(string path)
    {
        try
        {
            var record = JsonSerializer.Deserialize<VmRecord>(File.ReadAllBytes(path), Json);
            return record is { Version: VmRecord.CurrentVersion }
                ? record
                : throw Unreadable(path, $"it has version {record?.Version}, this program reads {VmRecord.CurrentVersion}");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw Unreadable(path, e.Message);
        }
    }

    /// <summary>When it returns, the record survives a power loss.</summary>
    internal static void Write(string path, VmRecord record) =>
        AtomicFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(record, Json));

    private static NodeException Unreadable(string path, string why) =>
        new(NodeErrorKind.Internal, $"The ledger {path} cannot be read: {why}.");
}
