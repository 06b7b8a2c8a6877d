using Hypeman.NodeRuntime.Vms;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hypeman.Tests.NodeRuntime.Vms;

/// <summary>What waiting for an order means.</summary>
public sealed class VmInboxTests : IAsyncLifetime
{
    private readonly VmInbox _inbox = new(NullLogger.Instance);
    private readonly CancellationTokenSource _leave = new();
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<int> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _loop = Task.CompletedTask;

    public ValueTask InitializeAsync()
    {
        _loop = Task.Run(_inbox.RunAsync);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        _end.TrySetResult(0);
        _inbox.Close();
        await _loop;
        _leave.Dispose();
    }

    [Fact]
    public async Task Who_leaves_an_order_does_not_wait_for_its_end()
    {
        var waiting = _inbox.TryPost(RunAsync, _leave.Token)!;
        await _begun.Task;
        await _leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task An_order_on_what_is_the_callers_is_waited_for_once_it_has_begun()
    {
        var waiting = _inbox.TryPostToEnd(RunAsync, _leave.Token)!;
        await _begun.Task;
        await _leave.CancelAsync();
        Assert.False(waiting.IsCompleted);
        _end.SetResult(7);
        Assert.Equal(7, await waiting);
    }

    [Fact]
    public async Task An_order_on_what_is_the_callers_is_left_at_once_while_others_are_before_it()
    {
        _inbox.Post(RunAsync);
        var sawCancelled = new TaskCompletionSource<bool>();
        var waiting = _inbox.TryPostToEnd(() =>
        {
            sawCancelled.SetResult(_leave.IsCancellationRequested);
            return Task.FromResult(0);
        }, _leave.Token)!;
        await _begun.Task;
        await _leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        _end.SetResult(0);
        Assert.True(await sawCancelled.Task);
    }

    [Fact]
    public void A_closed_inbox_takes_no_order()
    {
        _inbox.Close();
        Assert.Null(_inbox.TryPost(RunAsync, CancellationToken.None));
        Assert.Null(_inbox.TryPostToEnd(RunAsync, CancellationToken.None));
    }

    private Task<int> RunAsync()
    {
        _begun.TrySetResult();
        return _end.Task;
    }
}
