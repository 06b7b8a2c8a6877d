using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Hypeman.Certificates.Acme;
using Hypeman.Certificates.Issuance;
using Hypeman.Certificates.Sealing;

namespace Hypeman.Tests.Certificates.Acme;

/// <summary>Certificates from an ACME server that is not always well.</summary>
public sealed class AcmeIssuerTests
{
    private const string Name = "web.example.com";

    private static readonly SecretSealer Sealer = new(new byte[SecretSealer.KeyLength]);

    private readonly Board _board = new();
    private readonly Dns _dns = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_certificate_of_a_new_key_is_had_for_a_name_that_was_proven()
    {
        await using var server = await ScriptedAcme.StartAsync();

        var issued = await IssueAsync(server);

        using var certificate = X509Certificate2.CreateFromPem(issued.ChainPem, issued.KeyPem);
        Assert.True(certificate.MatchesHostname(Name));
        Assert.Equal((ChallengeKind.Http01, "token-http-01"), (_board.Shown!.Kind, _board.Shown.Token));
        Assert.Equal($"token-http-01.{Thumbprint(server)}", _board.Shown.KeyAuthorization);
        Assert.Equal(1, _board.Cleared);
        Assert.Equal("""["mailto:ops@example.com"]""", server.Account!["contact"]!.ToJsonString());
    }

    [Theory]
    [InlineData(0, "http-01")]
    [InlineData(1, "tls-alpn-01")]
    [InlineData(2, "http-01")]
    public async Task Each_attempt_tries_the_next_way(int attempt, string way)
    {
        await using var server = await ScriptedAcme.StartAsync();

        await IssueAsync(server, attempt: attempt);

        Assert.Equal(way, server.Tried);
    }

