using System.Data.Common;
using Dapper;
using Hypeman.Contracts.Index;
using Hypeman.Storage.Databases;
using Hypeman.Storage.Index;
using Hypeman.Tests.Storage.Databases;
using Hypeman.Tests.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hypeman.Tests.Storage.Index;

/// <summary>
/// Writers commit in another order than they began. Whoever watches sees every change all the same, and that also while
/// silos of the build before, with the queries they have, write and watch beside this one.
/// </summary>
public sealed class PostgresFeedTests(PostgresServer server) : DatabaseTests
{
    private const int Writers = 12;
    private const int Rounds = 25;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly ResourceKind[] _kinds = [ResourceKind.Instance];

    protected override Task<TestDatabase> NewAsync()
    {
        return Later();

        async Task<TestDatabase> Later()
        {
            TestDatabase store = await TestDatabase.PostgresAsync(server);
            store.Options.PollInterval = TimeSpan.FromMilliseconds(10);
            return store;
        }
    }

    [Fact]
    public async Task What_commits_late_is_seen_though_its_number_is_lower()
    {
        var database = await Store.OpenAsync();
        ResourceIndex index = Index(database);
        await index.InsertAsync(Row("early", 1), [], Cancelled);
        await using var late = await database.Writes.OpenConnectionAsync(Cancelled);
        await using var open = await late.BeginTransactionAsync(Cancelled);
        await late.ExecuteAsync("UPDATE resources SET version = 2 WHERE id = 'early'", transaction: open);

        using var watch = new Picture(index, _kinds);
        await index.InsertAsync(Row("later", 1), [], Cancelled);
        await watch.ShowsAsync("later", 1);
        await open.CommitAsync(Cancelled);

        await watch.ShowsAsync("early", 2);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Whatever_the_order_of_commits_every_watcher_ends_with_the_table(int seed)
    {
        var database = await Store.OpenAsync();
        ResourceIndex index = Index(database);
        Picture[] watchers = [new(index, _kinds), new(Index(await Store.OpenAsync()), _kinds)];
        var old = new OldSilo(await Store.OpenAsync());
        using var ending = new CancellationTokenSource();
        Task<Dictionary<string, long>> oldWatcher = old.WatchAsync(ending.Token);

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(w => Task.Run(() => WriteAsync(database, index, old, w, new Random((seed * 100) + w)))));
        await index.InsertAsync(Row("last", 1), [], Cancelled);

        var table = await TableAsync(database);
        foreach (Picture watcher in watchers)
        {
            await watcher.ShowsAsync("last", 1);
            await Until.True(() => watcher.Equals(table), Limit, "the watcher's picture is the table");
            Assert.True(watcher.NeverWentBack);
            watcher.Dispose();
        }
        await Until.True(() => old.Equals(table), Limit, "the picture of a silo of the build before is the table");
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => oldWatcher);
    }

    /// <summary>One of three ways to write, in turn: this build's, a transaction that stays open for a while, the build before.</summary>
    private static async Task WriteAsync(Database database, ResourceIndex index, OldSilo old, int writer, Random random)
    {
        for (var round = 0; round < Rounds; round++)
        {
            var id = $"r{writer:d2}-{random.Next(4)}";
            var version = (writer * Rounds) + round + 1;
            if (random.Next(6) == 0)
                await index.DeleteAsync(ResourceKind.Instance, id, Cancelled);
            else if (writer % 3 == 0)
                await index.InsertAsync(Row(id, version), [], Cancelled);
            else if (writer % 3 == 1)
                await WriteSlowlyAsync(database, id, version, random.Next(15));
            else
                await old.WriteAsync(id, version, random.Next(15));
        }
    }

    private static async Task WriteSlowlyAsync(Database database, string id, long version, int milliseconds)
    {
        await using var connection = await database.Writes.OpenConnectionAsync(Cancelled);
        await using var transaction = await connection.BeginTransactionAsync(Cancelled);
        await connection.ExecuteAsync(OldSilo.Insert, new { id, version, revision = 0L }, transaction);
        await connection.ExecuteAsync("DELETE FROM resource_tombstones WHERE id = @id", new { id }, transaction);
        await Task.Delay(milliseconds, Cancelled);
        await transaction.CommitAsync(Cancelled);
    }

    private static async Task<Dictionary<string, long>> TableAsync(Database database)
    {
        await using DbConnection connection = await database.Reads.OpenConnectionAsync(Cancelled);
        return (await connection.QueryAsync<(string Id, long Version)>("SELECT id, version FROM resources")).ToDictionary(r => r.Id, r => r.Version);
    }

    private static ResourceIndex Index(Database database) => 
        new(database, IResourceWriter.Of(database, TimeProvider.System), new ChangeSignal(), TimeProvider.System, NullLogger<ResourceFeed>.Instance);

    private static ResourceRow Row(string id, long version) => new()
    {
        Kind = ResourceKind.Instance,
        Id = id,
        Name = id,
        State = "Running",
        Summary = "{}",
        Version = version,
        CreatedAt = DateTimeOffset.UnixEpoch,
    };

    /// <summary>What one who follows the index believes of it.</summary>
    private sealed class Picture : IDisposable
    {
        private readonly Dictionary<string, long> _rows = [];
        private readonly Dictionary<string, long> _highest = [];
        private readonly CancellationTokenSource _ending = new();

        public Picture(IResourceIndex index, ResourceKind[] kinds) => _ = FollowAsync(index, kinds);

        public bool NeverWentBack { get; private set; } = true;

        public Task ShowsAsync(string id, long version) => Until.True(
            () => { lock (_rows) return _rows.GetValueOrDefault(id) == version; }, Limit, $"{id} has version {version}");

        public bool Equals(Dictionary<string, long> table)
        {
            lock (_rows)
                return _rows.Count == table.Count && table.All(r => _rows.GetValueOrDefault(r.Key) == r.Value);
        }

        public void Dispose() => _ending.Cancel();

        private async Task FollowAsync(IResourceIndex index, ResourceKind[] kinds)
        {
            await foreach (ResourceChange change in index.WatchAsync(kinds, _ending.Token))
            {
                lock (_rows)
                {
                    if (change.Row is { } row)
                    {
                        NeverWentBack &= row.Version >= _highest.GetValueOrDefault(row.Id);
                        _highest[row.Id] = _rows[row.Id] = row.Version;
                    }
                    else if (change.Id is { } gone)
                    {
                        _rows.Remove(gone);
                    }
                }
            }
        }
    }
}
