using System.Globalization;
using System.Text;
using Hypeman.NodeRuntime.Snapshots;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.Tests.NodeRuntime.Vms;

/// <summary>What tests do with snapshots of guests, and with guests made from them.</summary>
internal static class CopiedVms
{
    private const int Port = 8000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Also gives its files in /tmp to whoever asks for them at its port.</summary>
    internal static VmSpec CountingAndServing() => SleepingVms.Counting($"httpd -p {Port} -h /tmp; ");

    internal static string NewSnapshotId() => "s" + Guid.NewGuid().ToString("N")[..23];

    /// <summary>A VM with an id, a name and a machine id of its own.</summary>
    internal static VmSpec CopyOf(VmSpec source)
    {
        var id = TestVms.NewId();
        return source with { Id = id, Boot = 1, Hostname = id, MachineId = Guid.NewGuid().ToString("N") };
    }

    internal static ForkSource Source(VmSpec of) => ForkSource.Vm(of.Id, of.Epoch);

    internal static Task<VmStatus> ForkAsync(this TestVms vms, VmSpec copy, ForkSource source, bool withMemory = true) =>
        vms.Host.ForkAsync(copy, source, withMemory, CancellationToken.None);

    /// <summary>Makes a copy with memory and has it go on.</summary>
    internal static async Task<VmSpec> ForkAwakeAsync(this TestVms vms, VmSpec source, ForkSource? from = null)
    {
        var copy = CopyOf(source);
        await vms.ForkAsync(copy, from ?? Source(source));
        await vms.WakeAsync(copy.Id);
        return copy;
    }

    internal static Task<SnapshotStatus> TakeAsync(this TestVms vms, string id, VmSpec of, bool withMemory = true) =>
        vms.Snapshots.TakeAsync(id, of.Id, of.Epoch, withMemory, CancellationToken.None);

    internal static Task<VmStatus> RevertAsync(this TestVms vms, VmSpec spec, string snapshotId, bool withMemory = true) =>
        vms.Host.RevertAsync(spec, snapshotId, withMemory, CancellationToken.None);

    internal static Task<VmStatus> StopAsync(this TestVms vms, VmSpec spec) =>
        vms.Host.StopAsync(spec.Id, spec.Epoch, TimeSpan.Zero, CancellationToken.None);

    internal static Task DeleteAsync(this TestVms vms, VmSpec spec) =>
        vms.Host.DeleteAsync(spec.Id, spec.Epoch, CancellationToken.None);

    /// <summary>Runs a line in the guest's shell, which must not fail.</summary>
    internal static async Task<string> ShellAsync(this TestVms vms, VmSpec spec, string line)
    {
        var (output, code) = await vms.ExecAsync(spec.Id, "/bin/sh", "-c", line);
        Assert.True(code == 0, $"{line}: exit code {code}, {output}");
        return output.TrimEnd();
    }

    /// <summary>What the guest's server says of a file in /tmp, asked at the VM's address.</summary>
    internal static async Task<string> GetAsync(this TestVms vms, VmSpec spec, string file)
    {
        using var late = new CancellationTokenSource(Patience);
        await using var stream = await vms.Host.ConnectAsync(spec.Id, Port, keepsAwake: true, late.Token);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET /{file} HTTP/1.0\r\n\r\n"), late.Token);
        using var reader = new StreamReader(stream);
        var answer = await reader.ReadToEndAsync(late.Token);
        return answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..].TrimEnd();
    }

    /// <summary>Inside and outside, the guest is who its node says it is, and no one else.</summary>
    internal static async Task AssertIsItselfAsync(this TestVms vms, VmSpec spec)
    {
        var status = vms.Host.Find(spec.Id)!;
        var gateway = vms.Network.AddressOf(System.Net.IPAddress.Parse(status.Ip!)).Gateway;
        var seen = await vms.ShellAsync(
            spec,
            "hostname; echo $HOSTNAME; cat /etc/hostname; cat /sys/class/net/eth0/address;"
            + " ip -4 addr show dev eth0 | sed -n 's|.*inet \\([0-9.]*\\).*|\\1|p'; ip route | sed -n 's|default via \\([0-9.]*\\).*|\\1|p';"
            + " sed -n \"s|\tv.*||p\" /etc/hosts");
        Assert.Equal([spec.Hostname, spec.Hostname, spec.Hostname, status.Mac!, status.Ip!, $"{gateway}", status.Ip!], seen.Split('\n'));
        await vms.ShellAsync(spec, "ping -c 1 -W 10 203.0.113.2");
    }

    /// <summary>All bases of memories on this host.</summary>
    internal static IReadOnlyList<string> Bases(this TestVms vms) => [.. Directory.EnumerateFileSystemEntries(vms.Layout.Memory)];

    /// <summary>Neither a snapshot, whole or not, nor a base, nor what was on its way to a VM.</summary>
    internal static void AssertNoCopyIsLeft(this TestVms vms)
    {
        Assert.Empty(vms.Snapshots.List());
        Assert.Empty(Directory.EnumerateFileSystemEntries(vms.Layout.Snapshots));
        Assert.Empty(vms.Bases());
        Assert.All(vms.Layout.ListVms(), id => Assert.False(Directory.Exists(vms.Layout.Vm(id).Arrival.Directory)));
    }

    internal static void Report(string what, IReadOnlyDictionary<string, double> timings, SavedMemory? saved) =>
        TestContext.Current.TestOutputHelper!.WriteLine($"{what}: {saved} " + string.Join(
            ' ', timings.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key}={pair.Value:0.0}"))));
}
