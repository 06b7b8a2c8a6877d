using System.Net;
using System.Net.Sockets;
using Hypeman.Tests.Storage.Databases;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace Hypeman.Tests.Storage.Clustering;

public sealed class SqliteSiloTests : SiloTests
{
    protected override Task<TestDatabase> NewAsync() => Task.FromResult(TestDatabase.Sqlite());
}

public sealed class PostgresSiloTests(PostgresServer server) : SiloTests
{
    protected override Task<TestDatabase> NewAsync() => TestDatabase.PostgresAsync(server);
}

/// <summary>A real silo on the database: what grains keep, and how it comes back.</summary>
public abstract class SiloTests : DatabaseTests
{
    [Fact]
    public async Task State_outlives_a_silo_that_was_cut_off_and_the_next_one_takes_its_place()
    {
        var (siloPort, gatewayPort) = (FreePort(), FreePort());
        using (var first = await StartAsync(siloPort, gatewayPort))
        {
            var counter = Counter(first, "c-1");
            for (var i = 0; i < 5; i++)
                await counter.AddAsync(1);
            await CutOffAsync(first);
        }

        using var second = await StartAsync(siloPort, gatewayPort);
        Assert.Equal(6, await Counter(second, "c-1").AddAsync(1));
        Assert.Equal(1, await Counter(second, "c-2").AddAsync(1));
        await second.StopAsync(Cancelled);
    }

    [Fact]
    public async Task A_record_that_changed_behind_the_grain_is_read_again_not_overwritten()
    {
        using var host = await StartAsync(FreePort(), FreePort());
        var counter = Counter(host, "c-1");
        await counter.AddAsync(1);
        await Store.ExecuteAsync("UPDATE orleans_state SET version = version + 1");

        await Assert.ThrowsAsync<InconsistentStateException>(() => counter.AddAsync(1));
        Assert.Equal(2, await counter.AddAsync(1));
        await host.StopAsync(Cancelled);
    }

    [Fact]
    public async Task A_cleared_record_is_as_if_it_had_never_been()
    {
        using var host = await StartAsync(FreePort(), FreePort());
        var counter = Counter(host, "c-1");
        await counter.AddAsync(3);
        await counter.ClearAsync();

        Assert.Equal(1, await counter.AddAsync(1));
        await host.StopAsync(Cancelled);
    }

    [Fact]
    public async Task Records_are_plain_JSON_without_names_of_our_classes()
    {
        using var host = await StartAsync(FreePort(), FreePort());
        await Counter(host, "c-1").AddAsync(3);

        var payload = await Store.ScalarAsync<byte[]>("SELECT payload FROM orleans_state");
        Assert.Equal("""{"Value":3}""", System.Text.Encoding.UTF8.GetString(payload!));
        await host.StopAsync(Cancelled);
    }

    private async Task<IHost> StartAsync(int siloPort, int gatewayPort)
    {
        var host = OrleansTables.NewHost(await Store.OpenAsync(), siloPort, gatewayPort);
        await host.StartAsync(Cancelled);
        return host;
    }

    /// <summary>Ends it without its farewell, so that its row stays as that of a living silo.</summary>
    private static async Task CutOffAsync(IHost host)
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await host.StopAsync(cancelled.Token);
    }

    private static ICounterGrain Counter(IHost host, string key) =>
        host.Services.GetRequiredService<IGrainFactory>().GetGrain<ICounterGrain>(key);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

public interface ICounterGrain : IGrainWithStringKey
{
    Task<int> AddAsync(int amount);

    Task ClearAsync();
}

public sealed class CounterGrain([PersistentState("counter")] IPersistentState<CounterState> state) : Grain, ICounterGrain
{
    public async Task<int> AddAsync(int amount)
    {
        state.State = new CounterState { Value = state.State.Value + amount };
        await state.WriteStateAsync();
        return state.State.Value;
    }

    public Task ClearAsync() => state.ClearStateAsync();
}

[GenerateSerializer, Alias("test.counter")]
public sealed record CounterState
{
    [Id(0)]
    public int Value { get; init; }
}
