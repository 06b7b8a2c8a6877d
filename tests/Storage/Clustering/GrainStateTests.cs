using Hypeman.Tests.Storage.Databases;
using Microsoft.Extensions.Hosting;
using Orleans.Runtime;
using Orleans.Storage;

namespace Hypeman.Tests.Storage.Clustering;

public sealed class SqliteGrainStateTests : GrainStateTests
{
    protected override Task<TestDatabase> NewAsync() => Task.FromResult(TestDatabase.Sqlite());
}

public sealed class PostgresGrainStateTests(PostgresServer server) : GrainStateTests
{
    protected override Task<TestDatabase> NewAsync() => TestDatabase.PostgresAsync(server);
}

/// <summary>What grains need of the table of their records; a record has one owner, and the table makes sure of it.</summary>
public abstract class GrainStateTests : DatabaseTests
{
    private static readonly GrainId Grain = GrainId.Create("test", "i-1");

    private readonly List<IHost> _hosts = [];

    public override async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
            host.Dispose();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Of_many_who_have_read_the_same_version_one_may_write()
    {
        IGrainStorage[] silos = [await StorageAsync(), await StorageAsync()];
        for (var round = 0; round < 5; round++)
        {
            var read = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => ReadAsync(silos[i % 2])));
            var won = await Task.WhenAll(read.Select((state, i) => TryWriteAsync(silos[i % 2], state)));
            Assert.Single(won, w => w);
        }
        Assert.Equal(5, (await ReadAsync(silos[0])).State?.Value);
    }

    [Fact]
    public async Task A_record_that_was_cleared_is_written_only_by_who_has_seen_that()
    {
        var storage = await StorageAsync();
        var first = await ReadAsync(storage);
        Assert.True(await TryWriteAsync(storage, first));
        var stale = await ReadAsync(storage);
        await storage.ClearStateAsync("counter", Grain, first);

        Assert.False(await TryWriteAsync(storage, stale));
        Assert.True(await TryWriteAsync(storage, await ReadAsync(storage)));
    }

    [Fact]
    public async Task Records_of_other_names_and_keys_are_others()
    {
        var storage = await StorageAsync();
        Assert.True(await TryWriteAsync(storage, await ReadAsync(storage)));
        var other = new GrainState<CounterState>();
        await storage.ReadStateAsync("other", Grain, other);
        Assert.False(other.RecordExists);
        await storage.ReadStateAsync("counter", GrainId.Create("test", "i-2"), other);
        Assert.False(other.RecordExists);
    }

    private async Task<IGrainStorage> StorageAsync()
    {
        _hosts.Add(OrleansTables.NewHost(await Store.OpenAsync()));
        return await OrleansTables.StartStorageAsync(_hosts[^1], Cancelled);
    }

    private static async Task<GrainState<CounterState>> ReadAsync(IGrainStorage storage)
    {
        var state = new GrainState<CounterState>(new CounterState());
        await storage.ReadStateAsync("counter", Grain, state);
        return state;
    }

    /// <summary>Writes one more than was read.</summary>
    private static async Task<bool> TryWriteAsync(IGrainStorage storage, GrainState<CounterState> state)
    {
        state.State = new CounterState { Value = (state.State?.Value ?? 0) + 1 };
        try
        {
            await storage.WriteStateAsync("counter", Grain, state);
            return true;
        }
        catch (InconsistentStateException)
        {
            return false;
        }
    }
}
