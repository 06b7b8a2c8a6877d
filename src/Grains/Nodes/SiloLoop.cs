using Microsoft.Extensions.Logging;

namespace Hypeman.Grains.Nodes;

/// <summary>
/// Work that a silo does for as long as it is a member: begun once grains can be called, ended before they go. A round
/// that fails is logged and followed by the next one.
/// </summary>
internal abstract class SiloLoop(TimeProvider time, TimeSpan pause, ILogger logger)
    : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private Task _work = Task.CompletedTask;

    /// <summary>One round; it may last as long as the silo.</summary>
    protected abstract Task RoundAsync(CancellationToken cancellationToken);

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(
        GetType().Name, ServiceLifecycleStage.Active, Begin, EndAsync);

    public void Dispose()
    {
        _ended.Dispose();
        GC.SuppressFinalize(this);
    }

    private Task Begin(CancellationToken cancellationToken)
    {
        _work = Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    private async Task EndAsync(CancellationToken cancellationToken)
    {
        await _ended.CancelAsync();
        await _work;
    }

    private async Task RunAsync()
    {
        while (!_ended.IsCancellationRequested)
        {
            try
            {
                await RoundAsync(_ended.Token);
            }
            catch (OperationCanceledException) when (_ended.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                logger.LogWarning(error, "A round of {Loop} failed; the next one follows", GetType().Name);
            }
            await Task.Delay(pause, time, _ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
