using Hypeman.NodeRuntime.Linux;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.NodeRuntime.Linux;

public sealed class ProcessHandleTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_end_of_a_child_is_seen_with_its_exit_code()
    {
        using var process = ProcessHandle.Open(await StartAsync("sh", "-c", "read line < /dev/zero; exit 7"));
        var running = process ?? throw new InvalidOperationException("It ended too soon.");
        running.Kill(ProcessSignal.Terminate);

        Assert.Equal(new ProcessExit(null, 15), await running.Exited.WaitAsync(Soon));
        Assert.False(running.Identity.IsAlive);
    }

    [Fact]
    public async Task The_exit_code_of_a_child_is_known_even_when_we_come_late()
    {
        var identity = await StartAsync("sh", "-c", "sleep 0.2; exit 7");
        using var process = ProcessHandle.Open(identity)!;
        await Until.True(() => !identity.IsAlive, Soon, "the child ended");

        Assert.Equal(new ProcessExit(7, null), await process.Exited.WaitAsync(Soon));
    }

    [Fact]
    public async Task The_end_of_a_process_that_is_not_our_child_is_seen()
    {
        var output = _folder.PathOf("out");
        using var parent = ProcessHandle.Open(await StartAsync("sh", "-c", "sleep 60 & echo $!; wait"))!;
        await Until.True(() => File.ReadAllText(output).EndsWith('\n'), Soon, "the grandchild was started");
        var identity = ProcessIdentity.Of(int.Parse(File.ReadAllText(output)))!.Value;
        using var grandchild = ProcessHandle.Open(identity)!;

        grandchild.Kill(ProcessSignal.Kill);

        Assert.Equal(new ProcessExit(null, null), await grandchild.Exited.WaitAsync(Soon));
        await parent.Exited.WaitAsync(Soon);
    }

    [Fact]
    public async Task A_pid_that_was_given_out_again_is_not_taken_for_the_process()
    {
        var identity = await StartAsync("sleep", "60");
        using var process = ProcessHandle.Open(identity)!;

        Assert.Null(ProcessHandle.Open(identity with { StartTime = identity.StartTime - 1 }));
        Assert.False((identity with { StartTime = identity.StartTime - 1 }).IsAlive);

        process.Kill(ProcessSignal.Kill);
        await process.Exited.WaitAsync(Soon);
        Assert.Null(ProcessHandle.Open(identity));
        process.Kill(ProcessSignal.Kill);
    }

    [Theory]
    [InlineData("42 (a) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20", 4711, false)]
    [InlineData("42 (a ) Z (b) Z 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4712 20", 4712, true)]
    public void The_name_of_a_process_may_hold_anything(string stat, long startTime, bool isDead) =>
        Assert.Equal((startTime, isDead), ProcessIdentity.Parse(stat));

    private Task<ProcessIdentity> StartAsync(string program, params string[] arguments) => Spawner.StartAsync(
        new SpawnRequest { Program = program, Arguments = arguments, OutputPath = _folder.PathOf("out") });
}
