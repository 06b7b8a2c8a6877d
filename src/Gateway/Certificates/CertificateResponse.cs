using Hypeman.Contracts.Certificates;

namespace Hypeman.Gateway.Certificates;

/// <summary>What anybody may know of a certificate.</summary>
internal sealed record CertificateResponse
{
    public required string Name { get; init; }
    public required string State { get; init; }
    public string? Issuer { get; init; }
    public string? Serial { get; init; }
    public DateTime? NotBefore { get; init; }
    public DateTime? NotAfter { get; init; }
    public string? LastError { get; init; }
    public required DateTime NextAttemptAt { get; init; }
    public required DateTime CreatedAt { get; init; }

    public static CertificateResponse From(CertificateInfo info, DateTimeOffset now) => new()
    {
        Name = info.Name,
        State = info.StateAt(now).ToString().ToLowerInvariant(),
        Issuer = info.Material?.Issuer,
        Serial = info.Material?.Serial,
        NotBefore = info.Material?.NotBefore.UtcDateTime,
        NotAfter = info.Material?.NotAfter.UtcDateTime,
        LastError = info.LastError,
        NextAttemptAt = info.NextAttemptAt.UtcDateTime,
        CreatedAt = info.CreatedAt.UtcDateTime,
    };
}