    [Fact]
    public async Task A_name_with_an_asterisk_is_proven_by_DNS_and_the_record_is_removed()
    {
        await using var server = await ScriptedAcme.StartAsync();

        await IssueAsync(server, "*.example.com");

        var value = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes($"token-dns-01.{Thumbprint(server)}")));
        Assert.Equal([$"present _acme-challenge.example.com {value}", $"cleanup _acme-challenge.example.com {value}"], _dns.Calls);
        Assert.Null(_board.Shown);
    }

    [Fact]
    public async Task A_proof_that_is_not_found_says_what_was_looked_for_and_is_taken_down()
    {
        await using var server = await ScriptedAcme.StartAsync();
        server.Proven = _ => false;

        var error = await Assert.ThrowsAsync<IssuanceException>(() => IssueAsync(server));

        Assert.Equal($"{Name} was not proven by http-01: nobody answers on the port (connection)", error.Message);
        Assert.Equal(1, _board.Cleared);
    }

    [Fact]
    public async Task A_nonce_that_was_used_up_costs_one_more_request()
    {
        await using var server = await ScriptedAcme.StartAsync();
        var refusals = 3;
        server.Instead = path => path == "/order" && refusals-- > 0 ? (400, "badNonce", "used up") : null;

        await IssueAsync(server);

        Assert.Equal(4, server.Requests.Count(path => path == "/order"));
    }

    [Fact]
    public async Task A_server_that_never_likes_a_nonce_is_given_up()
    {
        await using var server = await ScriptedAcme.StartAsync();
        server.Instead = path => path == "/order" ? (400, "badNonce", "used up") : null;

        await Assert.ThrowsAsync<IssuanceException>(() => IssueAsync(server));

        Assert.Equal(5, server.Requests.Count(path => path == "/order"));
    }

    [Fact]
    public async Task A_server_that_has_had_enough_says_for_how_long()
    {
        await using var server = await ScriptedAcme.StartAsync();
        server.Instead = path => path == "/order" ? (429, "rateLimited", "too many certificates") : null;

        var error = await Assert.ThrowsAsync<IssuanceException>(() => IssueAsync(server));

        Assert.Equal(TimeSpan.FromHours(1), error.RetryAfter);
        Assert.Contains("refuses: too many certificates (rateLimited)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_account_that_the_server_has_forgotten_is_made_again()
    {
        await using var server = await ScriptedAcme.StartAsync();
        using var issuer = Issuer(server);
        await issuer.IssueAsync(Name, 0, _board, Cancelled);
        var forgotten = true;
        server.Instead = path => path == "/order" && forgotten && !(forgotten = false) ? (400, "accountDoesNotExist", "who?") : null;

        await issuer.IssueAsync(Name, 0, _board, Cancelled);

        Assert.Equal(2, server.Requests.Count(path => path == "/account"));
    }

    [Fact]
    public async Task An_order_is_waited_for_and_given_up_when_there_is_no_more_time()
    {
        await using var server = await ScriptedAcme.StartAsync();
        server.LooksUntilValid = int.MaxValue;
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(1));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Issuer(server).IssueAsync(Name, 0, _board, deadline.Token));
    }

    [Fact]
    public async Task A_certificate_of_another_key_is_not_taken()
    {
        await using var server = await ScriptedAcme.StartAsync();
        server.UsesAnotherKey = true;

        var error = await Assert.ThrowsAsync<IssuanceException>(() => IssueAsync(server));

        Assert.Equal("the issuer sent a certificate of another key", error.Message);
    }

    [Fact]
    public async Task An_account_is_tied_to_one_at_the_issuer_where_it_wants_that()
    {
        await using var server = await ScriptedAcme.StartAsync();
        server.WantsExternalAccount = true;
        var error = await Assert.ThrowsAsync<IssuanceException>(() => IssueAsync(server));
        Assert.Contains("set acme.external_account", error.Message, StringComparison.Ordinal);

        var key = new byte[32];
        using var issuer = Issuer(server, new ExternalAccount("kid-1", key));
        await issuer.IssueAsync(Name, 0, _board, Cancelled);

        var binding = server.Account!["externalAccountBinding"]!;
        var head = JsonNode.Parse(Base64Url.DecodeFromChars((string)binding["protected"]!))!;
        Assert.Equal(("HS256", "kid-1"), ((string?)head["alg"], (string?)head["kid"]));
        Assert.Equal(
            Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes($"{binding["protected"]}.{binding["payload"]}"))),
            (string?)binding["signature"]);
    }

    [Fact]
    public async Task What_none_of_our_ways_will_do_for_is_said()
    {
        await using var server = await ScriptedAcme.StartAsync();
        server.Offers = ["dns-account-01"];

        var error = await Assert.ThrowsAsync<IssuanceException>(() => IssueAsync(server));

        Assert.Contains("offers only dns-account-01", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/directory")]
    [InlineData("/nonce")]
    [InlineData("/account")]
    [InlineData("/authorization")]
    [InlineData("/order/1/finalize")]
    [InlineData("/certificate")]
    public async Task A_server_that_fails_at_any_step_is_told_of_in_words(string step)
    {
        await using var server = await ScriptedAcme.StartAsync();
        server.Instead = path => path == step ? (500, "serverInternal", "out of order") : null;

        var error = await Assert.ThrowsAsync<IssuanceException>(() => IssueAsync(server));

        Assert.Contains(step == "/nonce" ? "127.0.0.1 refuses" : "out of order (serverInternal)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_told_of_in_words()
    {
        using var issuer = new AcmeIssuer(
            new AcmeOptions { Directory = new Uri("http://127.0.0.1:1/directory") }, new HttpClient(), Sealer, null, TimeProvider.System);

        var error = await Assert.ThrowsAsync<IssuanceException>(() => issuer.IssueAsync(Name, 0, _board, Cancelled));

        Assert.StartsWith("127.0.0.1 cannot be reached", error.Message, StringComparison.Ordinal);
    }

    private async Task<IssuedCertificate> IssueAsync(ScriptedAcme server, string name = Name, int attempt = 0)
    {
        using var issuer = Issuer(server);
        return await issuer.IssueAsync(name, attempt, _board, Cancelled);
    }

    private AcmeIssuer Issuer(ScriptedAcme server, ExternalAccount? external = null) => new(
        new AcmeOptions
        {
            Directory = server.Directory,
            Email = "ops@example.com",
            ExternalAccount = external,
            PollInterval = TimeSpan.FromMilliseconds(10),
        },
        new HttpClient(), Sealer, _dns, TimeProvider.System);

    /// <summary>Of the account's key, as the server sees it (RFC 7638).</summary>
    private static string Thumbprint(ScriptedAcme server) => Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(
        $$"""{"crv":"P-256","kty":"EC","x":"{{server.AccountKey!["x"]}}","y":"{{server.AccountKey["y"]}}"}""")));

    private sealed class Board : IChallengeBoard
    {
        public Challenge? Shown { get; private set; }

        public int Cleared { get; private set; }

        public Task ShowAsync(Challenge challenge, CancellationToken cancellationToken)
        {
            Shown = challenge;
            return Task.CompletedTask;
        }

        public Task ClearAsync()
        {
            Cleared++;
            return Task.CompletedTask;
        }
    }

    private sealed class Dns : IDnsPublisher
    {
        public List<string> Calls { get; } = [];

        public Task PresentAsync(string name, string value, CancellationToken cancellationToken) => Note($"present {name} {value}");

        public Task CleanUpAsync(string name, string value, CancellationToken cancellationToken) => Note($"cleanup {name} {value}");

        private Task Note(string call)
        {
            Calls.Add(call);
            return Task.CompletedTask;
        }
    }
}
