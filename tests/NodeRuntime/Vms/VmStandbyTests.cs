using System.Globalization;
using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.NodeRuntime.Vms;

/// <summary>Sleep and wake of real guests.</summary>
[Trait("Category", "Vm")]
public sealed class VmStandbyTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("qemu")]
    [InlineData("qemu-microvm")]
    public async Task A_guest_goes_on_where_it_was_again_and_again(string hypervisor)
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting() with { Hypervisor = hypervisor };
        var running = await vms.RunAsync(spec);
        await vms.ExecAsync(spec.Id, "/bin/sh", "-c", "echo kept > /kept");
        var written = new List<long>();
        for (var round = 1; round <= 3; round++)
        {
            var counted = await vms.CountAsync(spec.Id);
            var resting = await vms.StandbyAsync(spec.Id);
            Assert.Equal((VmPhase.Standby, running.Ip, running.Mac, 1), (resting.Phase, resting.Ip, resting.Mac, resting.Boot));
            Assert.Empty(vms.Processes(spec.Id));
            Assert.Empty(await vms.Network.ListTapsAsync());
            Assert.Empty(vms.Context.Cgroups.List());
            Assert.Single(vms.Layout.Vm(spec.Id).ListGenerations());
            written.Add(resting.Saved!.WrittenBytes);

            var awake = await vms.WakeAsync(spec.Id);
            Assert.Equal((running.Ip, running.Mac, running.StartedAt, 1), (awake.Ip, awake.Mac, awake.StartedAt, awake.Boot));
            Assert.Equal(("kept\n", 0), await vms.ExecAsync(spec.Id, "/bin/cat", "/kept"));
            Assert.InRange(await vms.CountAsync(spec.Id), counted, counted + 1000);
            Report(round, resting, awake);
        }
        Assert.True(written[1] < written[0] / 10, $"the second standby of an idle guest wrote {written[1]} of {written[0]} bytes");
        Assert.Single(Directory.EnumerateDirectories(vms.Layout.Memory));
    }

    [Fact]
    public async Task A_guest_that_is_used_when_it_stands_still_already_goes_on()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        var counted = await vms.CountAsync(spec.Id);
        var phases = new List<VmPhase>();

        var error = await Assert.ThrowsAsync<NodeException>(() => vms.Host.StandbyAsync(spec.Id, epoch: 1, Looked, CancellationToken.None));

        Assert.Equal(NodeErrorKind.Busy, error.Kind);
        Assert.Equal([VmPhase.Running, VmPhase.Paused], phases);
        var awake = await vms.ReachAsync(spec.Id, VmPhase.Running);
        Assert.Equal((null, null), (awake.Error, awake.Saved));
        Assert.Empty(vms.SavedFiles(spec.Id));
        await Until.True(async () => await vms.CountAsync(spec.Id) > counted, Patience, "the guest counts on");

        bool Looked(VmActivity activity)
        {
            phases.Add(vms.Host.Find(spec.Id)!.Phase);
            return phases.Count == 2;
        }
    }

    [Fact]
    public async Task Sessions_count_as_use_but_not_those_of_who_only_watches()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        var request = new ExecRequest { Command = ["/bin/cat"] };
        await using var watching = await vms.Host.OpenGuestAsync(spec.Id, request, keepsAwake: false, CancellationToken.None);
        Assert.Equal((0, null), await SessionsAsync());

        await using (await vms.Host.OpenGuestAsync(spec.Id, request, keepsAwake: true, CancellationToken.None))
            Assert.Equal(1, (await SessionsAsync()).Open);

        var (open, lastAt) = await SessionsAsync();
        Assert.Equal((0, true), (open, lastAt is not null));

        async Task<(int Open, DateTimeOffset? LastAt)> SessionsAsync()
        {
            var activity = (await vms.Host.ReadActivityAsync(CancellationToken.None))[spec.Id];
            return (activity.Sessions, activity.SessionAt);
        }
    }

    [Fact]
    public async Task The_clock_is_right_after_a_standstill()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        var resting = await vms.StandbyAsync(spec.Id);
        var later = resting.Saved!.SavedAt + TimeSpan.FromSeconds(4);
        await Until.True(() => TimeProvider.System.GetUtcNow() > later, Patience, "some seconds have passed");

        await vms.WakeAsync(spec.Id);

        var (output, _) = await vms.ExecAsync(spec.Id, "/bin/date", "+%s");
        var guest = DateTimeOffset.FromUnixTimeSeconds(long.Parse(output, CultureInfo.InvariantCulture));
        Assert.InRange((TimeProvider.System.GetUtcNow() - guest).TotalSeconds, -0.5, 2);
    }

    [Fact]
    public async Task Two_that_go_on_from_one_memory_have_random_numbers_of_their_own()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        await vms.StandbyAsync(spec.Id);
        using var copy = new TemporaryFolder();
        await vms.CloseAsync();
        await Command.RunAsync("cp", ["-a", "--sparse=always", vms.Layout.Vms, vms.Layout.Memory, copy.Path], CancellationToken.None);
        await vms.OpenAsync();

        var first = await RandomBytesAsync();
        await vms.Host.StopAsync(spec.Id, 1, TimeSpan.Zero, CancellationToken.None);
        await vms.CloseAsync();
        await Command.RunAsync(
            "cp", ["-a", copy.PathOf("vms"), copy.PathOf("memory"), vms.Layout.Root], CancellationToken.None);
        await vms.OpenAsync();
        var second = await RandomBytesAsync();

        Assert.Equal(32, first.Length);
        Assert.NotEqual(first, second);

        async Task<string> RandomBytesAsync()
        {
            await vms.WakeAsync(spec.Id);
            var (output, _) = await vms.ExecAsync(spec.Id, "/bin/sh", "-c", "head -c 16 /dev/urandom | hexdump -e '16/1 \"%02x\"'");
            return output.Trim();
        }
    }

    [Fact]
    public async Task A_guest_that_has_changed_much_gets_a_new_base_and_the_old_one_goes()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        var first = await vms.StandbyAsync(spec.Id);
        var bases = Directory.EnumerateDirectories(vms.Layout.Memory).ToList();
        await vms.WakeAsync(spec.Id);
        var (before, code) = await vms.ExecAsync(
            spec.Id, "/bin/sh", "-c", "head -c 75000000 /dev/urandom > /dev/shm/much && md5sum /dev/shm/much");
        Assert.Equal(0, code);

        var second = await vms.StandbyAsync(spec.Id);

        Assert.Equal(0, second.Saved!.ChangesBytes);
        Assert.InRange(second.Saved.BaseBytes, first.Saved!.BaseBytes + 50_000_000, spec.MemoryBytes);
        Assert.DoesNotContain(Assert.Single(Directory.EnumerateDirectories(vms.Layout.Memory)), bases);
        await vms.WakeAsync(spec.Id);
        Assert.Equal((before, 0), await vms.ExecAsync(spec.Id, "/bin/md5sum", "/dev/shm/much"));
    }

    [Fact]
    public async Task Who_talks_to_a_guest_is_told_that_it_goes_to_sleep()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        await using var session = await vms.Host.OpenGuestAsync(
            spec.Id, new ExecRequest { Command = ["/bin/sh", "-c", "echo here; sleep 1000"] }, keepsAwake: true, CancellationToken.None);
        await using var replies = session.ReadAllAsync(CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await replies.MoveNextAsync());

        await vms.StandbyAsync(spec.Id);

        var error = await Assert.ThrowsAsync<NodeException>(async () => await replies.MoveNextAsync());
        Assert.Equal(NodeErrorKind.WrongPhase, error.Kind);
        Assert.Contains("memory of the instance is being saved", error.Message, StringComparison.Ordinal);
        await vms.WakeAsync(spec.Id);
        Assert.Equal(("1\n", 0), await vms.ExecAsync(spec.Id, "/bin/echo", "1"));
    }

    [Fact]
    public async Task A_woken_program_ends_with_its_code_and_nothing_is_left_of_its_memory()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = TestVms.Spec(TestVms.NewId(), "/bin/sh", "-c", "while [ ! -e /tmp/go ]; do sleep 0.1; done; exit 9");
        await vms.RunAsync(spec);
        await vms.StandbyAsync(spec.Id);
        await vms.WakeAsync(spec.Id);
        await using var touch = await vms.StartAsync(spec.Id, "/bin/touch", "/tmp/go");
        var ended = await vms.ReachAsync(spec.Id, VmPhase.Stopped);
        Assert.Equal((9, null, null), (ended.ExitCode, ended.Saved, ended.Error));
        Assert.Empty(vms.SavedFiles(spec.Id));
    }

    [Fact]
    public async Task A_guest_without_an_agent_sleeps_and_wakes_too()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting() with { SkipGuestAgent = true };
        await vms.RunAsync(spec);
        await vms.StandbyAsync(spec.Id);
        Assert.Equal(VmPhase.Running, (await vms.WakeAsync(spec.Id)).Phase);
        await vms.RestartAsync();
        Assert.Equal(VmPhase.Running, vms.Host.Find(spec.Id)!.Phase);
    }

    [Theory]
    [InlineData("stop")]
    [InlineData("start")]
    [InlineData("delete")]
    public async Task What_was_saved_goes_when_it_is_not_wanted(string order)
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        await vms.ExecAsync(spec.Id, "/bin/sh", "-c", "echo kept > /kept; sync");
        await vms.StandbyAsync(spec.Id);
        Assert.NotEmpty(vms.SavedFiles(spec.Id));
        switch (order)
        {
            case "stop":
                var stopped = await vms.Host.StopAsync(spec.Id, 1, Patience, CancellationToken.None);
                Assert.Equal((VmPhase.Stopped, null), (stopped.Phase, stopped.Saved));
                Assert.NotNull(stopped.ExitedAt);
                Assert.False(File.Exists(vms.Layout.Vm(spec.Id).ConfigDisk));
                break;
            case "start":
                Assert.Equal(2, (await vms.RunAsync(spec with { Boot = 2 })).Boot);
                Assert.Equal(("kept\n", 0), await vms.ExecAsync(spec.Id, "/bin/cat", "/kept"));
                break;
            case "delete":
                await vms.Host.DeleteAsync(spec.Id, 1, CancellationToken.None);
                break;
        }
        Assert.Empty(vms.SavedFiles(spec.Id));
    }

    private static void Report(int round, VmStatus resting, VmStatus awake)
    {
        TestContext.Current.TestOutputHelper!.WriteLine($"{round} down: {resting.Saved} {Words(resting)}");
        TestContext.Current.TestOutputHelper!.WriteLine($"{round} up: {Words(awake)}");

        static string Words(VmStatus status) => string.Join(
            ' ', status.Timings.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key}={pair.Value:0.0}")));
    }
}
