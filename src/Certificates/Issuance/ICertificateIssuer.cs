namespace Hypeman.Certificates.Issuance;

/// <summary>Makes certificates, or has them made.</summary>
public interface ICertificateIssuer
{
    /// <summary>A certificate for one name, and a new key.</summary>
    /// <param name="name">A hostname, or <c>*.</c> and one.</param>
    /// <param name="attempt">How often it failed before: another way of proof may be tried.</param>
    /// <param name="board">Where proof is put that the name is ours.</param>
    /// <param name="cancellationToken">Gives up; the caller sets a deadline.</param>
    /// <exception cref="IssuanceException">It was refused, or did not come about.</exception>
    Task<IssuedCertificate> IssueAsync(string name, int attempt, IChallengeBoard board, CancellationToken cancellationToken);
}

/// <summary>A certificate with its issuers, and its key.</summary>
/// <param name="ChainPem">The certificate, then those that issued it, the root left out.</param>
/// <param name="KeyPem">PKCS #8.</param>
public sealed record IssuedCertificate(string ChainPem, string KeyPem);

public enum ChallengeKind
{
    /// <summary>A text is served under a path on port 80 (RFC 8555, section 8.3).</summary>
    Http01,

    /// <summary>A certificate of our own is shown to who asks for the protocol <c>acme-tls/1</c> on port 443 (RFC 8737).</summary>
    TlsAlpn01,

    /// <summary>A TXT record is published (RFC 8555, section 8.4).</summary>
    Dns01,
}

/// <summary>Proof that somebody will look for.</summary>
/// <param name="Kind">Where.</param>
/// <param name="Token">Names it.</param>
/// <param name="KeyAuthorization">What is to be found.</param>
public sealed record Challenge(ChallengeKind Kind, string Token, string KeyAuthorization);

/// <summary>Where proofs are shown.</summary>
public interface IChallengeBoard
{
    /// <summary>Returns when the proof can be seen.</summary>
    Task ShowAsync(Challenge challenge, CancellationToken cancellationToken);

    /// <summary>Takes down what was shown.</summary>
    Task ClearAsync();
}

/// <summary>A certificate was not issued.</summary>
/// <param name="message">Why, for operators.</param>
/// <param name="retryAfter">The issuer wants to be left alone for so long; null: it did not say.</param>
/// <param name="inner">What it came from.</param>
public sealed class IssuanceException(string message, TimeSpan? retryAfter = null, Exception? inner = null) : Exception(message, inner)
{
    public TimeSpan? RetryAfter => retryAfter;
}
