using System.Security.Cryptography;
using System.Text;

namespace Hypeman.Certificates.Issuance;

/// <summary>When a certificate is asked for, again or for the first time. Pure.</summary>
public static class RenewalPlan
{
    /// <summary>After a first failure, a second one, and so on; the last one from then on.</summary>
    private static readonly TimeSpan[] Backoff =
    [
        TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15), TimeSpan.FromHours(1), TimeSpan.FromHours(4),
        TimeSpan.FromHours(12),
    ];

    /// <summary>
    /// After two thirds of its life, and somewhat earlier, which is another share for each name: certificates that were issued
    /// together are not renewed together.
    /// </summary>
    public static DateTimeOffset RenewAt(string name, DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        var life = notAfter - notBefore;
        return notBefore + life * (2.0 / 3) - life * (Share(name) / 20);
    }

    /// <param name="failures">One or more.</param>
    /// <param name="asked">How long the issuer wants to be left alone.</param>
    /// <param name="now">When it failed.</param>
    public static DateTimeOffset RetryAt(int failures, TimeSpan? asked, DateTimeOffset now)
    {
        var pause = Backoff[Math.Min(failures, Backoff.Length) - 1];
        return now + (asked > pause ? asked.Value : pause);
    }

    /// <summary>From 0 up to 1, always the same for a name.</summary>
    private static double Share(string name) => SHA256.HashData(Encoding.UTF8.GetBytes(name))[0] / 256.0;
}
