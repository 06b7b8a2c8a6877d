using System.Security.Cryptography.X509Certificates;
using System.Text;
using Hypeman.Certificates.Development;
using Hypeman.Certificates.Issuance;
using Hypeman.Certificates.Sealing;
using Hypeman.Contracts.Certificates;
using Hypeman.Ingress.Certificates;

namespace Hypeman.Tests.Ingress.Fakes;

/// <summary>Certificates of a CA of the tests', as the fleet keeps them.</summary>
internal static class Certificates
{
    public static readonly SecretSealer Sealer = new(Encoding.ASCII.GetBytes(new string('k', SecretSealer.KeyLength)));

    private static readonly DevelopmentIssuer Issuer = new(Sealer, TimeProvider.System);

    public static X509Certificate2 Authority { get; } = X509Certificate2.CreateFromPem(Issuer.AuthorityPem);

    public static async Task<CertificateInfo> IssueAsync(string name)
    {
        var issued = await Issuer.IssueAsync(name, 0, null!, default);
        using var certificate = X509Certificate2.CreateFromPem(issued.ChainPem);
        return Pending(name) with
        {
            Material = new CertificateMaterial(
                Sealer.Seal(Encoding.ASCII.GetBytes(issued.ChainPem + "\n" + issued.KeyPem), name), certificate.Issuer,
                certificate.SerialNumber.ToLowerInvariant(), certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime()),
        };
    }

    public static CertificateInfo Pending(string name) => new() { Name = name, CreatedAt = Rows.Start, NextAttemptAt = Rows.Start };
}

/// <summary>Notes which certificates are asked for, and does what the test says.</summary>
internal sealed class FakeRequester : ICertificateRequester
{
    private readonly List<string> _requests = [];

    public IReadOnlyList<string> Requests
    {
        get
        {
            lock (_requests)
                return [.. _requests];
        }
    }

    public Func<string, Task> Request { get; set; } = _ => Task.CompletedTask;

    public Task RequestAsync(string name, CancellationToken cancellationToken)
    {
        lock (_requests)
            _requests.Add(name);
        return Request(name);
    }
}
