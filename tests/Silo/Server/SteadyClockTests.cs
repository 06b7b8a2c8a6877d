using Hypeman.Silo.Server;

namespace Hypeman.Tests.Silo.Server;

/// <summary>Time goes on, whatever is done to the host's clock.</summary>
public sealed class SteadyClockTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly HostClock _host = new() { Now = Start };
    private readonly SteadyClock _clock;

    public SteadyClockTests() => _clock = new SteadyClock(_host);

    [Fact]
    public void It_shows_what_the_host_shows()
    {
        _host.Pass(TimeSpan.FromHours(3));
        Assert.Equal(Start.AddHours(3), _clock.GetUtcNow());
        Assert.Equal(Start.AddHours(3), _clock.GetUtcNow());
    }

    [Fact]
    public void Set_ahead_it_follows_at_once()
    {
        _host.Now += TimeSpan.FromHours(1);
        Assert.Equal(Start.AddHours(1), _clock.GetUtcNow());
    }

    [Fact]
    public void Set_back_it_goes_on_at_half_speed_until_the_host_has_come_up_with_it()
    {
        _host.Now -= TimeSpan.FromHours(1);
        Assert.Equal(Start, _clock.GetUtcNow());

        _host.Pass(TimeSpan.FromHours(1));
        Assert.Equal(Start.AddMinutes(30), _clock.GetUtcNow());
        _host.Pass(TimeSpan.FromMinutes(90));
        Assert.Equal(_host.Now, _clock.GetUtcNow());
        _host.Pass(TimeSpan.FromMinutes(1));
        Assert.Equal(_host.Now, _clock.GetUtcNow());
    }

    private sealed class HostClock : TimeProvider
    {
        private long _timestamp;

        public DateTimeOffset Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Pass(TimeSpan time)
        {
            Now += time;
            _timestamp += time.Ticks;
        }

        public override DateTimeOffset GetUtcNow() => Now;

        public override long GetTimestamp() => _timestamp;
    }
}
