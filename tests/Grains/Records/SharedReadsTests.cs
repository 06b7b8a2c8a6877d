using System.Threading.Channels;
using Hypeman.Grains.Records;

namespace Hypeman.Tests.Grains.Records;

public sealed class SharedReadsTests
{
    private readonly SharedReads<int> _reads = new();
    private readonly Channel<TaskCompletionSource<int>> _begun = Channel.CreateUnbounded<TaskCompletionSource<int>>();

    [Fact]
    public async Task Those_who_come_during_a_read_share_the_one_after_it()
    {
        var first = _reads.ReadAsync("a", ReadAsync);
        var before = await BegunAsync();
        var later = new[] { _reads.ReadAsync("a", ReadAsync), _reads.ReadAsync("a", ReadAsync) };
        before.SetResult(1);
        Assert.Equal(1, await first);

        (await BegunAsync()).SetResult(2);

        int[] read = await Task.WhenAll(later);
        Assert.Equal([2, 2], read);
    }

    [Fact]
    public async Task Who_comes_when_nothing_is_read_gets_a_read_of_his_own()
    {
        for (var round = 1; round <= 3; round++)
        {
            var read = _reads.ReadAsync("a", ReadAsync);
            (await BegunAsync()).SetResult(round);
            Assert.Equal(round, await read);
        }
    }

    [Fact]
    public async Task Other_keys_do_not_wait()
    {
        var slow = _reads.ReadAsync("a", ReadAsync);
        var held = await BegunAsync();
        var other = _reads.ReadAsync("b", ReadAsync);
        (await BegunAsync()).SetResult(2);

        Assert.Equal(2, await other);
        held.SetResult(1);
        Assert.Equal(1, await slow);
    }

    [Fact]
    public async Task A_read_that_fails_fails_for_its_own_callers_only()
    {
        var first = _reads.ReadAsync("a", ReadAsync);
        var failing = await BegunAsync();
        var second = _reads.ReadAsync("a", ReadAsync);
        failing.SetException(new IOException());
        await Assert.ThrowsAsync<IOException>(() => first);

        (await BegunAsync()).SetResult(2);

        Assert.Equal(2, await second);
    }

    private Task<int> ReadAsync()
    {
        var read = new TaskCompletionSource<int>();
        _begun.Writer.TryWrite(read);
        return read.Task;
    }

    private async Task<TaskCompletionSource<int>> BegunAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        return await _begun.Reader.ReadAsync(patience.Token);
    }
}
