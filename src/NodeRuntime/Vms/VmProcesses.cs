using System.Globalization;
using System.Text;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>
/// Finds the hypervisor processes of a host by the owner that each carries in its environment, so that also one is
/// found whose identity did not come as far as its ledger.
/// </summary>
internal static class VmProcesses
{
    /// <summary>Its value is the directory of the VM.</summary>
    internal const string OwnerVariable = "HYPEMAN_VM";

    /// <summary>All processes of VMs whose directory lies in this one, with the VM's id.</summary>
    internal static IReadOnlyList<(ProcessIdentity Process, string VmId)> Find(string vmsDirectory)
    {
        var marker = Encoding.UTF8.GetBytes($"{OwnerVariable}={vmsDirectory}/");
        var found = new List<(ProcessIdentity, string)>();
        foreach (var path in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out var pid)
                && ProcessIdentity.Of(pid) is { } process
                && ReadOwner($"{path}/environ", marker) is { } vmId
                && process.IsAlive)
                found.Add((process, vmId));
        }
        return found;
    }

    private static string? ReadOwner(string environ, byte[] marker)
    {
        try
        {
            ReadOnlySpan<byte> bytes = File.ReadAllBytes(environ);
            foreach (var range in bytes.Split((byte)0))
            {
                if (bytes[range].StartsWith(marker))
                    return Encoding.UTF8.GetString(bytes[range][marker.Length..]);
            }
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile, or is one of the kernel's.
            return null;
        }
    }
}
