using System.Diagnostics;
using Hypeman.Tests.Testing;
using Npgsql;

[assembly: AssemblyFixture(typeof(Hypeman.Tests.Storage.Databases.PostgresServer))]

namespace Hypeman.Tests.Storage.Databases;

/// <summary>A PostgreSQL server of this test run, on a unix socket in its own directory. Started when first asked for.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"hypeman-postgres-{Guid.NewGuid():n}");
    private readonly SemaphoreSlim _starting = new(1, 1);
    private Process? _server;
    private int _databases;

    private static string? Binaries =>
        Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Select(d => Path.Combine(d, "bin")).Order()
                .LastOrDefault(d => File.Exists(Path.Combine(d, "initdb")))
            : null;

    /// <summary>A connection string to a new, empty database. Skips the test where PostgreSQL is not installed.</summary>
    public async Task<string> NewDatabaseAsync()
    {
        Assert.SkipWhen(Binaries is null, "PostgreSQL is not installed (apt-get install postgresql)");
        await _starting.WaitAsync();
        try
        {
            if (_server is null)
                await StartAsync(Binaries!);
        }
        finally
        {
            _starting.Release();
        }
        string name = $"test{Interlocked.Increment(ref _databases)}";
        await ExecuteAsync("postgres", $"CREATE DATABASE {name}");
        return ConnectionString(name);
    }

    /// <summary>As when its host loses power. <see cref="StartAgainAsync"/> brings it back on what it had written.</summary>
    public async Task KillAsync()
    {
        // The postmaster's children end by themselves once it is gone, but not at once.
        await SignalAsync("KILL", [.. Children(), _server!.Id]);
        await _server.WaitForExitAsync();
        _server.Dispose();
        _server = null;
    }

    public Task StartAgainAsync() => RunServerAsync(Binaries!);

    /// <summary>It keeps its connections, takes new ones, and says nothing.</summary>
    public Task FreezeAsync() => SignalAsync("STOP", [_server!.Id, .. Children()]);

    public Task ThawAsync() => SignalAsync("CONT", [_server!.Id, .. Children()]);

    /// <summary>A connection string to a database of this server with another user or name.</summary>
    public string ConnectionString(string database, string user = "postgres") =>
        $"Host={_directory};Username={user};Database={database};Maximum Pool Size=20{(IsHurried ? "" : ";Timeout=30;Command Timeout=30")}";

    /// <summary>Whether the limits of a fleet hold. A machine that runs all tests at once may be slower than a database should be.</summary>
    public bool IsHurried { get; init; }

    public async Task ExecuteAsync(string database, string sql)
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(ConnectionString(database));
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        if (_server is not null)
        {
            await ThawAsync();
            await RunAsync([.. AsPostgres, Path.Combine(Binaries!, "pg_ctl"), "stop", "-D", DataDirectory, "-m", "fast"]);
            await _server.WaitForExitAsync();
            _server.Dispose();
        }
        if (Directory.Exists(_directory))
            Directory.Delete(_directory, recursive: true);
        _starting.Dispose();
    }

    private async Task StartAsync(string binaries)
    {
        Directory.CreateDirectory(_directory);
        if (Environment.IsPrivilegedProcess)
            await RunAsync("chown", "postgres", _directory);
        await RunAsync([.. AsPostgres, Path.Combine(binaries, "initdb"), "-D", DataDirectory, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8"]);
        await RunServerAsync(binaries);
    }

    private async Task RunServerAsync(string binaries)
    {
        _server = Start([.. AsPostgres, Path.Combine(binaries, "postgres"), "-D", DataDirectory, "-k", _directory,
            "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200"]);
        _server.OutputDataReceived += (_, _) => { };
        _server.ErrorDataReceived += (_, _) => { };
        _server.BeginOutputReadLine();
        _server.BeginErrorReadLine();
        await Until.True(AnswersAsync, StartLimit, "PostgreSQL answers");
    }

    private string DataDirectory => Path.Combine(_directory, "data");

    /// <summary>The server refuses to run as root.</summary>
    private static string[] AsPostgres =>
        Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];

    public async Task<bool> AnswersAsync()
    {
        Assert.False(_server!.HasExited, "PostgreSQL ended while it was starting");
        try
        {
            await ExecuteAsync("postgres", "SELECT 1");
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private IEnumerable<int> Children() =>
        File.ReadAllText($"/proc/{_server!.Id}/task/{_server.Id}/children")
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(pid => int.Parse(pid, System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>A child may have ended since it was listed.</summary>
    private static async Task SignalAsync(string signal, int[] pids)
    {
        foreach (var pid in pids)
        {
            using var kill = Start(["kill", $"-{signal}", $"{pid}"]);
            await kill.WaitForExitAsync();
        }
    }

    private static async Task RunAsync(params string[] command)
    {
        using var process = Start(command);
        var output = process.StandardOutput.ReadToEndAsync();
        string errors = await process.StandardError.ReadToEndAsync();
        await output;
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', command)}: {errors}");
    }

    private static Process Start(string[] command) =>
        Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        })!;
}
