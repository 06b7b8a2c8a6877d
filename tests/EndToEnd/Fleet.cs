using System.Text.Json;
using Hypeman.NodeRuntime.Linux;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Fleets;

namespace Hypeman.Tests.EndToEnd;

/// <summary>
/// A one-node fleet as a user would start it: the real server on a data directory of its own, in a network namespace
/// of its own, with real VMs. Disposing it ends all and removes all.
/// </summary>
public sealed class Fleet : IAsyncDisposable
{
    private const int ApiPort = 8080;
    public const int IngressPort = 80;
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(90);

    private readonly string _netns = $"hm-e2e-{Guid.NewGuid().ToString("N")[..8]}";
    private NetworkNamespace _network;
    private ProcessHandle? _server;

    private Fleet(string? dataDir)
    {
        DataDir = dataDir ?? Directory.CreateTempSubdirectory("hypeman-e2e-").FullName;
        _network = NetworkNamespace.Ensure(_netns);
        Api = new FleetApi(() => _network, RegistryHost, TimeSpan.FromSeconds(70));
    }

    public string DataDir { get; }

    public FleetApi Api { get; }

    /// <summary>What the fleet takes for its host.</summary>
    public NetworkNamespace Network => _network;

    /// <summary>The name of the namespace that its node made.</summary>
    public string NodeNamespace => $"hm-{File.ReadAllText(Path.Combine(DataDir, "node-id")).Trim()[..8]}";

    /// <summary>Settings of the server by the names they have in the environment; in force from its next start.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; set; } = new Dictionary<string, string>();

