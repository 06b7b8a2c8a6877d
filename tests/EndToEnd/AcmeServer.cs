using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hypeman.NodeRuntime.Linux;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.EndToEnd;

/// <summary>
/// Pebble, the ACME server that Let's Encrypt tests clients with, inside a network namespace: all names lead to that namespace, and
/// it looks for proofs on ports 80 and 443.
/// </summary>
internal sealed class AcmeServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _folder = new();
    private readonly List<ProcessHandle> _processes = [];

    public const string Directory = "https://127.0.0.1:14000/dir";

    /// <summary>File with whom to trust about the server itself.</summary>
    public string RootFile => _folder.PathOf("root.pem");

    /// <summary>A program that publishes TXT records in the DNS that it asks.</summary>
    public string DnsHook => _folder.PathOf("dns-hook");

    /// <summary>File with whom to trust about what it issues; written by <see cref="StartAsync"/>.</summary>
    public string IssuedRootFile => _folder.PathOf("issued-root.pem");

    /// <summary>Makes its files; it runs once <see cref="StartAsync"/> was called.</summary>
    public AcmeServer()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=acme server", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(X509BasicConstraintsExtension.CreateForCertificateAuthority());
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        File.WriteAllText(RootFile, certificate.ExportCertificatePem());
        File.WriteAllText(_folder.PathOf("key.pem"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(DnsHook, """
            #!/bin/sh
            case $1 in
              present) exec curl -sf -d "{\"host\":\"$2.\",\"value\":\"$3\"}" http://127.0.0.1:8055/set-txt ;;
              cleanup) exec curl -sf -d "{\"host\":\"$2.\"}" http://127.0.0.1:8055/clear-txt ;;
            esac
            """);
        File.SetUnixFileMode(DnsHook, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(_folder.PathOf("config.json"), $$"""
            {"pebble": {"listenAddress": "127.0.0.1:14000", "managementListenAddress": "127.0.0.1:15000",
              "certificate": "{{RootFile}}", "privateKey": "{{_folder.PathOf("key.pem")}}",
              "httpPort": 80, "tlsPort": 443, "ocspResponderURL": "", "externalAccountBindingRequired": false} }
            """);
    }

    public async Task StartAsync(Fleet fleet)
    {
        await SpawnAsync(fleet.Network, "pebble-challtestsrv", [
            "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dns01", "127.0.0.1:8053", "-http01", "", "-https01", "", "-tlsalpn01", "",
            "-management", "127.0.0.1:8055",
        ]);
        await SpawnAsync(fleet.Network, "pebble", ["-config", _folder.PathOf("config.json"), "-dnsserver", "127.0.0.1:8053"], new()
        {
            // Each order is proven anew, without the pause that it makes by default; and some nonces are refused, as it does.
            ["PEBBLE_AUTHZREUSE"] = "0",
            ["PEBBLE_VA_NOSLEEP"] = "1",
            ["PEBBLE_WFE_NONCEREJECT"] = "10",
        });
        await Until.True(async () =>
        {
            try
            {
                var root = await fleet.RunAsync("curl", ["-s", "--cacert", RootFile, "https://127.0.0.1:15000/roots/0"]);
                await File.WriteAllTextAsync(IssuedRootFile, root);
                return root.Contains("BEGIN CERTIFICATE", StringComparison.Ordinal);
            }
            catch (CommandException)
            {
                return false;
            }
        }, Patience, "the ACME server answers");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            process.Kill(ProcessSignal.Kill);
            await process.Exited;
            process.Dispose();
        }
        _folder.Dispose();
    }

    private async Task SpawnAsync(NetworkNamespace network, string program, IReadOnlyList<string> arguments, Dictionary<string, string>? environment = null)
    {
        var identity = await Spawner.StartAsync(new SpawnRequest
        {
            Program = program,
            Arguments = arguments,
            Environment = environment ?? [],
            OutputPath = _folder.PathOf(program + ".log"),
            Network = network,
        });
        _processes.Add(ProcessHandle.Open(identity) ?? throw new InvalidOperationException($"{program} ended at once"));
    }
}
