using Microsoft.Extensions.Logging;

namespace Hypeman.Grains.Records;

/// <summary>
/// Wakes a grain at one moment of its clock, as a turn of its own. Only while the grain is in memory: what must not be
/// missed is also found by a loop or a reminder. Used on the grain's scheduler only.
/// </summary>
internal sealed class GrainAlarm(GrainClock clock, Func<Task> ring, ILogger logger)
{
    /// <summary>Timers do not reach further than some weeks.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private CancellationTokenSource? _waiting;
    private DateTimeOffset? _at;
    private bool _ended;

    /// <summary>
    /// Rings at this moment, at once when it is over, and at no other; null: not at all. It rings once for the same moment:
    /// what could not be done then is not tried again in a circle.
    /// </summary>
    public void Set(DateTimeOffset? at)
    {
        if (at == _at || _ended)
            return;
        _waiting?.Cancel();
        (_at, _waiting) = (at, null);
        if (at is { } moment)
            _ = WaitAsync(moment);
    }

    /// <summary>The activation ends.</summary>
    public void End()
    {
        Set(null);
        _ended = true;
    }

    private async Task WaitAsync(DateTimeOffset moment)
    {
        using var waiting = new CancellationTokenSource();
        _waiting = waiting;
        // First let the turn that set it go on.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.ContinueOnCapturedContext);
        try
        {
            while (moment - clock.Now is var left && left > TimeSpan.Zero)
                await Task.Delay(left < LongestWait ? left : LongestWait, clock.Time, waiting.Token);
            if (_waiting != waiting)
                return;
            _waiting = null;
            RequestContext.Clear();
            await ring();
        }
        catch (OperationCanceledException) when (_waiting != waiting)
        {
            // Another moment was set, or none.
        }
        catch (Exception error)
        {
            logger.LogWarning(error, "What a grain was to do at {Moment} is left to the next look at it", moment);
        }
    }
}