    /// <param name="dataDir">Removed with the fleet; null for a new one.</param>
    /// <param name="settings">See <see cref="Settings"/>.</param>
    public static async Task<Fleet> StartAsync(string? dataDir = null, IReadOnlyDictionary<string, string>? settings = null)
    {
        var fleet = new Fleet(dataDir) { Settings = settings ?? new Dictionary<string, string>() };
        try
        {
            await fleet.EnableLoopbackAsync();
            await fleet.StartServerAsync();
            fleet.Api.Token = (await Command.RunAsync(Artifacts.Server, ["token", "--data", fleet.DataDir], Cancel)).Trim();
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the server and returns once it answers.</summary>
    public async Task StartServerAsync()
    {
        var identity = await Spawner.StartAsync(new SpawnRequest
        {
            Program = Artifacts.Server,
            Arguments =
            [
                "--data", DataDir, "--api-port", $"{ApiPort}", "--ingress-port", $"{IngressPort}",
                "--kernel-dir", Artifacts.KernelDir, "--guest-binary", Artifacts.GuestBinary,
            ],
            Environment = new Dictionary<string, string>(Settings) { ["DOTNET_ROOT"] = Artifacts.DotnetRoot, ["HOME"] = DataDir },
            OutputPath = LogPath,
            Network = _network,
        });
        _server = ProcessHandle.Open(identity) ?? throw new InvalidOperationException($"The server ended at once:\n{LogTail()}");
        await Until.True(async () =>
        {
            if (_server.Exited.IsCompleted)
                throw new InvalidOperationException($"The server ended:\n{LogTail()}");
            return await Api.IsHealthyAsync(Cancel);
        }, StartTimeout, "the server answers");
    }

    public Task EnsureServerAsync() => _server!.Exited.IsCompleted ? StartServerAsync() : Task.CompletedTask;

    /// <summary>kill -9 of our process only; VMs are not its children in the sense that matters.</summary>
    public async Task KillServerAsync()
    {
        _server!.Kill(ProcessSignal.Kill);
        await _server.Exited;
    }

    /// <summary>Asks our process to end, as a service manager does.</summary>
    /// <returns>How it ended.</returns>
    public async Task<ProcessExit> EndServerAsync()
    {
        _server!.Kill(ProcessSignal.Terminate);
        return await _server.Exited.WaitAsync(StartTimeout, Cancel);
    }

    /// <summary>All that a restart of the host takes away: our process, the VMs, the namespaces. A new host has the same name.</summary>
    public async Task LoseHostAsync()
    {
        await KillServerAsync();
        foreach (var pid in VirtualMachines.All(DataDir))
        {
            using var vm = ProcessHandle.Open(ProcessIdentity.Of(pid)!.Value)!;
            vm.Kill(ProcessSignal.Kill);
            await vm.Exited;
        }
        NetworkNamespace.Remove(NodeNamespace);
        _network.Dispose();
        NetworkNamespace.Remove(_netns);
        _network = NetworkNamespace.Ensure(_netns);
        await EnableLoopbackAsync();
    }

    /// <summary>Takes the fleet down with the command for it; what that printed.</summary>
    /// <param name="from">The namespace it is given in; null for that of the fleet.</param>
    public Task<string> DownAsync(NetworkNamespace? from = null) =>
        new Command("nsenter", $"--net={(from ?? _network).Path}", "--", Artifacts.Server, "down", "--data", DataDir)
            .RunAsync(CancellationToken.None);

    /// <summary>Runs a scenario of the official client; its failure is the test's.</summary>
    public Task ClientAsync(string scenario, params (string Name, string Value)[] environment) =>
        RunAsync("node", [Path.Combine(Artifacts.ClientDir, scenario)], environment);

    /// <summary>Runs a program inside the fleet's namespace with the fleet's address and key in its environment.</summary>
    public async Task<string> RunAsync(string tool, IReadOnlyList<string> arguments, params (string Name, string Value)[] environment)
    {
        string[] variables =
        [
            $"HYPEMAN_BASE_URL=http://127.0.0.1:{ApiPort}", $"HYPEMAN_API_KEY={Token}", $"E2E_INGRESS_PORT={IngressPort}",
            $"DOTNET_ROOT={Artifacts.DotnetRoot}", .. environment.Select(pair => $"{pair.Name}={pair.Value}"),
        ];
        var command = new Command("nsenter", [$"--net={_network.Path}", "--", "env", .. variables, tool, .. arguments])
        {
            Timeout = TimeSpan.FromMinutes(4),
        };
        return await command.RunAsync(Cancel);
    }

    /// <summary>Runs a tool where the VMs' network is, past all of ours.</summary>
    public async Task<string> InNodeNamespaceAsync(string tool, IReadOnlyList<string> arguments)
    {
        var command = new Command("nsenter", [$"--net={NetworkNamespace.PathOf(NodeNamespace)}", "--", tool, .. arguments]);
        return await command.RunAsync(Cancel);
    }

    public static string RegistryHost => $"127.0.0.1:{ApiPort}";

    public string Token => Api.Token;

    public Task<JsonElement> GetAsync(string path) => Api.GetAsync(path, Cancel);

    public Task<JsonElement> PostAsync(string path, object body) => Api.PostAsync(path, body, Cancel);

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, object? body = null) =>
        Api.SendAsync(method, path, body, Cancel);

    /// <summary>Asks an ingress, as a customer's browser would.</summary>
    public Task<HttpResponseMessage> IngressAsync(string hostname) => Api.PageAsync(hostname, $"127.0.0.1:{IngressPort}", Cancel);

    /// <summary>The state word of an instance; null when it is gone.</summary>
    public Task<string?> StateAsync(string id) => Api.StateAsync(id, Cancel);

    public async ValueTask DisposeAsync()
    {
        _server?.Kill(ProcessSignal.Kill);
        if (_server is not null)
            await _server.Exited;
        await DownAsync();
        Api.Dispose();
        _network.Dispose();
        NetworkNamespace.Remove(_netns);
        Directory.Delete(DataDir, recursive: true);
    }

    private Task<string> EnableLoopbackAsync() => Command.RunAsync("ip", ["-n", _netns, "link", "set", "lo", "up"], Cancel);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string LogPath => Path.Combine(DataDir, "server.log");

    private string LogTail() => File.Exists(LogPath) ? string.Join('\n', File.ReadLines(LogPath).TakeLast(20)) : "(no log)";
}
