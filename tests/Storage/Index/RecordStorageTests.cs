using Hypeman.Contracts.Index;
using Hypeman.Tests.Storage.Clustering;
using Hypeman.Tests.Storage.Databases;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace Hypeman.Tests.Storage.Index;

public sealed class SqliteRecordStorageTests : RecordStorageTests
{
    protected override Task<TestDatabase> NewAsync() => Task.FromResult(TestDatabase.Sqlite());
}

public sealed class PostgresRecordStorageTests(PostgresServer server) : RecordStorageTests
{
    protected override Task<TestDatabase> NewAsync() => TestDatabase.PostgresAsync(server);
}

/// <summary>Records of grains that have a row in the index: both are written, or neither.</summary>
public abstract class RecordStorageTests : DatabaseTests
{
    private IHost _host = null!;
    private IGrainStorage _storage = null!;
    private IResourceIndex _index = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _host = OrleansTables.NewHost(await Store.OpenAsync());
        _storage = await OrleansTables.StartStorageAsync(_host, Cancelled);
        _index = _host.Services.GetRequiredService<IResourceIndex>();
    }

    public override async ValueTask DisposeAsync()
    {
        _host.Dispose();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_record_and_its_row_are_written_together_again_and_again()
    {
        var state = await ReadAsync("a");
        for (var version = 1; version <= 3; version++)
        {
            await WriteAsync("a", state, new Thing { Name = "web", Version = version, State = $"at-{version}" });
            Assert.Equal($"at-{version}", (await _index.GetAsync(ResourceKind.Instance, "a", Cancelled))?.State);
            Assert.Equal(version, (await ReadAsync("a")).State?.Version);
        }
    }

    [Fact]
    public async Task A_name_that_is_held_leaves_neither_record_nor_row()
    {
        await WriteAsync("a", await ReadAsync("a"), new Thing { Name = "web", Version = 1 });

        var refused = await Assert.ThrowsAsync<ResourceClaimedException>(
            async () => await WriteAsync("b", await ReadAsync("b"), new Thing { Name = "web", Version = 1 }));

        Assert.Equal(("web", "a"), (refused.Claim, refused.HeldBy));
        Assert.False((await ReadAsync("b")).RecordExists);
        Assert.Null(await _index.GetAsync(ResourceKind.Instance, "b", Cancelled));
    }

    [Fact]
    public async Task A_record_that_was_written_meanwhile_keeps_its_row()
    {
        var (first, stale) = (await ReadAsync("a"), await ReadAsync("a"));
        await WriteAsync("a", first, new Thing { Name = "web", Version = 1, State = "first" });
        var read = await ReadAsync("a");
        await WriteAsync("a", first, new Thing { Name = "web", Version = 2, State = "second" });

        await Assert.ThrowsAsync<InconsistentStateException>(() => WriteAsync("a", stale, new Thing { Name = "other", Version = 9 }));
        await Assert.ThrowsAsync<InconsistentStateException>(() => WriteAsync("a", read, new Thing { Name = "web", Version = 9 }));

        Assert.Equal("second", (await _index.GetAsync(ResourceKind.Instance, "a", Cancelled))?.State);
        Assert.Equal(2, (await ReadAsync("a")).State?.Version);
        // The one who was refused has taken no name.
        await WriteAsync("b", await ReadAsync("b"), new Thing { Name = "other", Version = 1 });
    }

    [Fact]
    public async Task A_newer_row_under_the_same_id_keeps_the_first_record_out()
    {
        var newer = new Thing { Id = "a", Name = "web", Version = 5, State = "newer" };
        await _index.InsertAsync(((IIndexedRecord)newer).Entry!.Row, [], Cancelled);

        await Assert.ThrowsAsync<InconsistentStateException>(
            async () => await WriteAsync("a", await ReadAsync("a"), new Thing { Name = "web", Version = 1 }));

        Assert.False((await ReadAsync("a")).RecordExists);
        Assert.Equal("newer", (await _index.GetAsync(ResourceKind.Instance, "a", Cancelled))?.State);
    }

    [Fact]
    public async Task A_row_is_found_by_the_tags_that_its_record_has_now()
    {
        var state = await ReadAsync("a");
        await WriteAsync("a", state, new Thing { Name = "web", Version = 1, Tag = "old" });
        await WriteAsync("a", state, new Thing { Name = "web", Version = 2, Tag = "new" });

        Assert.Empty(await FindAsync("old"));
        Assert.Equal("a", Assert.Single(await FindAsync("new")).Id);
    }

    [Fact]
    public async Task A_row_that_is_gone_does_not_keep_its_record_from_being_written()
    {
        var state = await ReadAsync("a");
        await WriteAsync("a", state, new Thing { Name = "web", Version = 1 });
        await _index.DeleteAsync(ResourceKind.Instance, "a", Cancelled);

        await WriteAsync("a", state, new Thing { Name = "web", Version = 2 });
        await _storage.ClearStateAsync("thing", Key("a"), state);

        Assert.False((await ReadAsync("a")).RecordExists);
        Assert.Null(await _index.GetAsync(ResourceKind.Instance, "a", Cancelled));
    }

    [Fact]
    public async Task Those_who_watch_here_are_told_at_once()
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var changes = _index.WatchAsync([ResourceKind.Instance], enough.Token).GetAsyncEnumerator(enough.Token);
        Assert.True(await changes.MoveNextAsync());
        Assert.Same(ResourceChange.Synced, changes.Current);

        await WriteAsync("a", await ReadAsync("a"), new Thing { Name = "web", Version = 1 });

        Assert.True(await changes.MoveNextAsync());
        Assert.Equal("a", changes.Current.Id);
        await changes.DisposeAsync();
    }

    private async Task<List<ResourceRow>> FindAsync(string tag) => await _index.ListAsync(
        new ResourceQuery(ResourceKind.Instance) { Tags = new Dictionary<string, string> { ["tag"] = tag } }, Cancelled).ToListAsync(Cancelled);

    private async Task<GrainState<Thing>> ReadAsync(string id)
    {
        var state = new GrainState<Thing>(new Thing());
        await _storage.ReadStateAsync("thing", Key(id), state);
        return state;
    }

    private Task WriteAsync(string id, GrainState<Thing> state, Thing thing)
    {
        state.State = thing with { Id = id };
        return _storage.WriteStateAsync("thing", Key(id), state);
    }

    private static GrainId Key(string id) => GrainId.Create("thing", $"i-{id}");

    internal sealed record Thing : IIndexedRecord
    {
        public string Id { get; init; } = "";
        public string Name { get; init; } = "";
        public int Version { get; init; }
        public string State { get; init; } = "Running";
        public string Tag { get; init; } = "any";

        IndexEntry? IIndexedRecord.Entry => new(
            new ResourceRow
            {
                Kind = ResourceKind.Instance, Id = Id, Name = Name, State = State, Summary = "{}", Version = Version,
                Tags = new Dictionary<string, string> { ["tag"] = Tag }, CreatedAt = DateTimeOffset.UnixEpoch,
            },
            [Name]);
    }
}
