using Hypeman.GuestProtocol;
using Hypeman.GuestProtocol.Events;
using Hypeman.NodeRuntime.Guest;

namespace Hypeman.Tests.NodeRuntime.Guest;

public sealed class GuestEventLogTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("hypeman-events-test-").FullName;
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(30));

    private string File => Path.Combine(_directory, "events.log");

    public void Dispose()
    {
        _deadline.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void A_file_that_is_not_there_has_no_events() => Assert.Empty(GuestEventLog.Read(File, 1));

    [Fact]
    public void Only_events_of_the_boot_that_was_asked_for_are_read()
    {
        Append(new AgentReady { Boot = 1 }, new BootFailed("no") { Boot = 2 });
        Assert.IsType<BootFailed>(Assert.Single(GuestEventLog.Read(File, 2)));
    }

    [Fact]
    public void A_boot_that_failed_before_it_knew_its_number_is_told()
    {
        Append(new BootFailed("no disk") { Boot = 0 }, new AgentReady { Boot = 0 });
        Assert.Equal("no disk", Assert.IsType<BootFailed>(Assert.Single(GuestEventLog.Read(File, 2))).Message);
    }

    [Fact]
    public async Task Followers_see_what_was_there_and_what_comes_also_before_the_file_is_made()
    {
        var events = GuestEventLog.FollowAsync(File, 1, TimeProvider.System, _deadline.Token).GetAsyncEnumerator(_deadline.Token);
        var first = events.MoveNextAsync().AsTask();
        Assert.False(first.IsCompleted);
        Append(new AgentReady { Boot = 1 });
        Assert.True(await first);
        Assert.IsType<AgentReady>(events.Current);
        Append(new ProgramExited(1, "exit code 1", false) { Boot = 1 });
        Assert.True(await events.MoveNextAsync());
        Assert.IsType<ProgramExited>(events.Current);
        await events.DisposeAsync();
    }

    [Fact]
    public async Task A_flood_is_cut_back_and_does_not_hide_what_came_before()
    {
        Append(new AgentReady { Boot = 1 });
        await using (var file = System.IO.File.Open(File, FileMode.Append, FileAccess.Write, FileShare.ReadWrite))
            await file.WriteAsync(new byte[3 * ProtocolLimits.MaxEventFile], _deadline.Token);
        await using var events = GuestEventLog.FollowAsync(File, 1, TimeProvider.System, _deadline.Token).GetAsyncEnumerator(_deadline.Token);
        Assert.True(await events.MoveNextAsync());
        var next = events.MoveNextAsync().AsTask();
        await Testing.Until.True(
            () => new FileInfo(File).Length == ProtocolLimits.MaxEventFile, TimeSpan.FromSeconds(10), "the file is cut");
        await _deadline.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
    }

    private void Append(params GuestEvent[] events)
    {
        using var file = System.IO.File.Open(File, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        foreach (var value in events)
            file.Write(GuestEventCodec.Encode(value));
    }
}
