using System.Text.Json;
using System.Text.RegularExpressions;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.Tests.Testing.Fleets;

/// <summary>
/// The fleet of <c>./dev fleet up</c>: PostgreSQL, two control processes with the API (c1, c2) and nodes (n1, n2 ...), each in
/// a network namespace of its own, with real VMs. Its members can be killed, frozen and cut off. There is one on a
/// machine at a time. Disposing it ends all and removes all.
/// </summary>
public sealed partial class ManyHosts : IAsyncDisposable
{
    public const string Database = "db";
    private const string Word = "hypeman-fleet", Subnet = "10.98.0";
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(5);

    private readonly string _hostName = $"hm-many-{Guid.NewGuid().ToString("N")[..8]}";
    private readonly string _dataDirectory = Directory.CreateTempSubdirectory("hypeman-many-").FullName;
    private readonly NetworkNamespace _host;
    private readonly Dictionary<string, FleetApi> _apis = [];
    private readonly TimeSpan _callTimeout;
    private string _token = "";
    private string? _mounted;

    private ManyHosts(int nodes, TimeSpan callTimeout)
    {
        Nodes = [.. Enumerable.Range(1, nodes).Select(at => $"n{at}")];
        _host = NetworkNamespace.Ensure(_hostName);
        _callTimeout = callTimeout;
    }

    /// <summary>Members that run VMs.</summary>
    public IReadOnlyList<string> Nodes { get; }

    /// <summary>Members that serve the API and hold no VMs.</summary>
    public IReadOnlyList<string> Controls { get; } = ["c1", "c2"];

