using Microsoft.Extensions.Logging;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>
/// Removes what no VM of ours owns: hypervisor processes, directories without a ledger, control groups, TAPs, memory
/// bases. It looks at
/// what there is first and at who is known afterwards, and a VM is known before it has anything; so nothing of a VM
/// that is just being made is ever taken for an orphan.
/// </summary>
internal sealed class VmSweeper(VmHost vms, VmContext host)
{
    internal async Task SweepAsync()
    {
        foreach (var (process, vmId) in VmProcesses.Find(host.Layout.Vms))
        {
            if (vms.Knows(vmId))
                continue;
            host.Log.LogWarning("Killing process {Pid} of VM {Vm}, which is not here any more", process.Pid, vmId);
            await VmRelease.KillAsync(process, host.Time);
        }
        foreach (var vmId in host.Layout.ListVms())
        {
            if (vms.Knows(vmId) || File.Exists(host.Layout.Vm(vmId).LedgerFile))
                continue;
            host.Log.LogWarning("Removing the rest of VM {Vm}, which never came to be or was being deleted", vmId);
            Directory.Delete(host.Layout.Vm(vmId).Directory, recursive: true);
        }
        foreach (var vmId in host.Cgroups.List().Where(vmId => !vms.Knows(vmId)))
            host.Cgroups.TryRemove(vmId);
        host.Memory.Sweep();
    }

    /// <summary>Only before the first order: a TAP that is made while it runs could be taken for an orphan.</summary>
    internal Task SweepNetworkAsync(CancellationToken cancellationToken) =>
        host.Network.SweepAsync(vms.Ids.ToHashSet(), cancellationToken);
}
