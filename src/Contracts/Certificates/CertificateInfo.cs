namespace Hypeman.Contracts.Certificates;

/// <summary>What a certificate is for its callers.</summary>
public enum CertificateState
{
    /// <summary>It is being asked for, for the first time.</summary>
    Pending,

    Ready,

    /// <summary>There is none, as it could not be had; it is tried again.</summary>
    Failed,
}

/// <summary>
/// What is known of the certificate of a name; also its summary in the resource index. What only the ingresses may read of it is
/// sealed with the fleet's key.
/// </summary>
[GenerateSerializer, Immutable, Alias("hypeman.certificate-info")]
public sealed record CertificateInfo
{
    /// <summary>A hostname, or <c>*.</c> and one; also its id.</summary>
    [Id(0)] public required string Name { get; init; }

    [Id(1)] public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The certificate that is in use; null while there is none.</summary>
    [Id(2)] public CertificateMaterial? Material { get; init; }

    /// <summary>What proves now that the name is ours.</summary>
    [Id(3)] public CertificateChallenge? Challenge { get; init; }

    /// <summary>Why it could not be had or renewed the last time; null when it could.</summary>
    [Id(4)] public string? LastError { get; init; }

    /// <summary>How often in a row.</summary>
    [Id(5)] public int Failures { get; init; }

    /// <summary>When it is asked for next.</summary>
    [Id(6)] public DateTimeOffset NextAttemptAt { get; init; }

    public CertificateState StateAt(DateTimeOffset now) =>
        Material is { } material && material.NotAfter > now ? CertificateState.Ready
        : Failures > 0 ? CertificateState.Failed
        : CertificateState.Pending;
}

/// <summary>A certificate with its key.</summary>
/// <param name="Sealed">Its chain and key as PEM, sealed about its name.</param>
/// <param name="Issuer">Whose signature it has.</param>
/// <param name="Serial">In hexadecimal digits.</param>
/// <param name="NotBefore">When it begins.</param>
/// <param name="NotAfter">When it ends.</param>
[GenerateSerializer, Immutable, Alias("hypeman.certificate-material")]
public sealed record CertificateMaterial(
    [property: Id(0)] byte[] Sealed,
    [property: Id(1)] string Issuer,
    [property: Id(2)] string Serial,
    [property: Id(3)] DateTimeOffset NotBefore,
    [property: Id(4)] DateTimeOffset NotAfter);

/// <summary>Proof that a name is ours; whoever asks may see it.</summary>
/// <param name="IsAlpn">It is shown in a TLS handshake, else under a path.</param>
/// <param name="Token">Names it.</param>
/// <param name="KeyAuthorization">What is to be found.</param>
[GenerateSerializer, Immutable, Alias("hypeman.certificate-challenge")]
public sealed record CertificateChallenge(
    [property: Id(0)] bool IsAlpn, [property: Id(1)] string Token, [property: Id(2)] string KeyAuthorization);
