using System.Data.Common;
using System.Net.Http.Headers;
using Dapper;
using Hypeman.Gateway.Auth;
using Hypeman.Silo.Cluster;
using Hypeman.Silo.Configuration;
using Hypeman.Tests.Testing;
using Npgsql;

namespace Hypeman.Bench.Fleet;

/// <summary>Silos on one PostgreSQL, with one CA, and how a client reaches them.</summary>
internal sealed class BenchFleet : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<SiloProcess> _silos = [];
    private readonly NpgsqlDataSource _database;
    private readonly string _token;
    private HttpClient[] _clients = [];
    private int _turn;

    private BenchFleet(FleetPlan plan)
    {
        _database = NpgsqlDataSource.Create(plan.Database);
        var ca = _folder.PathOf("ca");
        ClusterAuthority.Create(ca, TimeProvider.System);
        using var authority = ClusterAuthority.Open(ca, TimeProvider.System);
        for (var at = 0; at < plan.Silos; at++)
        {
            var (identity, data) = (_folder.PathOf($"identity-{at}"), _folder.PathOf($"silo-{at}"));
            authority.Issue($"silo-{at}", ["127.0.0.1"], identity, ClusterAuthority.MemberLifetime);
            _silos.Add(new SiloProcess(data, plan.Database, identity, (plan.Nodes + at) / plan.Silos));
        }
        var secret = JwtSecret.Ensure(BenchSilo.OptionsOf(_folder.PathOf("client"), plan.Database, _folder.PathOf("identity-0")));
        _token = new TokenIssuer(secret, TimeProvider.System).Issue("bench", null, TimeSpan.FromHours(12));
    }

    public IReadOnlyList<SiloProcess> Silos => _silos;

    /// <summary>The server's first process.</summary>
    public int Postmaster { get; private set; }

    /// <summary>Of the gateways in turn.</summary>
    public HttpClient Client => _clients[(uint)Interlocked.Increment(ref _turn) % _clients.Length];

    public static async Task<BenchFleet> StartAsync(FleetPlan plan, CancellationToken cancellationToken)
    {
        var fleet = new BenchFleet(plan);
        try
        {
            await using var connection = await fleet.ConnectAsync(cancellationToken);
            fleet.Postmaster = ProcessFigures.Parent(await connection.QuerySingleAsync<int>("SELECT pg_backend_pid()"));
            await fleet.StartSilosAsync(cancellationToken);
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    public async Task StartSilosAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(_silos.Select(silo => silo.StartAsync(cancellationToken)));
        foreach (var client in _clients)
            client.Dispose();
        _clients = [.. _silos.Select(silo => NewClient(silo.Api))];
    }

    public Task KillSilosAsync() => Task.WhenAll(_silos.Select(silo => silo.KillAsync()));

    public ValueTask<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken) => _database.OpenConnectionAsync(cancellationToken);

    public async Task<T> AskAsync<T>(string sql, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await ConnectAsync(cancellationToken);
        return await connection.QuerySingleAsync<T>(sql);
    }

    public double SiloCpuSeconds() => _silos.Sum(silo => ProcessFigures.CpuSeconds(silo.Id));

    public double PostgresCpuSeconds() => ProcessFigures.CpuSecondsOfFamily(Postmaster);

    public long ResidentBytes() => _silos.Sum(silo => ProcessFigures.ResidentBytes(silo.Id));

    public async Task<long> HeapBytesAsync(CancellationToken cancellationToken) =>
        (await Task.WhenAll(_silos.Select(silo => silo.HeapBytesAsync(cancellationToken)))).Sum();

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
            client.Dispose();
        _silos.ForEach(silo => silo.Dispose());
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    private HttpClient NewClient(Uri api)
    {
        var client = new HttpClient(new SocketsHttpHandler { UseCookies = false, ActivityHeadersPropagator = null }) { BaseAddress = api };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _token);
        return client;
    }
}
