using System.Text.Json;
using Hypeman.NodeRuntime.Linux;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.EndToEnd;

/// <summary>Pages of instances over HTTPS, with certificates of a real ACME server, and of a CA of our own.</summary>
[Trait("Category", "Vm")]
public sealed class TlsTests
{
    private const string Page = "mkdir -p /www && echo '<p>page of a guest</p>' > /www/index.html && exec httpd -f -p 8000 -h /www";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Hostnames_are_proven_in_every_way_and_their_pages_are_there_while_certificates_are_renewed()
    {
        await using var acme = new AcmeServer();
        await using var fleet = await Fleet.StartAsync(settings: Settings(acme, "http-01"));
        await TestImage.Busybox.PushAsync(fleet);
        await acme.StartAsync(fleet);
        var id = await Instances.RunAsync(fleet.Api, "web", Page);

        await PublishAsync(fleet, "one", "one.example.com");
        await IsReadyAsync(fleet, "one.example.com", not: "");
        Assert.Contains("page of a guest", await CurlAsync(fleet, acme, "one.example.com"), StringComparison.Ordinal);
        Assert.Contains("301", await fleet.RunAsync("curl", ["-sI", "-H", "Host: one.example.com", "http://127.0.0.1/"]), StringComparison.Ordinal);

        // What was issued is kept, and the next one is proven in the other way.
        await fleet.EndServerAsync();
        fleet.Settings = Settings(acme, "tls-alpn-01");
        await fleet.StartServerAsync();
        Assert.Contains("page of a guest", await CurlAsync(fleet, acme, "one.example.com"), StringComparison.Ordinal);
        await PublishAsync(fleet, "all", "{instance}.apps.example.com", "{instance}");
        var page = await CurlAsync(fleet, acme, "web.apps.example.com", "--http2");
        Assert.Contains("page of a guest", page, StringComparison.Ordinal);
        var before = await IsReadyAsync(fleet, "web.apps.example.com", not: "");

        using var ended = new CancellationTokenSource();
        var asking = AskAsync(fleet, acme, ended.Token);
        await fleet.RunAsync(Artifacts.Cli, ["certificate", "renew", "web.apps.example.com"]);
        await IsReadyAsync(fleet, "web.apps.example.com", not: before);
        await ended.CancelAsync();
        Assert.True(await asking > 0);

        // Who publishes DNS records for us has one for all of a pattern.
        await fleet.EndServerAsync();
        fleet.Settings = new Dictionary<string, string>(Settings(acme, "http-01")) { ["ACME__DNS_HOOK"] = acme.DnsHook };
        await fleet.StartServerAsync();
        await PublishAsync(fleet, "wild", "{instance}.wild.example.com", "{instance}");
        await IsReadyAsync(fleet, "*.wild.example.com", not: "");
        Assert.Contains("page of a guest", await CurlAsync(fleet, acme, "web.wild.example.com"), StringComparison.Ordinal);

        await Instances.DeleteAsync(fleet.Api, id);
        await fleet.RunAsync(Artifacts.Cli, ["ingress", "rm", "one", "all", "wild"]);
        await Until.True(
            async () => (await fleet.GetAsync("/certificates")).EnumerateArray().All(one => one.GetProperty("name").GetString() != "one.example.com"),
            Patience, "the certificate that no rule needs is forgotten");
        await NothingSecretAsync(fleet);
    }

