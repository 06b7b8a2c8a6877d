using Hypeman.Grains.Records;

namespace Hypeman.Tests.Grains.Records;

public sealed class WatchersTests
{
    private readonly Watchers<string> _watchers = new();

    [Fact]
    public async Task Who_is_slow_sees_only_the_latest_and_the_end()
    {
        await using var slow = _watchers.WatchAsync("first", CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await slow.MoveNextAsync());
        Assert.Equal("first", slow.Current);

        _watchers.Publish("second");
        _watchers.Publish("third");
        _watchers.End();

        Assert.True(await slow.MoveNextAsync());
        Assert.Equal("third", slow.Current);
        Assert.False(await slow.MoveNextAsync());
    }

    [Fact]
    public async Task Who_watches_an_activation_that_ends_is_told_to_come_back()
    {
        await using var watch = _watchers.WatchAsync("first", CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());

        _watchers.Abandon();

        await Assert.ThrowsAsync<Orleans.Runtime.EnumerationAbortedException>(async () => await watch.MoveNextAsync());
    }
}