    /// <param name="nodes">How many.</param>
    /// <param name="callTimeout">For one call of the API.</param>
    /// <param name="cancellationToken">Of the start.</param>
    /// <param name="smallDisk">A member that keeps its data on a disk of its own of 7 GiB, which can be filled.</param>
    public static async Task<ManyHosts> StartAsync(
        int nodes, TimeSpan callTimeout, CancellationToken cancellationToken, string? smallDisk = null)
    {
        var fleet = new ManyHosts(nodes, callTimeout);
        try
        {
            if (smallDisk is not null)
                await fleet.MountAsync(smallDisk, cancellationToken);
            await Command.RunAsync("ip", ["-n", fleet._hostName, "link", "set", "lo", "up"], cancellationToken);
            var words = await fleet.DevAsync(["up", $"{nodes}", "--netns", fleet._hostName], cancellationToken);
            fleet._token = ApiKey().Match(words).Groups[1].Value;
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    public static string AddressOf(string member) => (member[0], member[1..]) switch
    {
        ('d', _) => $"{Subnet}.2",
        ('c', var at) => $"{Subnet}.{10 + int.Parse(at)}",
        (_, var at) => $"{Subnet}.{20 + int.Parse(at)}",
    };

    /// <summary>The API of a member; each has one.</summary>
    public FleetApi Api(string member)
    {
        if (!_apis.TryGetValue(member, out var api))
            _apis[member] = api = new FleetApi(() => _host, $"{AddressOf(member)}:8080", _callTimeout) { Token = _token };
        return api;
    }

    /// <summary>The directory with all that a member keeps.</summary>
    public string DataOf(string member) => Path.Combine(_dataDirectory, member);

    /// <summary>The node id of a member that runs VMs.</summary>
    public string NodeIdOf(string member) => File.ReadAllText(Path.Combine(DataOf(member), "node-id")).Trim();

    /// <summary>Pushes an OCI layout with skopeo through a member, as users do; the image's name.</summary>
    public async Task<string> PushAsync(string member, string layoutDirectory, string repository, CancellationToken cancellationToken)
    {
        var name = $"{Api(member).Address}/{repository}";
        string[] arguments =
        [
            $"--net={_host.Path}", "--", "skopeo", "--insecure-policy", "copy", "--dest-tls-verify=false",
            "--dest-creds", $"{_token}:x", $"oci:{layoutDirectory}", $"docker://{name}",
        ];
        await new Command("nsenter", arguments) { Timeout = TimeSpan.FromMinutes(2) }.RunAsync(cancellationToken);
        return name;
    }

    /// <summary>The process of a member; null when it does not run.</summary>
    public ProcessHandle? ProcessOf(string member) =>
        PidOf(member) is { } pid && ProcessIdentity.Of(pid) is { } identity ? ProcessHandle.Open(identity) : null;

    /// <summary>kill -9 of a member's process, whose VMs run on; for the database, of its first process, which takes the others along.</summary>
    public async Task KillAsync(string member)
    {
        using var process = ProcessOf(member) ?? throw new InvalidOperationException($"{member} does not run");
        process.Kill(ProcessSignal.Kill);
        await process.Exited;
    }

    /// <summary>Has the processes of a member stand still, as in a host that hangs.</summary>
    public void Freeze(string member) => Signal(member, ProcessSignal.Stop);

    public void Thaw(string member) => Signal(member, ProcessSignal.Continue);

    /// <summary>Ends a member in its own order.</summary>
    public Task StopAsync(string member, CancellationToken cancellationToken) => DevAsync(["stop", member], cancellationToken);

    /// <param name="member">One that does not run.</param>
    /// <param name="environment">Variables that its process gets.</param>
    /// <param name="cancellationToken">Of the start.</param>
    public Task StartAsync(string member, IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken) =>
        DevAsync(["start", member], cancellationToken, environment);

    public Task StartAsync(string member, CancellationToken cancellationToken) => DevAsync(["start", member], cancellationToken);

    /// <summary>Takes a member's cable out of the switch.</summary>
    public static Task CutOffAsync(string member, CancellationToken cancellationToken) => SetCableAsync(member, "down", cancellationToken);

    public static Task HealAsync(string member, CancellationToken cancellationToken) => SetCableAsync(member, "up", cancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (var api in _apis.Values)
            api.Dispose();
        await DevAsync(["down"], CancellationToken.None);
        _host.Dispose();
        NetworkNamespace.Remove(_hostName);
        if (_mounted is not null)
            await Command.RunAsync("umount", [_mounted], CancellationToken.None);
        Directory.Delete(_dataDirectory, recursive: true);
    }

    private async Task MountAsync(string member, CancellationToken cancellationToken)
    {
        var directory = Directory.CreateDirectory(DataOf(member)).FullName;
        await Command.RunAsync("mount", ["-t", "tmpfs", "-o", "size=7g,mode=0700", "hypeman-test", directory], cancellationToken);
        _mounted = directory;
    }

    private static Task<string> SetCableAsync(string member, string state, CancellationToken cancellationToken) =>
        Command.RunAsync("ip", ["-n", $"{Word}-switch", "link", "set", member, state], cancellationToken);

    private Task<string> DevAsync(
        string[] words, CancellationToken cancellationToken, IReadOnlyDictionary<string, string>? environment = null)
    {
        var variables = (environment ?? new Dictionary<string, string>()).Select(pair => $"{pair.Key}={pair.Value}");
        string[] arguments = [.. variables, RepositoryRoot.PathOf("dev"), "fleet", .. words, "--data", _dataDirectory];
        return new Command("env", arguments) { Timeout = StartTimeout }.RunAsync(cancellationToken);
    }

    private int? PidOf(string member)
    {
        try
        {
            if (member == Database)
                return int.Parse(File.ReadLines(Path.Combine(DataOf(member), "data", "postmaster.pid")).First());
            using var file = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(DataOf(member), "server.json")));
            return file.RootElement.GetProperty("pid").GetInt32();
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    // PostgreSQL is many processes: the first one, and a child for each connection.
    private void Signal(string member, ProcessSignal signal)
    {
        var first = PidOf(member) ?? throw new InvalidOperationException($"{member} does not run");
        int[] pids = member == Database ? [first, .. ChildrenOf(first)] : [first];
        foreach (var pid in pids)
            if (ProcessIdentity.Of(pid) is { } identity)
                using (var process = ProcessHandle.Open(identity))
                    process?.Kill(signal);
    }

    private static IEnumerable<int> ChildrenOf(int parent) => File.ReadAllText($"/proc/{parent}/task/{parent}/children")
        .Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse);

    [GeneratedRegex("^HYPEMAN_API_KEY=(.+)$", RegexOptions.Multiline)]
    private static partial Regex ApiKey();
}
