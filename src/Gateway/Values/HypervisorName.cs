using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Values;

/// <summary>The hypervisors that the API knows; which of them a node has is for the node to say.</summary>
internal static class HypervisorName
{
    private static readonly string[] Known = ["cloud-hypervisor", "firecracker", "qemu", "qemu-microvm", "vz"];

    /// <summary>Null when the field is left out.</summary>
    public static string? FromBody(FieldReader fields, string field)
    {
        var name = fields.String(field);
        if (name is not null && !Known.Contains(name))
            fields.Problems.AddSchema(fields.PathOf(field), $"must be one of {string.Join(", ", Known)}, but is \"{name}\"");
        return name;
    }
}
