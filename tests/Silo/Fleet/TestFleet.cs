using System.Net;
using System.Net.Sockets;
using Hypeman.Tests.Silo.Cluster;
using Hypeman.Tests.Silo.Server;
using Hypeman.Tests.Storage.Databases;

namespace Hypeman.Tests.Silo.Fleet;

/// <summary>Several servers in this process on one PostgreSQL database, each with an identity of one CA.</summary>
internal sealed class TestFleet : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly string _database;
    private readonly List<TestServer> _members = [];
    private readonly List<SiloProcess> _processes = [];
    private int _issued;

    private TestFleet(string database) => _database = database;

    public TestAuthority Authority { get; } = new();

    public static async Task<TestFleet> NewAsync(PostgresServer postgres) => new(await postgres.NewDatabaseAsync());

    /// <summary>A process of the fleet, not started yet.</summary>
    public TestServer Member(string roles, TestAuthority? authority = null, int apiPort = 0, string address = "127.0.0.1")
    {
        var member = new TestServer(new Dictionary<string, string>(FlagsOf(roles, authority ?? Authority, apiPort))
        {
            ["--cluster-address"] = address,
        });
        _members.Add(member);
        return member;
    }

    /// <summary>
    /// A process of its own, started: a silo that others take for dead ends its process, which must not be that of the
    /// tests.
    /// </summary>
    public SiloProcess Process(string roles, TestAuthority? authority = null)
    {
        var process = new SiloProcess(FlagsOf(roles, authority ?? Authority, apiPort: 0));
        _processes.Add(process);
        return process;
    }

    public async Task<TestServer> StartedAsync(string roles)
    {
        var member = Member(roles);
        await member.StartAsync();
        return member;
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private Dictionary<string, string> FlagsOf(string roles, TestAuthority authority, int apiPort) => new()
    {
        ["--roles"] = roles,
        ["--database"] = _database,
        ["--api-port"] = $"{apiPort}",
        ["--cluster-identity"] = authority.Issue($"{_issued++}-{roles.Replace(',', '-')}"),
    };

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
            await process.DisposeAsync();
        foreach (var member in Enumerable.Reverse(_members))
            await member.DisposeAsync();
        Authority.Dispose();
    }
}
