using Hypeman.Silo.Cluster;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Hypeman.Tests.Silo.Cluster;

public sealed class IdentityKeeperTests : IDisposable
{
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());
    private readonly TestAuthority _authority;
    private readonly Lines _log = new();

    public IdentityKeeperTests() => _authority = new TestAuthority(_time);

    public void Dispose() => _authority.Dispose();

    [Fact]
    public void Files_that_were_replaced_are_in_force_without_a_restart()
    {
        var keeper = new IdentityKeeper(_authority.Issue("a"), _time);
        var before = keeper.Current.Certificate.SerialNumber;
        keeper.Look(_log);
        Assert.Equal(before, keeper.Current.Certificate.SerialNumber);

        _authority.Issue("a");
        keeper.Look(_log);

        Assert.NotEqual(before, keeper.Current.Certificate.SerialNumber);
    }

    [Fact]
    public void Files_that_cannot_be_used_are_told_once_and_the_ones_before_stay()
    {
        var keeper = new IdentityKeeper(_authority.Issue("a"), _time);
        var before = keeper.Current;
        File.WriteAllText(Path.Combine(_authority.PathOf("a"), ClusterFiles.Member), "half a certif");

        keeper.Look(_log);
        keeper.Look(_log);

        Assert.Same(before, keeper.Current);
        Assert.Contains("cannot be used", Assert.Single(_log.All), StringComparison.Ordinal);
    }

    [Fact]
    public void That_it_ends_soon_is_said_every_day_until_there_is_a_new_one()
    {
        var keeper = new IdentityKeeper(_authority.Issue("a"), _time);
        _time.Advance(ClusterAuthority.MemberLifetime - IdentityKeeper.SoonBeforeEnd - TimeSpan.FromDays(1));
        keeper.Look(_log);
        Assert.Empty(_log.All);

        _time.Advance(TimeSpan.FromDays(2));
        keeper.Look(_log);
        keeper.Look(_log);
        Assert.Contains("hypeman-silo cluster issue", Assert.Single(_log.All), StringComparison.Ordinal);

        _time.Advance(TimeSpan.FromDays(1));
        keeper.Look(_log);
        Assert.Equal(2, _log.All.Count);

        _authority.Issue("a");
        keeper.Look(_log);
        _time.Advance(TimeSpan.FromDays(1));
        keeper.Look(_log);
        Assert.Equal(3, _log.All.Count);
        Assert.Contains("was replaced", _log.All[^1], StringComparison.Ordinal);
    }

    private sealed class Lines : ILogger
    {
        public List<string> All { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            All.Add(formatter(state, exception));
    }
}
