using System.Security.Cryptography.X509Certificates;
using System.Text;
using Hypeman.Certificates.Issuance;
using Hypeman.Contracts;
using Hypeman.Contracts.Certificates;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Ingresses;
using Hypeman.Grains.Certificates;
using Hypeman.Tests.Grains.Clusters;
using Hypeman.Tests.Testing;
using Microsoft.Extensions.Time.Testing;
using Orleans;
using Orleans.Runtime;

namespace Hypeman.Tests.Grains.Certificates;

/// <summary>Certificates come with the rules that need them, are renewed, and go with them. Tests are the reminder.</summary>
public sealed class CertificateTests
{
    private const string Host = "web.example.com";

    private readonly FakeTimeProvider _time = new(Some.Time);
    private readonly FakeIssuer _issuer;

    public CertificateTests() => _issuer = new FakeIssuer(_time);

    [Fact]
    public async Task A_rule_with_TLS_has_a_certificate_issued_and_its_key_is_sealed()
    {
        await using var fleet = await StartAsync();

        await PublishAsync(fleet);
        var info = await BecomesAsync(fleet, Host, info => info.Material is not null);

        Assert.Equal((CertificateState.Ready, null, 0), (info.StateAt(_time.GetUtcNow()), info.LastError, info.Failures));
        var pem = Encoding.ASCII.GetString(FakeIssuer.Sealer.Open(info.Material!.Sealed, Host));
        using var certificate = X509Certificate2.CreateFromPem(pem, pem);
        Assert.True(certificate.MatchesHostname(Host));
        Assert.True(info.NextAttemptAt > _time.GetUtcNow() && info.NextAttemptAt < info.Material.NotAfter);
        Assert.DoesNotContain("PRIVATE KEY", (await fleet.Index.GetAsync(ResourceKind.Certificate, Host))!.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public async Task However_many_ask_and_wherever_it_is_issued_once()
    {
        await using var fleet = await StartAsync(nodes: 2);
        await PublishAsync(fleet, "{instance}.example.com");
        var go = new TaskCompletionSource();
        _issuer.First = (_, _) => go.Task;

        var asked = fleet.Nodes.SelectMany(node => Enumerable.Range(0, 5).Select(_ => fleet.GrainsOf(node).Certificate(Host).EnsureAsync())).ToList();
        await Until.True(() => !_issuer.Asked.IsEmpty, TestFleet.Patience, "it is asked for");
        go.SetResult();

        Assert.All(await Task.WhenAll(asked), info => Assert.NotNull(info.Material));
        Assert.Equal([(Host, 0)], _issuer.Asked);
    }

    [Fact]
    public async Task It_is_renewed_before_it_ends_and_the_old_one_is_there_until_then()
    {
        await using var fleet = await StartAsync();
        await PublishAsync(fleet);
        var first = await BecomesAsync(fleet, Host, info => info.Material is not null);
        var go = new TaskCompletionSource();
        _issuer.First = (_, _) => go.Task;

        _time.Advance(first.NextAttemptAt - _time.GetUtcNow());
        await RemindAsync(fleet, Host);
        await Until.True(() => _issuer.Asked.Count == 2, TestFleet.Patience, "it is asked for again");
        Assert.Equal(first.Material!.Serial, (await FindAsync(fleet, Host))!.Material!.Serial);
        go.SetResult();

        var second = await BecomesAsync(fleet, Host, info => info.Material!.Serial != first.Material.Serial);
        Assert.True(second.Material!.NotAfter > first.Material.NotAfter);
    }

    [Fact]
    public async Task A_renewal_that_fails_leaves_the_old_one_in_use_and_is_tried_again_later_by_another_way()
    {
        await using var fleet = await StartAsync();
        await PublishAsync(fleet);
        var first = await BecomesAsync(fleet, Host, info => info.Material is not null);
        _issuer.First = (_, _) => throw new IssuanceException("the port is closed", TimeSpan.FromHours(2));

        _time.Advance(first.NextAttemptAt - _time.GetUtcNow());
        await RemindAsync(fleet, Host);
        var failed = await BecomesAsync(fleet, Host, info => info.LastError is not null);

        Assert.Equal(("the port is closed", 1, first.Material!.Serial), (failed.LastError, failed.Failures, failed.Material!.Serial));
        Assert.Equal(_time.GetUtcNow() + TimeSpan.FromHours(2), failed.NextAttemptAt);
        _issuer.First = (_, _) => Task.CompletedTask;
        _time.Advance(TimeSpan.FromHours(2));
        await RemindAsync(fleet, Host);
        var renewed = await BecomesAsync(fleet, Host, info => info.LastError is null);
        Assert.Equal((0, (Host, 1)), (renewed.Failures, _issuer.Asked.Last()));
    }

    [Fact]
    public async Task Who_asks_for_one_that_has_failed_is_told_so_and_the_issuer_is_left_alone()
    {
        await using var fleet = await StartAsync();
        _issuer.First = (_, _) => throw new IssuanceException("no");
        await PublishAsync(fleet);
        await BecomesAsync(fleet, Host, info => info.Failures == 1);

        var info = await fleet.Grains.Certificate(Host).EnsureAsync();

        Assert.Equal((CertificateState.Failed, "no"), (info.StateAt(_time.GetUtcNow()), info.LastError));
        Assert.Single(_issuer.Asked);
    }

    [Fact]
    public async Task A_proof_is_in_the_index_while_it_is_asked_for_and_gone_after()
    {
        await using var fleet = await StartAsync();
        _issuer.First = async (board, cancellationToken) =>
        {
            await board.ShowAsync(new Challenge(ChallengeKind.TlsAlpn01, "token", "token.key"), cancellationToken);
            Assert.Equal(new CertificateChallenge(true, "token", "token.key"), (await FindAsync(fleet, Host))!.Challenge);
            await board.ClearAsync();
        };

        await PublishAsync(fleet);

        Assert.Null((await BecomesAsync(fleet, Host, info => info.Material is not null)).Challenge);
    }

    [Fact]
    public async Task An_order_that_does_not_end_is_given_up()
    {
        await using var fleet = await StartAsync();
        _issuer.First = (_, cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);
        await PublishAsync(fleet);
        await Until.True(() => !_issuer.Asked.IsEmpty, TestFleet.Patience, "it is asked for");

        CertificateInfo? info = null;
        await Until.True(
            async () =>
            {
                _time.Advance(TimeSpan.FromMinutes(1));
                return (info = await FindAsync(fleet, Host)) is { Failures: > 0 };
            },
            TestFleet.Patience, "it is given up");

        Assert.Equal("it did not come about within 5 minutes", info!.LastError);
    }

    [Fact]
    public async Task One_whose_silo_dies_in_the_middle_of_an_order_is_asked_for_again()
    {
        await using var fleet = await StartAsync(nodes: 2);
        await PublishAsync(fleet, "{instance}.example.com");
        _issuer.First = async (board, cancellationToken) =>
        {
            await board.ShowAsync(new Challenge(ChallengeKind.Http01, "token", "token.key"), cancellationToken);
            await Task.Delay(Timeout.Infinite, cancellationToken);
        };
        // On whichever silo it is.
        _ = fleet.Grains.Certificate(Host).EnsureAsync().ContinueWith(_ => { }, TaskScheduler.Default);
        await BecomesAsync(fleet, Host, info => info.Challenge is not null);
        foreach (var node in fleet.Nodes)
            await fleet.RestartSiloAsync(node);
        _issuer.First = (_, _) => Task.CompletedTask;

        await Until.True(
            async () =>
            {
                _time.Advance(TimeSpan.FromMinutes(6));
                await RemindAsync(fleet, Host);
                return await FindAsync(fleet, Host) is { Material: not null, Challenge: null };
            },
            TestFleet.Patience, "it is there");
    }

    [Fact]
    public async Task It_goes_with_the_last_rule_that_needs_it()
    {
        await using var fleet = await StartAsync();
        await PublishAsync(fleet);
        await fleet.Grains.Ingress("other").CreateAsync(Spec("other", "{instance}.example.com", "{instance}"));
        await BecomesAsync(fleet, Host, info => info.Material is not null);

        await fleet.Grains.Ingress("web").DeleteAsync();
        await fleet.Grains.Certificate(Host).ReleaseAsync();
        Assert.NotNull(await FindAsync(fleet, Host));

        await fleet.Grains.Ingress("other").DeleteAsync();
        await fleet.Grains.Certificate(Host).ReleaseAsync();
        Assert.Null(await FindAsync(fleet, Host));
    }

    [Fact]
    public async Task One_that_no_rule_needs_any_more_is_not_renewed()
    {
        await using var fleet = await StartAsync();
        await PublishAsync(fleet, "{instance}.example.com");
        var info = await fleet.Grains.Certificate(Host).EnsureAsync();
        await fleet.Grains.Ingress("web").DeleteAsync();

        _time.Advance(info.NextAttemptAt - _time.GetUtcNow());
        await RemindAsync(fleet, Host);

        await Until.True(async () => await FindAsync(fleet, Host) is null, TestFleet.Patience, "it is forgotten");
        Assert.Single(_issuer.Asked);
    }

    [Fact]
    public async Task One_whose_key_is_not_safe_is_issued_anew_when_somebody_says_so()
    {
        await using var fleet = await StartAsync();
        await PublishAsync(fleet);
        var first = await BecomesAsync(fleet, Host, info => info.Material is not null);

        await fleet.Grains.Certificate(Host).RenewAsync();

        await BecomesAsync(fleet, Host, info => info.Material!.Serial != first.Material!.Serial);
        var unknown = await Assert.ThrowsAsync<HypemanException>(() => fleet.Grains.Certificate("a.example.com").RenewAsync());
        Assert.Equal("not_found", unknown.Code);
    }

    [Fact]
    public async Task A_name_that_is_not_allowed_is_refused()
    {
        await using var fleet = await StartAsync();

        var error = await Assert.ThrowsAsync<HypemanException>(() => fleet.Grains.Certificate("web.example.org").EnsureAsync());

        Assert.Equal("domain_not_allowed", error.Code);
        Assert.Null(await FindAsync(fleet, "web.example.org"));
    }

    [Fact]
    public async Task A_pattern_has_one_with_an_asterisk_where_those_are_to_be_had()
    {
        await using var fleet = await StartAsync(canBeWildcard: true);

        await PublishAsync(fleet, "{instance}.example.com");

        await BecomesAsync(fleet, "*.example.com", info => info.Material is not null);
    }

    private Task<TestFleet> StartAsync(int nodes = 1, bool canBeWildcard = false)
    {
        var policy = new CertificatePolicy
        {
            Issuer = _issuer,
            Sealer = FakeIssuer.Sealer,
            AllowedDomains = ["*.example.com"],
            CanBeWildcard = canBeWildcard,
        };
        return TestFleet.StartAsync(nodes, time: _time, certificates: policy);
    }

    private static async Task PublishAsync(TestFleet fleet, string host = Host)
    {
        await fleet.CreateAsync(Some.Spec("web"));
        await fleet.Grains.Ingress("web").CreateAsync(Spec("web", host, host == Host ? "web" : "{instance}"));
    }

    private static IngressSpec Spec(string name, string host, string target) => new()
    {
        Name = name,
        Rules = [new IngressRule { Hostname = host, Port = IngressRule.HttpsPort, TargetInstance = target, TargetPort = 80, Tls = true }],
    };

    /// <summary>As Orleans does when the reminder's time has come.</summary>
    private static Task RemindAsync(TestFleet fleet, string name) =>
        fleet.Grains.Certificate(name).AsReference<IRemindable>().ReceiveReminder("renew", default);

    private static async Task<CertificateInfo> BecomesAsync(TestFleet fleet, string name, Predicate<CertificateInfo> condition)
    {
        CertificateInfo? info = null;
        await Until.True(
            async () => (info = await FindAsync(fleet, name)) is not null && condition(info),
            TestFleet.Patience, $"the certificate of {name} is as it should be");
        return info!;
    }

    private static async Task<CertificateInfo?> FindAsync(TestFleet fleet, string name) =>
        await fleet.Index.GetAsync(ResourceKind.Certificate, name) is { } row ? ResourceSummary.Read<CertificateInfo>(row) : null;
}
