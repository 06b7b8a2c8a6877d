using System.Text.RegularExpressions;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.Tests.Testing.Images;

/// <summary>The registry of Debian's package docker-registry, on a free port of the loopback, ended with the test.</summary>
public sealed partial class DebianRegistry : IAsyncDisposable
{
    public const string Username = "someone";
    public const string Password = "correct horse";
    private const string PasswordHash = "$2b$04$rlC/kiFk.cMR115VSvmPQu5Wq2zk1h48IRc5Ne98KIouBfauMVf5e";

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);

    private readonly string _folder;
    private readonly ProcessHandle _process;

    private DebianRegistry(string folder, ProcessHandle process, string host)
    {
        (_folder, _process, Host) = (folder, process, host);
    }

    /// <summary><c>127.0.0.1:port</c>.</summary>
    public string Host { get; }

    public static async Task<DebianRegistry> StartAsync(bool needsLogin = false)
    {
        var folder = Directory.CreateTempSubdirectory("hypeman-registry-").FullName;
        var (configPath, logPath) = (Path.Combine(folder, "config.yml"), Path.Combine(folder, "log"));
        await File.WriteAllTextAsync(configPath, ConfigOf(folder, needsLogin));
        await File.WriteAllTextAsync(Path.Combine(folder, "htpasswd"), $"{Username}:{PasswordHash}\n");
        var identity = await Spawner.StartAsync(new SpawnRequest
        {
            Program = "docker-registry",
            Arguments = ["serve", configPath],
            OutputPath = logPath,
        });
        var process = ProcessHandle.Open(identity)
            ?? throw new InvalidOperationException($"docker-registry ended at once: {await File.ReadAllTextAsync(logPath)}");
        var address = Match.Empty;
        await Until.True(
            () => (address = ListeningOn().Match(File.ReadAllText(logPath))).Success, StartTimeout, "docker-registry listens");
        return new DebianRegistry(folder, process, address.Groups[1].Value);
    }

    /// <summary>Pushes with skopeo, as people do.</summary>
    public async Task PushAsync(OciImage image, string repositoryAndTag, bool withLogin = false, params string[] options)
    {
        var layout = Directory.CreateTempSubdirectory("hypeman-layout-").FullName;
        try
        {
            image.WriteLayout(layout);
            string[] login = withLogin ? ["--dest-creds", $"{Username}:{Password}"] : [];
            await Command.RunAsync("skopeo",
                ["copy", "--insecure-policy", "--dest-tls-verify=false", .. login, .. options, $"oci:{layout}:latest", $"docker://{Host}/{repositoryAndTag}"],
                CancellationToken.None);
        }
        finally
        {
            Directory.Delete(layout, recursive: true);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(ProcessSignal.Kill);
        await _process.Exited;
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static string ConfigOf(string folder, bool needsLogin) => $"""
        version: 0.1
        log:
          level: info
        storage:
          filesystem:
            rootdirectory: {folder}/data
        http:
          addr: 127.0.0.1:0
        """ + (needsLogin ? $"""

        auth:
          htpasswd:
            realm: test
            path: {folder}/htpasswd
        """ : "") + "\n";

    [GeneratedRegex(@"listening on (127\.0\.0\.1:\d+)")]
    private static partial Regex ListeningOn();
}
