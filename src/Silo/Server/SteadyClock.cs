namespace Hypeman.Silo.Server;

/// <summary>
/// The clock of this host, but never backwards: set back, it goes at half speed until the host's clock has come up with it.
/// Much relies on time that only goes on, Orleans' collection of idle grains too, which fails for as long as a clock was
/// set back. Timers use another clock, which nobody sets.
/// </summary>
internal sealed class SteadyClock(TimeProvider host) : TimeProvider
{
    private readonly Lock _gate = new();
    private DateTimeOffset _last = host.GetUtcNow();
    private long _lastAt = host.GetTimestamp();

    public override TimeZoneInfo LocalTimeZone => host.LocalTimeZone;

    public override long TimestampFrequency => host.TimestampFrequency;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            var (now, at) = (host.GetUtcNow(), host.GetTimestamp());
            var slow = _last + (host.GetElapsedTime(_lastAt, at) / 2);
            (_last, _lastAt) = (now > slow ? now : slow, at);
            return _last;
        }
    }

    public override long GetTimestamp() => host.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        host.CreateTimer(callback, state, dueTime, period);
}
