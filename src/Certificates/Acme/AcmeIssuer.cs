using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hypeman.Certificates.Issuance;
using Hypeman.Certificates.Sealing;

namespace Hypeman.Certificates.Acme;

/// <summary>Has certificates issued by an ACME server (RFC 8555). A few orders at a time; an account is made when there is none.</summary>
public sealed class AcmeIssuer : ICertificateIssuer, IDisposable
{
    private const int MostOrders = 4;

    private readonly AcmeOptions _options;
    private readonly IDnsPublisher? _dns;
    private readonly TimeProvider _time;
    private readonly AccountKey _key;
    private readonly AcmeConnection _server;
    private readonly SemaphoreSlim _turn = new(MostOrders);

    /// <param name="options">Which server.</param>
    /// <param name="http">The way to it.</param>
    /// <param name="sealer">Of the fleet: the account's key follows from the fleet's.</param>
    /// <param name="dns">For proofs by DNS; null: there are none.</param>
    /// <param name="time">For deadlines and pauses.</param>
    public AcmeIssuer(AcmeOptions options, HttpClient http, SecretSealer sealer, IDnsPublisher? dns, TimeProvider time)
    {
        (_options, _dns, _time) = (options, dns, time);
        _key = new AccountKey(sealer.SigningKey($"acme account at {options.Directory}"));
        _server = new AcmeConnection(http, _key, options.Directory, time);
    }

