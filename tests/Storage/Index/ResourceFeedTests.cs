using Hypeman.Contracts.Index;
using Hypeman.Storage.Databases;
using Hypeman.Storage.Index;
using Hypeman.Tests.Storage.Databases;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Hypeman.Tests.Storage.Index;

public sealed class SqliteResourceFeedTests : ResourceFeedTests
{
    protected override Task<TestDatabase> NewAsync() => Task.FromResult(TestDatabase.Sqlite());
}

public sealed class PostgresResourceFeedTests(PostgresServer server) : ResourceFeedTests
{
    protected override Task<TestDatabase> NewAsync() => TestDatabase.PostgresAsync(server);
}

/// <summary>What those who follow the index count on.</summary>
public abstract class ResourceFeedTests : DatabaseTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly ResourceKind[] Instances = [ResourceKind.Instance];

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private ResourceIndex _index = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _index = Index(await Store.OpenAsync(), _time);
    }

    [Fact]
    public async Task A_watch_begins_with_what_is_there_then_tells_each_change()
    {
        await _index.InsertAsync(Row("a"), [], Cancelled);
        await _index.InsertAsync(Row("x") with { Kind = ResourceKind.Image }, [], Cancelled);
        await using Watcher watcher = new(_index, Instances);

        Assert.Equal("a v1", await watcher.NextAsync());
        Assert.Equal("synced", await watcher.NextAsync());
        await _index.InsertAsync(Row("b"), [], Cancelled);
        Assert.Equal("b v1", await watcher.NextAsync());
        await _index.UpdateAsync(Row("x") with { Kind = ResourceKind.Image, Version = 2 }, Cancelled);
        await _index.UpdateAsync(Row("a") with { Version = 4 }, Cancelled);
        Assert.Equal("a v4", await watcher.NextAsync());
        await _index.DeleteAsync(ResourceKind.Instance, "a", Cancelled);
        Assert.Equal("a gone", await watcher.NextAsync());
        await _index.InsertAsync(Row("a"), [], Cancelled);
        Assert.Equal("a v1", await watcher.NextAsync());
    }

    [Fact]
    public async Task Changes_of_another_silo_are_seen_by_looking_now_and_then()
    {
        var other = Index(await Store.OpenAsync(), _time);
        await using Watcher watcher = new(_index, Instances);
        Assert.Equal("synced", await watcher.NextAsync());

        await other.InsertAsync(Row("a"), [], Cancelled);
        var next = watcher.NextAsync();
        while (!next.IsCompleted)
        {
            _time.Advance(Store.Options.PollInterval);
            await Task.Yield();
        }
        Assert.Equal("a v1", await next);
    }

    [Fact]
    public async Task A_slow_watcher_sees_the_latest_of_each_resource_and_misses_none()
    {
        await using Watcher watcher = new(_index, Instances);
        Assert.Equal("synced", await watcher.NextAsync());

        for (int i = 0; i < 40; i++)
            await _index.InsertAsync(Row($"id{i:d2}"), [], Cancelled);
        for (int version = 2; version < 5; version++)
            await _index.UpdateAsync(Row("id07") with { Version = version }, Cancelled);
        await _index.DeleteAsync(ResourceKind.Instance, "id08", Cancelled);
        await _index.InsertAsync(Row("last"), [], Cancelled);

        Dictionary<string, string> seen = [];
        string change;
        do
        {
            change = await watcher.NextAsync();
            seen[change.Split(' ')[0]] = change.Split(' ')[1];
        }
        while (change != "last v1");
        Assert.Equal(40, seen.Count(s => s.Value != "gone"));
        Assert.Equal(("v4", "gone"), (seen["id07"], seen.GetValueOrDefault("id08", "gone")));
    }

    [Fact]
    public async Task Writers_of_several_silos_at_once_hide_no_change()
    {
        ResourceIndex[] silos = [_index, Index(await Store.OpenAsync(), _time), Index(await Store.OpenAsync(), _time)];
        await using Watcher watcher = new(_index, Instances);
        Assert.Equal("synced", await watcher.NextAsync());

        Task writers = Task.WhenAll(Enumerable.Range(0, 90).Select(i => silos[i % 3].InsertAsync(Row($"id{i}"), [], Cancelled)));
        HashSet<string> seen = [];
        Task all = Task.Run(async () =>
        {
            while (seen.Count < 90)
                seen.Add(await watcher.NextAsync());
        }, Cancelled);
        while (!all.IsCompleted)
        {
            _time.Advance(Store.Options.PollInterval);
            await Task.Yield();
        }
        await Task.WhenAll(writers, all);
    }

    [Fact]
    public async Task Deletions_are_forgotten_after_their_retention_and_a_watcher_from_before_is_told()
    {
        await using Watcher sleeper = new(_index, Instances);
        Assert.Equal("synced", await sleeper.NextAsync());
        await _index.InsertAsync(Row("a"), [], Cancelled);
        Assert.Equal("a v1", await sleeper.NextAsync());

        foreach (string id in new[] { "b", "c" })
            await _index.InsertAsync(Row(id), [], Cancelled);
        await _index.DeleteAsync(ResourceKind.Instance, "b", Cancelled);
        _time.Advance(Store.Options.TombstoneRetention + TimeSpan.FromSeconds(1));
        await _index.DeleteAsync(ResourceKind.Instance, "c", Cancelled);

        Assert.Equal(1, await Store.ScalarAsync<int>("SELECT count(*) FROM resource_tombstones"));
        await Assert.ThrowsAsync<ResourceWatchExpiredException>(sleeper.NextAsync);
    }

    [Fact]
    public async Task A_watch_ends_when_its_reader_leaves()
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var watch = _index.WatchAsync(Instances, leaving.Token).GetAsyncEnumerator(leaving.Token);
        await watch.MoveNextAsync();
        var next = watch.MoveNextAsync();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
        await watch.DisposeAsync();
    }

    private static ResourceIndex Index(Database database, TimeProvider time) =>
        new ResourceIndex(database, IResourceWriter.Of(database, time), new ChangeSignal(), time, NullLogger<ResourceFeed>.Instance);

    private static ResourceRow Row(string id) => new()
    {
        Kind = ResourceKind.Instance,
        Id = id,
        Name = id,
        State = "Stopped",
        Summary = "{}",
        Version = 1,
        CreatedAt = DateTimeOffset.UnixEpoch,
    };

    private sealed class Watcher(IResourceIndex index, ResourceKind[] kinds) : IAsyncDisposable
    {
        private readonly IAsyncEnumerator<ResourceChange> _changes = index.WatchAsync(kinds, Cancelled).GetAsyncEnumerator(Cancelled);

        public async Task<string> NextAsync()
        {
            Assert.True(await _changes.MoveNextAsync().AsTask().WaitAsync(Limit, Cancelled));
            var change = _changes.Current;
            return change == ResourceChange.Synced ? "synced"
                : change.Row is null ? $"{change.Id} gone"
                : $"{change.Id} v{change.Row.Version}";
        }

        public ValueTask DisposeAsync() => _changes.DisposeAsync();
    }
}
