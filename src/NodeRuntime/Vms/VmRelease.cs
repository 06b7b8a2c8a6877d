using Hypeman.NodeRuntime.Linux;
using Microsoft.Extensions.Logging;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>
/// Gives back what a VM holds only while it runs: process, TAP and rules, sockets, the disk with its secrets. It is the
/// undo of every step of a start, and the end of every run. What is not there is no error, so it can be repeated.
/// </summary>
internal static class VmRelease
{
    /// <summary>For a VM that has no process any more.</summary>
    /// <param name="staysBooted">Its guest goes on later and needs the disk that it has booted with.</param>
    internal static async Task RunAsync(VmContext host, string vmId, bool staysBooted = false)
    {
        var layout = host.Layout.Vm(vmId);
        if (!host.Cgroups.TryRemove(vmId))
            host.Log.LogWarning("The control group of VM {Vm} still holds a process and is removed later", vmId);
        await host.Network.DetachAsync(vmId, CancellationToken.None);
        IEnumerable<string> files = [layout.ControlSocket, layout.AgentSocket, layout.StateFile];
        foreach (var path in staysBooted ? files : files.Append(layout.ConfigDisk))
        {
            if (File.Exists(path))
                File.Delete(path);
        }
    }

    /// <summary>Ends, before all else, any process of this VM that no one holds, whether its ledger knows it or not.</summary>
    internal static async Task RunWithProcessesAsync(VmContext host, string vmId, bool staysBooted = false)
    {
        var strays = VmProcesses.Find(host.Layout.Vms).Where(found => found.VmId == vmId);
        await Task.WhenAll(strays.Select(stray => KillAsync(stray.Process, host.Time)));
        await RunAsync(host, vmId, staysBooted);
    }

    internal static async Task KillAsync(ProcessIdentity identity, TimeProvider time)
    {
        using var process = ProcessHandle.Open(identity);
        if (process is null)
            return;
        process.Kill(ProcessSignal.Kill);
        await process.Exited.WaitAsync(VmEnding.KillDeadline, time);
    }
}