    public async Task<IssuedCertificate> IssueAsync(string name, int attempt, IChallengeBoard board, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            return await OrderAsync(name, attempt, board, cancellationToken);
        }
        catch (AcmeException refused)
        {
            throw new IssuanceException($"{_options.Directory.Host} refuses: {refused.Message}", refused.RetryAfter, refused);
        }
        catch (HttpRequestException error)
        {
            throw new IssuanceException($"{_options.Directory.Host} cannot be reached: {error.Message}", inner: error);
        }
        catch (JsonException error)
        {
            throw new IssuanceException($"{_options.Directory.Host} sent what ACME does not know: {error.Message}", inner: error);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose()
    {
        _turn.Dispose();
        _key.Dispose();
    }

    private async Task<IssuedCertificate> OrderAsync(string name, int attempt, IChallengeBoard board, CancellationToken cancellationToken)
    {
        // :: Step 1: who we are, and what we want
        var made = await NewOrderAsync(name, cancellationToken);
        var url = made.Location ?? throw new IssuanceException("the issuer does not say where the order is");
        var order = made.Read(AcmeJson.Default.AcmeOrder);

        // :: Step 2: that the name is ours
        foreach (var authorization in order.Authorizations)
            await ProveAsync(name, authorization, attempt, board, cancellationToken);

        // :: Step 3: the key
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await _server.PostAsync(
            order.Finalize, new JsonObject { ["csr"] = Base64Url.EncodeToString(CertificateRequests.For(name, key)) }, cancellationToken);
        order = await UntilAsync(url, AcmeJson.Default.AcmeOrder, order => order.Status is "valid" or "invalid", cancellationToken);
        if (order.Status == "invalid" || order.Certificate is null)
            throw new IssuanceException($"the order was not fulfilled: {AcmeException.Describe(order.Error)}");

        // :: Step 4: what we were given
        var chain = await _server.PostAsync(order.Certificate, null, cancellationToken);
        return CertificateRequests.Check(name, chain.Text, key, _time.GetUtcNow());
    }

    private async Task<AcmeAnswer> NewOrderAsync(string name, CancellationToken cancellationToken)
    {
        var directory = await _server.DirectoryAsync(cancellationToken);
        var wish = new JsonObject { ["identifiers"] = new JsonArray(new JsonObject { ["type"] = "dns", ["value"] = name }) };
        if (_server.Account is not null)
            try
            {
                return await _server.PostAsync(directory.NewOrder, wish, cancellationToken);
            }
            catch (AcmeException forgotten) when (forgotten.Type == "accountDoesNotExist")
            {
                _server.Account = null;
            }
        _server.Account = await AccountAsync(directory, cancellationToken);
        return await _server.PostAsync(directory.NewOrder, wish, cancellationToken);
    }

    /// <summary>The account of our key, which is made when there is none.</summary>
    private async Task<Uri> AccountAsync(AcmeDirectory directory, CancellationToken cancellationToken)
    {
        var account = new JsonObject { ["termsOfServiceAgreed"] = true };
        if (_options.Email.Length > 0)
            account["contact"] = new JsonArray($"mailto:{_options.Email}");
        if (_options.ExternalAccount is { } external)
            account["externalAccountBinding"] = _key.Bind(external.KeyId, external.MacKey, directory.NewAccount);
        else if (directory.Meta?.ExternalAccountRequired == true)
            throw new IssuanceException($"{_options.Directory.Host} wants accounts to be tied to one of its own: set acme.external_account");
        var made = await _server.PostAsync(directory.NewAccount, account, cancellationToken);
        return made.Location ?? throw new IssuanceException("the issuer does not say which account is ours");
    }

    private async Task ProveAsync(string name, Uri url, int attempt, IChallengeBoard board, CancellationToken cancellationToken)
    {
        var authorization = (await _server.PostAsync(url, null, cancellationToken)).Read(AcmeJson.Default.AcmeAuthorization);
        if (authorization.Status == "valid")
            return;
        var (kind, challenge) = Choose(name, authorization, attempt);
        var proof = new Challenge(kind, challenge.Token!, _key.Authorize(challenge.Token!));
        try
        {
            await ShowAsync(name, proof, board, cancellationToken);
            await _server.PostAsync(challenge.Url, new JsonObject(), cancellationToken);
            authorization = await UntilAsync(
                url, AcmeJson.Default.AcmeAuthorization, now => now.Status is not ("pending" or "processing"), cancellationToken);
        }
        finally
        {
            await HideAsync(name, proof, board);
        }
        if (authorization.Status != "valid")
            throw new IssuanceException($"{name} was not proven by {challenge.Type}: {WhyNot(authorization, challenge)}");
    }

    /// <summary>The next way with each attempt: where one port is closed, the other may be open.</summary>
    private (ChallengeKind Kind, AcmeChallenge Challenge) Choose(string name, AcmeAuthorization authorization, int attempt)
    {
        var ways = (name.StartsWith("*.", StringComparison.Ordinal) ? [ChallengeKind.Dns01] : _options.Challenges)
            .Where(kind => kind != ChallengeKind.Dns01 || _dns is not null)
            .SelectMany(kind => authorization.Challenges.Where(offer => offer.Type == Word(kind) && offer.Token is not null).Select(offer => (kind, offer)))
            .ToList();
        return ways.Count > 0
            ? ways[attempt % ways.Count]
            : throw new IssuanceException(
                $"{_options.Directory.Host} offers only {string.Join(", ", authorization.Challenges.Select(offer => offer.Type))} for {name}, "
                + "of which none can be done here");
    }

    private Task ShowAsync(string name, Challenge proof, IChallengeBoard board, CancellationToken cancellationToken) =>
        proof.Kind == ChallengeKind.Dns01
            ? _dns!.PresentAsync(RecordOf(name), ValueOf(proof), cancellationToken)
            : board.ShowAsync(proof, cancellationToken);

    private Task HideAsync(string name, Challenge proof, IChallengeBoard board) =>
        proof.Kind == ChallengeKind.Dns01
            ? _dns!.CleanUpAsync(RecordOf(name), ValueOf(proof), CancellationToken.None)
            : board.ClearAsync();

    private async Task<T> UntilAsync<T>(
        Uri url, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, Func<T, bool> isDone, CancellationToken cancellationToken)
    {
        while (true)
        {
            var answer = await _server.PostAsync(url, null, cancellationToken);
            if (answer.Read(type) is var now && isDone(now))
                return now;
            await Task.Delay(answer.RetryAfter is { } asked && asked > TimeSpan.Zero ? asked : _options.PollInterval, _time, cancellationToken);
        }
    }

    private static string WhyNot(AcmeAuthorization authorization, AcmeChallenge tried) =>
        authorization.Challenges.FirstOrDefault(challenge => challenge.Url == tried.Url) is { Error.ValueKind: JsonValueKind.Object } failed
            ? AcmeException.Describe(failed.Error)
            : $"it is {authorization.Status}";

    private static string RecordOf(string name) =>
        $"_acme-challenge.{(name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name)}";

    private static string ValueOf(Challenge proof) =>
        Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(proof.KeyAuthorization)));

    private static string Word(ChallengeKind kind) => kind switch
    {
        ChallengeKind.Http01 => "http-01",
        ChallengeKind.TlsAlpn01 => "tls-alpn-01",
        ChallengeKind.Dns01 => "dns-01",
    };
}
