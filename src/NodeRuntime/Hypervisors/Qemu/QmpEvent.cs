using System.Text.Json;

namespace Hypeman.NodeRuntime.Hypervisors.Qemu;

/// <summary>What QEMU tells of its own accord.</summary>
internal sealed record QmpEvent(string Name, JsonElement Data)
{
    public override string ToString() =>
        Data.ValueKind == JsonValueKind.Object ? $"{Name} {Data.GetRawText()}" : Name;
}
