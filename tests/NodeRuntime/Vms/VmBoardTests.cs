using Hypeman.NodeRuntime.Vms;

namespace Hypeman.Tests.NodeRuntime.Vms;

public sealed class VmBoardTests
{
    private readonly VmBoard _board = new();

    [Fact]
    public async Task A_watcher_sees_what_is_there_and_then_each_change()
    {
        _board.Publish(Status("a", VmPhase.Running));
        await using var watcher = _board.WatchAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();
        Assert.Equal("a", await NextAsync(watcher));
        var next = NextAsync(watcher);
        Assert.False(next.IsCompleted);
        _board.Publish(Status("b", VmPhase.Booting));
        Assert.Equal("b", await next);
    }

    [Fact]
    public async Task A_slow_watcher_sees_only_the_latest_of_each_vm()
    {
        await using var watcher = _board.WatchAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();
        _board.Publish(Status("a", VmPhase.Booting));
        Assert.Equal("a", await NextAsync(watcher));
        foreach (var phase in (VmPhase[])[VmPhase.Running, VmPhase.Ending, VmPhase.Stopped])
            _board.Publish(Status("a", phase));
        _board.Publish(Status("b", VmPhase.Running));

        var seen = new List<VmPhase>();
        while (await NextAsync(watcher) == "a")
            seen.Add(watcher.Current.Phase);
        Assert.Equal([VmPhase.Stopped], seen);
    }

    [Fact]
    public void What_was_removed_is_not_listed()
    {
        _board.Publish(Status("a", VmPhase.Running));
        _board.Publish(Status("b", VmPhase.Running));
        _board.Remove("a");
        Assert.Null(_board.Find("a"));
        Assert.Equal(["b"], _board.List().Select(status => status.Id));
    }

    private static async Task<string> NextAsync(IAsyncEnumerator<VmStatus> watcher)
    {
        Assert.True(await watcher.MoveNextAsync());
        return watcher.Current.Id;
    }

    private static VmStatus Status(string id, VmPhase phase) => new() { Id = id, Epoch = 1, Boot = 1, HasRun = true, Phase = phase };
}
