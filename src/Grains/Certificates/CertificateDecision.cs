using Hypeman.Certificates.Issuance;
using Hypeman.Contracts.Certificates;

namespace Hypeman.Grains.Certificates;

/// <summary>What becomes of a certificate. Pure.</summary>
internal static class CertificateDecision
{
    /// <summary>No reason that an issuer gives needs more.</summary>
    private const int MostOfReason = 1000;

    public static CertificateInfo New(string name, DateTimeOffset now) => new() { Name = name, CreatedAt = now, NextAttemptAt = now };

    public static bool IsDue(CertificateInfo info, DateTimeOffset now) => info.NextAttemptAt <= now;

    public static CertificateInfo Issued(CertificateInfo info, CertificateMaterial material) => info with
    {
        Material = material,
        Challenge = null,
        LastError = null,
        Failures = 0,
        NextAttemptAt = RenewalPlan.RenewAt(info.Name, material.NotBefore, material.NotAfter),
    };

    /// <summary>The one that is in use stays in use.</summary>
    public static CertificateInfo Failed(CertificateInfo info, string reason, TimeSpan? asked, DateTimeOffset now) => info with
    {
        Challenge = null,
        LastError = reason.Length <= MostOfReason ? reason : reason[..MostOfReason],
        Failures = info.Failures + 1,
        NextAttemptAt = RenewalPlan.RetryAt(info.Failures + 1, asked, now),
    };
}
