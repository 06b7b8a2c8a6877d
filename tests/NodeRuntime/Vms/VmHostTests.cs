using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.NodeRuntime.Vms;

/// <summary>One real VM at a time, from order to end.</summary>
[Trait("Category", "Vm")]
public sealed class VmHostTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("qemu")]
    [InlineData("qemu-microvm")]
    public async Task A_vm_boots_and_its_agent_runs_commands(string hypervisor)
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = TestVms.Spec(TestVms.NewId(), "/bin/sleep", "1000") with { Hypervisor = hypervisor };
        var status = await vms.RunAsync(spec);

        Assert.NotNull(status.Ip);
        Assert.NotNull(status.StartedAt);
        Assert.Superset(
            (HashSet<string>)["network", "overlay", "config", "open", "spawn", "control", "program", "agent"],
            status.Timings.Keys.ToHashSet());
        var (output, code) = await vms.ExecAsync(spec.Id, "/bin/sh", "-c", "hostname; cat /sys/class/net/eth0/address");
        Assert.Equal((0, $"{spec.Id}\n{status.Mac}\n"), (code, output));
    }

    [Fact]
    public async Task Its_process_has_no_rights_and_owns_nothing()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = TestVms.Spec(TestVms.NewId(), "/bin/sleep", "1000") with { SkipGuestAgent = true };
        await vms.Host.StartAsync(spec, CancellationToken.None);

        var process = Assert.Single(vms.Processes(spec.Id));
        var facts = File.ReadLines($"/proc/{process.Pid}/status").Select(line => line.Split(":\t")).ToDictionary(f => f[0], f => f[^1]);
        var uid = vms.Network.UidOf(System.Net.IPAddress.Parse(vms.Host.Find(spec.Id)!.Ip!));
        Assert.Equal($"{uid}\t{uid}\t{uid}\t{uid}", facts["Uid"]);
        Assert.Equal(("1", "2"), (facts["NoNewPrivs"], facts["Seccomp"]));
        Assert.All((string[])["CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb"], set => Assert.Equal("0000000000000000", facts[set]));
        Assert.Contains("/hypeman/", await File.ReadAllTextAsync($"/proc/{process.Pid}/cgroup"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(vms.Layout.Root));
    }

    [Fact]
    public async Task Its_process_has_no_network_of_its_own_and_its_guest_has_one()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = TestVms.Spec(TestVms.NewId(), "/bin/sleep", "1000");
        var status = await vms.RunAsync(spec);
        var process = Assert.Single(vms.Processes(spec.Id));
        var devices = File.ReadLines($"/proc/{process.Pid}/net/dev").Skip(2).Select(line => line.Split(':')[0].Trim());
        Assert.Equal(["lo"], devices);
        var gateway = vms.Network.AddressOf(System.Net.IPAddress.Parse(status.Ip!)).Gateway;
        Assert.Equal(0, (await vms.ExecAsync(spec.Id, "/bin/ping", "-c", "1", "-W", "10", $"{gateway}")).Code);
    }

    [Fact]
    public async Task A_program_that_ends_leaves_its_exit_code()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = TestVms.Spec(TestVms.NewId(), "/bin/sh", "-c", "echo done with it; exit 7");
        await vms.Host.StartAsync(spec, CancellationToken.None);
        var status = await vms.ReachAsync(spec.Id, VmPhase.Stopped);

        Assert.Equal((7, "exit code 7"), (status.ExitCode, status.ExitMessage));
        Assert.Null(status.Error);
        Assert.NotNull(status.ExitedAt);
        Assert.Empty(await vms.Network.ListTapsAsync());
        Assert.Empty(vms.Context.Cgroups.List());
        Assert.False(File.Exists(vms.Layout.Vm(spec.Id).ConfigDisk));
        var lines = new List<string>();
        await foreach (var batch in vms.Host.ReadLogAsync(spec.Id, VmLog.Console, 100, follow: false, CancellationToken.None))
            lines.AddRange(batch);
        Assert.Contains("done with it", lines);
    }

    [Fact]
    public async Task A_repeated_order_does_not_run_the_program_again()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = TestVms.Spec(TestVms.NewId(), "/bin/true");
        await vms.Host.StartAsync(spec, CancellationToken.None);
        await vms.ReachAsync(spec.Id, VmPhase.Stopped);
        var repeated = await vms.Host.StartAsync(spec, CancellationToken.None);
        Assert.Equal((VmPhase.Stopped, 0), (repeated.Phase, repeated.ExitCode));
        Assert.Empty(vms.Processes(spec.Id));
    }

    [Fact]
    public async Task A_stop_asks_the_program_and_the_disk_is_kept_for_the_next_boot()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = TestVms.Spec(TestVms.NewId(), "/bin/sh", "-c", "trap 'exit 3' TERM; while :; do sleep 0.1; done");
        var first = await vms.RunAsync(spec);
        await vms.ExecAsync(spec.Id, "/bin/sh", "-c", "echo kept > /root/file; sync");
        var stopped = await vms.Host.StopAsync(spec.Id, epoch: 1, Grace, CancellationToken.None);
        Assert.Equal((VmPhase.Stopped, 3), (stopped.Phase, stopped.ExitCode));
        Assert.Equal(stopped, await vms.Host.StopAsync(spec.Id, epoch: 1, Grace, CancellationToken.None));

        var second = await vms.RunAsync(spec with { Boot = 2 });
        Assert.Equal((first.Ip, first.Mac), (second.Ip, second.Mac));
        Assert.Null(second.ExitCode);
        Assert.Equal(("kept\n", 0), await vms.ExecAsync(spec.Id, "/bin/cat", "/root/file"));
    }

    [Fact]
    public async Task A_stop_while_booting_works()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = TestVms.Spec(TestVms.NewId(), "/bin/sleep", "1000");
        await vms.Host.StartAsync(spec, CancellationToken.None);
        var stopped = await vms.Host.StopAsync(spec.Id, epoch: 1, Grace, CancellationToken.None);
        Assert.Equal((VmPhase.Stopped, null, null), (stopped.Phase, stopped.ExitCode, stopped.Error));
        Assert.Empty(vms.Processes(spec.Id));
    }

    [Fact]
    public async Task A_guest_that_takes_too_long_is_unknown_and_one_that_is_late_runs()
    {
        await using var vms = await TestVms.CreateAsync(made => made.BootDeadline = TimeSpan.FromMilliseconds(100));
        var spec = TestVms.Spec(TestVms.NewId(), "/bin/sleep", "1000");
        await vms.Host.StartAsync(spec, CancellationToken.None);
        Assert.Contains("did not start its program", (await vms.ReachAsync(spec.Id, VmPhase.Unknown)).Error);
        Assert.Null((await vms.ReachAsync(spec.Id, VmPhase.Running)).Error);
    }

    [Fact]
    public async Task Each_boot_has_a_console_log_of_its_own()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = TestVms.Spec(TestVms.NewId(), "/bin/sh", "-c", "echo boot number one") with { SkipGuestAgent = true };
        await vms.Host.StartAsync(spec, CancellationToken.None);
        await vms.ReachAsync(spec.Id, VmPhase.Stopped);
        var two = spec with { Boot = 2, Program = new() { Arguments = ["/bin/sh", "-c", "echo boot number two"] } };
        await vms.Host.StartAsync(two, CancellationToken.None);
        await vms.ReachAsync(spec.Id, status => status is { Boot: 2, Phase: VmPhase.Stopped }, "over for the second time");
        var log = vms.Layout.Vm(spec.Id).ConsoleLog;
        Assert.Contains("boot number two", await File.ReadAllTextAsync(log));
        Assert.DoesNotContain("boot number one", await File.ReadAllTextAsync(log));
        Assert.Contains("boot number one", await File.ReadAllTextAsync(log + ".1"));
    }

    [Fact]
    public async Task A_killed_hypervisor_is_a_stop_without_exit_code()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = TestVms.Spec(TestVms.NewId(), "/bin/sleep", "1000");
        await vms.RunAsync(spec);
        using (var process = ProcessHandle.Open(Assert.Single(vms.Processes(spec.Id)))!)
            process.Kill(ProcessSignal.Kill);
        var status = await vms.ReachAsync(spec.Id, VmPhase.Stopped);
        Assert.Null(status.ExitCode);
        Assert.Contains("hypervisor ended", status.Error);
        Assert.Empty(await vms.Network.ListTapsAsync());
    }

    [Fact]
    public async Task A_hypervisor_that_does_not_answer_is_unknown_until_it_does_and_can_be_deleted()
    {
        const int stop = 19, go = 18;
        await using var vms = await TestVms.CreateAsync();
        var spec = TestVms.Spec(TestVms.NewId(), "/bin/sleep", "1000");
        await vms.RunAsync(spec);
        using var process = ProcessHandle.Open(Assert.Single(vms.Processes(spec.Id)))!;
        process.Kill((ProcessSignal)stop);
        vms.Host.ProbeAll();
        var lost = await vms.ReachAsync(spec.Id, VmPhase.Unknown);
        Assert.Contains("does not answer", lost.Error);
        process.Kill((ProcessSignal)go);
        vms.Host.ProbeAll();
        await vms.ReachAsync(spec.Id, VmPhase.Running);
        process.Kill((ProcessSignal)stop);
        vms.Host.ProbeAll();
        await vms.ReachAsync(spec.Id, VmPhase.Unknown);
        await vms.Host.DeleteAsync(spec.Id, epoch: 1, CancellationToken.None);
        Assert.Null(vms.Host.Find(spec.Id));
        Assert.False(process.Identity.IsAlive);
    }

    [Fact]
    public async Task A_delete_removes_everything_and_can_be_repeated()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = TestVms.Spec(TestVms.NewId(), "/bin/sleep", "1000");
        await vms.Host.StartAsync(spec, CancellationToken.None);
        await vms.Host.DeleteAsync(spec.Id, epoch: 1, CancellationToken.None);
        await vms.Host.DeleteAsync(spec.Id, epoch: 1, CancellationToken.None);

        Assert.Null(vms.Host.Find(spec.Id));
        Assert.Empty(vms.Processes(spec.Id));
        Assert.Empty(vms.Layout.ListVms());
        Assert.Empty(await vms.Network.ListTapsAsync());
        Assert.Empty(vms.Context.Cgroups.List());
        var error = await Assert.ThrowsAsync<NodeException>(
            () => vms.Host.StopAsync(spec.Id, epoch: 1, Grace, CancellationToken.None));
        Assert.Equal(NodeErrorKind.NotFound, error.Kind);
    }

    [Fact]
    public async Task A_delete_does_not_wait_for_the_grace_of_a_stop()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = TestVms.Spec(TestVms.NewId(), "/bin/sh", "-c", "trap '' TERM; while :; do sleep 1; done");
        await vms.RunAsync(spec);
        var stopping = vms.Host.StopAsync(spec.Id, epoch: 1, TimeSpan.FromHours(1), CancellationToken.None);
        await vms.ReachAsync(spec.Id, VmPhase.Ending);
        await vms.Host.DeleteAsync(spec.Id, epoch: 1, CancellationToken.None);
        await stopping.WaitAsync(Grace);
        await Until.True(() => vms.Processes(spec.Id).Count == 0, Grace, "its process is gone");
    }

    [Fact]
    public async Task Two_starts_at_once_make_one_vm()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = TestVms.Spec(TestVms.NewId(), "/bin/sleep", "1000") with { SkipGuestAgent = true };
        var started = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => vms.Host.StartAsync(spec, CancellationToken.None)));
        Assert.All(started, status => Assert.True(status.Phase is VmPhase.Booting or VmPhase.Running));
        Assert.Single(vms.Processes(spec.Id));
    }

    [Fact]
    public async Task Without_a_network_a_vm_has_no_address()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = TestVms.Spec(TestVms.NewId(), "/bin/sleep", "1000") with { NetworkEnabled = false };
        var status = await vms.RunAsync(spec);
        Assert.Null(status.Ip);
        Assert.Equal(("lo\n", 0), await vms.ExecAsync(spec.Id, "/bin/ls", "/sys/class/net"));
    }
}