    [Fact]
    public async Task A_browser_that_trusts_the_development_CA_opens_the_page_of_an_instance()
    {
        await using var fleet = await Fleet.StartAsync(settings: new Dictionary<string, string> { ["ACME__CA"] = "development" });
        await TestImage.Busybox.PushAsync(fleet);
        var id = await Instances.RunAsync(fleet.Api, "web", Page);
        await PublishAsync(fleet, "web", "web.example.com");
        await IsReadyAsync(fleet, "web.example.com", not: "");

        var page = await BrowseAsync(fleet, "https://web.example.com/", trusts: Path.Combine(fleet.DataDir, "development-ca.crt"));
        Assert.Contains("<p>page of a guest</p>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("page of a guest", await BrowseAsync(fleet, "https://web.example.com/", trusts: null), StringComparison.Ordinal);

        Assert.Contains("Reused", await ResumeAsync(fleet), StringComparison.Ordinal);
        await Instances.DeleteAsync(fleet.Api, id);
    }

    private static Dictionary<string, string> Settings(AcmeServer acme, string challenge) => new()
    {
        ["ACME__EMAIL"] = "ops@example.com",
        ["ACME__CA"] = AcmeServer.Directory,
        ["ACME__CA_ROOT"] = acme.RootFile,
        ["ACME__ALLOWED_DOMAINS"] = "*.example.com,*.apps.example.com,*.wild.example.com",
        ["ACME__CHALLENGES"] = challenge,
    };

    private static Task<string> PublishAsync(Fleet fleet, string name, string host, string target = "web") => fleet.RunAsync(
        Artifacts.Cli, ["ingress", "create", name, "--host", host, "--to", $"{target}:8000", "--tls", "--redirect-http"]);

    /// <summary>The serial number of the certificate once it is another one than before.</summary>
    private static async Task<string> IsReadyAsync(Fleet fleet, string name, string not)
    {
        JsonElement certificate = default;
        await Until.True(async () =>
        {
            using var answer = await fleet.SendAsync(HttpMethod.Get, $"/certificates/{name}");
            if (!answer.IsSuccessStatusCode)
                return false;
            certificate = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Cancel));
            return certificate.GetProperty("state").GetString() == "ready" && certificate.GetProperty("serial").GetString() != not;
        }, Patience, $"the certificate of {name} is there");
        return certificate.GetProperty("serial").GetString()!;
    }

    private static Task<string> CurlAsync(Fleet fleet, AcmeServer acme, string host, params string[] more) => fleet.RunAsync(
        "curl", ["-sS", "--fail", "--cacert", acme.IssuedRootFile, "--resolve", $"{host}:443:127.0.0.1", .. more, $"https://{host}/"]);

    /// <summary>Asks again and again until it is ended; how often. A page that does not come is the test's failure.</summary>
    private static async Task<int> AskAsync(Fleet fleet, AcmeServer acme, CancellationToken ended)
    {
        var count = 0;
        for (; !ended.IsCancellationRequested; count++)
            Assert.Contains("page of a guest", await CurlAsync(fleet, acme, "web.apps.example.com"), StringComparison.Ordinal);
        return count;
    }

    private static async Task<string> BrowseAsync(Fleet fleet, string url, string? trusts)
    {
        using var home = new TemporaryFolder();
        if (trusts is not null)
        {
            var store = $"sql:{Directory.CreateDirectory(home.PathOf(".pki/nssdb")).FullName}";
            await Command.RunAsync("certutil", ["-d", store, "-N", "--empty-password"], Cancel);
            await Command.RunAsync("certutil", ["-d", store, "-A", "-t", "C,,", "-n", "development", "-i", trusts], Cancel);
        }
        return await fleet.RunAsync("env",
        [
            $"HOME={home.Path}", "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", $"--user-data-dir={home.PathOf("profile")}",
            "--host-resolver-rules=MAP * 127.0.0.1", "--virtual-time-budget=10000", "--dump-dom", url,
        ]);
    }

    /// <summary>Two handshakes of one client, of which the second takes up the session of the first.</summary>
    private static async Task<string> ResumeAsync(Fleet fleet)
    {
        using var folder = new TemporaryFolder();
        // With TLS 1.2 the session is there when the handshake is over; with 1.3 it would come some time later.
        var client = "openssl s_client -tls1_2 -connect 127.0.0.1:443 -servername web.example.com";
        var session = folder.PathOf("session");
        var script = $"{client} -sess_out {session} < /dev/null > /dev/null 2>&1; {client} -sess_in {session} < /dev/null 2>&1";
        return await fleet.RunAsync("sh", ["-c", script]);
    }

    /// <summary>Private keys are nowhere in the clear: not in the database, not in the log.</summary>
    private static async Task NothingSecretAsync(Fleet fleet)
    {
        await fleet.EndServerAsync();
        foreach (var file in Directory.EnumerateFiles(fleet.DataDir, "*", SearchOption.TopDirectoryOnly))
            Assert.DoesNotContain("PRIVATE KEY", await File.ReadAllTextAsync(file, Cancel), StringComparison.Ordinal);
        await fleet.StartServerAsync();
    }
}
