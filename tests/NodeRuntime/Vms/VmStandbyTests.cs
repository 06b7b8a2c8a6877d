using System.Globalization;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.Tests.NodeRuntime.Vms;

/// <summary>Sleep and wake of real guests.</summary>
[Trait("Category", "Vm")]
public sealed class VmStandbyTests
{
    /// <summary>Counts in its memory, from zero at each boot, and shows the number.</summary>
    private static readonly string[] Counter =
        ["/bin/sh", "-c", "n=0; while :; do n=$((n+1)); echo $n > /tmp/part; mv /tmp/part /tmp/n; sleep 0.1; done"];

    [Fact]
    public async Task A_guest_goes_on_where_it_was_again_and_again()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = TestVms.Spec(TestVms.NewId(), Counter);
        var running = await vms.RunAsync(spec);
        await vms.ExecAsync(spec.Id, "/bin/sh", "-c", "echo kept > /kept");
        for (var round = 1; round <= 3; round++)
        {
            var counted = await CountAsync(vms, spec.Id);
            var resting = await vms.Host.StandbyAsync(spec.Id, 1, CancellationToken.None);
            TestContext.Current.TestOutputHelper!.WriteLine($"standby {round}: {resting.Saved} {Words(resting)}");
            Assert.Equal((VmPhase.Standby, running.Ip, running.Mac, 1), (resting.Phase, resting.Ip, resting.Mac, resting.Boot));
            Assert.Empty(vms.Processes(spec.Id));
            Assert.Empty(await vms.Network.ListTapsAsync());
            Assert.Empty(vms.Context.Cgroups.List());

            await vms.Host.RestoreAsync(spec.Id, 1, CancellationToken.None);
            var awake = await vms.ReachAsync(spec.Id, VmPhase.Running);
            TestContext.Current.TestOutputHelper!.WriteLine($"restore {round}: {Words(awake)}");
            Assert.Equal(
                (running.Ip, running.Mac, running.StartedAt, 1), (awake.Ip, awake.Mac, awake.StartedAt, awake.Boot));
            Assert.Equal(("kept\n", 0), await vms.ExecAsync(spec.Id, "/bin/cat", "/kept"));
            Assert.InRange(await CountAsync(vms, spec.Id), counted + 1, counted + 1000);
        }
    }

    private static async Task<int> CountAsync(TestVms vms, string id)
    {
        var (output, code) = await vms.ExecAsync(id, "/bin/cat", "/tmp/n");
        Assert.Equal(0, code);
        return int.Parse(output, CultureInfo.InvariantCulture);
    }

    private static string Words(VmStatus status) =>
        string.Join(' ', status.Timings.Select(pair => $"{pair.Key}={pair.Value:0.0}"));
}
