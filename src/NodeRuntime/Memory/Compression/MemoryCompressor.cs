using Microsoft.Extensions.Logging;

namespace Hypeman.NodeRuntime.Memory.Compression;

/// <summary>Packs what is to be packed, one base after the other, each on all processors.</summary>
internal sealed class MemoryCompressor : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly MemoryStore _store;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Task _running;

    internal MemoryCompressor(MemoryStore store, TimeProvider time, ILogger log)
    {
        (_store, _time, _log) = (store, time, log);
        _running = Task.Run(RunAsync);
    }

    /// <summary>What is being packed is left; it is found again.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var news = _store.News;
            var (next, wait) = Look();
            if (next is not null)
                _store.Pack(next, _stop.Token);
            else
                await WaitAsync(news, wait);
        }
    }

    private (MemoryBase? Base, TimeSpan? In) Look()
    {
        try
        {
            return _store.NextToPack();
        }
        catch (Exception e) when (e is IOException or System.Text.Json.JsonException)
        {
            _log.LogWarning(e, "What memories are to be compressed cannot be told now");
            return (null, null);
        }
    }

    private async Task WaitAsync(Task news, TimeSpan? wait)
    {
        using var due = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var later = Task.Delay(wait ?? Timeout.InfiniteTimeSpan, _time, due.Token);
        await Task.WhenAny(news, later);
        await due.CancelAsync();
    }
}
