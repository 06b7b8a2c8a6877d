using Hypeman.Certificates.Issuance;

namespace Hypeman.Certificates.Acme;

/// <summary>Which ACME server issues, and how names are proven to it.</summary>
public sealed record AcmeOptions
{
    public static readonly Uri LetsEncrypt = new("https://acme-v02.api.letsencrypt.org/directory");

    /// <summary>Its directory.</summary>
    public Uri Directory { get; init; } = LetsEncrypt;

    /// <summary>Where it sends word of what goes wrong; empty: nowhere.</summary>
    public string Email { get; init; } = "";

    /// <summary>What ties the account to one at the issuer (RFC 8555, section 7.3.4); null: nothing.</summary>
    public ExternalAccount? ExternalAccount { get; init; }

    /// <summary>In the order in which they are tried.</summary>
    public IReadOnlyList<ChallengeKind> Challenges { get; init; } = [ChallengeKind.Http01, ChallengeKind.TlsAlpn01];

    /// <summary>How often is looked whether something is done, where the server does not say.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(2);
}

/// <param name="KeyId">Name of the key at the issuer.</param>
/// <param name="MacKey">The key.</param>
public sealed record ExternalAccount(string KeyId, byte[] MacKey);

/// <summary>Publishes TXT records.</summary>
public interface IDnsPublisher
{
    /// <summary>Returns when everybody can see it.</summary>
    /// <param name="name">Such as <c>_acme-challenge.example.com</c>.</param>
    /// <param name="value">Of the TXT record.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IssuanceException">It cannot be published.</exception>
    Task PresentAsync(string name, string value, CancellationToken cancellationToken);

    /// <summary>Removes what was published.</summary>
    Task CleanUpAsync(string name, string value, CancellationToken cancellationToken);
}
