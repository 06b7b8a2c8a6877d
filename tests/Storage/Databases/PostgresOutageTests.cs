using System.Data.Common;
using System.Diagnostics;
using Hypeman.Contracts.Index;
using Hypeman.Storage.Databases;
using Hypeman.Storage.Index;
using Hypeman.Tests.Storage.Clustering;
using Hypeman.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Runtime;
using Orleans.Storage;

namespace Hypeman.Tests.Storage.Databases;

/// <summary>A database that dies, hangs and comes back: every call ends soon with an error that says so, and nothing needs help.</summary>
public sealed class PostgresOutageTests : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly GrainId Grain = GrainId.Create("test", "i-1");

    private readonly PostgresServer _server = new() { IsHurried = true };
    private TestDatabase _store = null!;
    private IHost _host = null!;
    private ResourceIndex _index = null!;
    private IGrainStorage _states = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _store = await TestDatabase.PostgresAsync(_server);
        var database = await _store.OpenAsync();
        _index = new ResourceIndex(
            database, IResourceWriter.Of(database, TimeProvider.System), new ChangeSignal(), TimeProvider.System, NullLogger<ResourceFeed>.Instance);
        _host = OrleansTables.NewHost(database);
        _states = await OrleansTables.StartStorageAsync(_host, Cancelled);
    }

    public async ValueTask DisposeAsync()
    {
        _host?.Dispose();
        if (_store is not null)
            await _store.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_server_that_was_killed_is_used_again_as_soon_as_it_is_back()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => _index.InsertAsync(Row($"a{i}"), [$"a{i}"], Cancelled)));
        await using var watch = _index.WatchAsync([ResourceKind.Instance], Cancelled).GetAsyncEnumerator(Cancelled);
        while (await watch.MoveNextAsync() && watch.Current != ResourceChange.Synced)
        {
        }
        var next = watch.MoveNextAsync();

        await _server.KillAsync();
        foreach (var call in Calls())
            await FailsSoonAsync(call);
        await _server.StartAgainAsync();

        await Until.True(WorksAsync, Limit, "the database is used again");
        foreach (var call in Calls())
            await call();
        await _index.InsertAsync(Row("after"), ["after"], Cancelled);
        Assert.True(await next.AsTask().WaitAsync(Limit, Cancelled));
    }

    /// <summary>The pool is full of connections that the server has dropped; one call may find that out, no second one.</summary>
    [Fact]
    public async Task After_a_restart_that_nobody_noticed_no_two_calls_in_a_row_fail()
    {
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => _index.GetAsync(ResourceKind.Instance, $"a{i}", Cancelled)));
        await _server.KillAsync();
        await _server.StartAgainAsync();
        await Until.True(_server.AnswersAsync, Limit, "PostgreSQL answers");

        List<bool> worked = [];
        for (var i = 0; i < 10; i++)
            worked.Add(await WorksAsync());
        Assert.True(worked.Skip(1).All(w => w), string.Join(' ', worked));
    }

    [Fact]
    public async Task A_server_that_hangs_makes_every_call_fail_in_time_and_is_used_again()
    {
        await Task.WhenAll(Calls().Select(call => call()));
        await _server.FreezeAsync();
        try
        {
            // More than there are connections, so that some only wait for one.
            await Task.WhenAll(Enumerable.Range(0, 10).SelectMany(_ => Calls()).Select(FailsSoonAsync));
        }
        finally
        {
            await _server.ThawAsync();
        }
        await Until.True(WorksAsync, Limit, "the database is used again");
        foreach (var call in Calls())
            await call();
    }

    /// <summary>Those that go in one group with it share its fate; who comes later does not wait for them.</summary>
    [Fact]
    public async Task A_row_that_somebody_locks_makes_its_writer_fail_in_time_and_none_that_comes_later()
    {
        await _index.InsertAsync(Row("locked"), ["locked"], Cancelled);
        var database = await _store.OpenAsync();
        await using var other = await database.Writes.OpenConnectionAsync(Cancelled);
        await using var transaction = await other.BeginTransactionAsync(Cancelled);
        await Dapper.SqlMapper.ExecuteAsync(other, "SELECT 1 FROM resources WHERE id = 'locked' FOR UPDATE", transaction: transaction);

        var blocked = FailsSoonAsync(() => _index.UpdateAsync(Row("locked") with { Version = 2 }, Cancelled));
        await Until.True(
            () => Dapper.SqlMapper.ExecuteScalarAsync<bool>(other, "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)", transaction: transaction),
            Limit, "the writer waits for the lock");
        await _index.InsertAsync(Row("free"), ["free"], Cancelled);
        Assert.False(blocked.IsCompleted);
        await blocked;
    }

    /// <summary>The outcome of a write whose connection was lost is unknown, so every one of them may be repeated.</summary>
    [Fact]
    public async Task A_write_may_be_repeated_as_it_was()
    {
        for (var i = 0; i < 2; i++)
            await _index.InsertAsync(Row("a") with { Tags = new Dictionary<string, string> { ["k"] = "v" } }, ["name"], Cancelled);
        var changed = Row("a") with { Version = 2, State = "Running" };
        Assert.True(await _index.UpdateAsync(changed, Cancelled));
        Assert.False(await _index.UpdateAsync(changed, Cancelled));
        Assert.Equal("Running", (await _index.GetAsync(ResourceKind.Instance, "a", Cancelled))!.State);
        for (var i = 0; i < 2; i++)
            await _index.DeleteAsync(ResourceKind.Instance, "a", Cancelled);
        await _index.InsertAsync(Row("b"), ["name"], Cancelled);
    }

    /// <summary>A read and a write of the index, and a write of grain state, each as often as one likes.</summary>
    private Func<Task>[] Calls() =>
    [
        () => _index.GetAsync(ResourceKind.Instance, "a", Cancelled),
        () => _index.InsertAsync(Row("a"), ["a"], Cancelled),
        () => _index.UpdateAsync(Row("b"), Cancelled),
        () => WriteStateAsync(),
    ];

    private async Task WriteStateAsync()
    {
        var state = new GrainState<CounterState>(new CounterState { Value = 1 });
        await _states.ReadStateAsync("counter", Grain, state);
        try
        {
            await _states.WriteStateAsync("counter", Grain, state);
        }
        catch (InconsistentStateException)
        {
            // Another one of these was first.
        }
    }

    private async Task<bool> WorksAsync()
    {
        try
        {
            await _index.UpdateAsync(Row("none"), Cancelled);
            return true;
        }
        catch (DbException)
        {
            return false;
        }
    }

    private static async Task FailsSoonAsync(Func<Task> call)
    {
        var clock = Stopwatch.StartNew();
        await Assert.ThrowsAnyAsync<DbException>(() => call().WaitAsync(Limit, Cancelled));
        Assert.True(clock.Elapsed < Soon, $"it took {clock.Elapsed}");
    }

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
}
