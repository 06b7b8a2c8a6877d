using System.Globalization;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.Tests.NodeRuntime.Vms;

/// <summary>What tests do with guests that sleep and wake.</summary>
internal static class SleepingVms
{
    /// <summary>Counts in its memory, from zero at each boot, and shows the number.</summary>
    /// <param name="before">What the shell does first.</param>
    internal static VmSpec Counting(string before = "") => TestVms.Spec(
        TestVms.NewId(), "/bin/sh", "-c",
        before + "rm -f /tmp/n; n=0; while :; do n=$((n+1)); echo $n > /tmp/part; mv /tmp/part /tmp/n; sleep 0.1; done");

    internal static async Task<int> CountAsync(this TestVms vms, string id)
    {
        var (output, code) = await vms.ExecAsync(
            id, "/bin/sh", "-c", "while [ ! -e /tmp/n ]; do sleep 0.1; done; cat /tmp/n");
        Assert.Equal(0, code);
        return int.Parse(output, CultureInfo.InvariantCulture);
    }

    internal static Task<VmStatus> StandbyAsync(this TestVms vms, string id) =>
        vms.Host.StandbyAsync(id, epoch: 1, isUsed: null, CancellationToken.None);

    /// <summary>Restores it and waits until it is ready.</summary>
    internal static async Task<VmStatus> WakeAsync(this TestVms vms, string id)
    {
        await vms.Host.RestoreAsync(id, epoch: 1, CancellationToken.None);
        return await vms.ReachAsync(id, VmPhase.Running);
    }

    /// <summary>All that is kept of the memories of the VM, and all bases.</summary>
    internal static IReadOnlyList<string> SavedFiles(this TestVms vms, string id) =>
    [
        .. ((string[])[vms.Layout.Vm(id).Memory, vms.Layout.Memory]).Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)),
    ];
}
