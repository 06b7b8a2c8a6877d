using System.Security.Cryptography.X509Certificates;
using Hypeman.Certificates.Development;
using Hypeman.Certificates.Sealing;

namespace Hypeman.Tests.Certificates.Development;

public sealed class DevelopmentIssuerTests
{
    private static readonly SecretSealer Sealer = new(new byte[SecretSealer.KeyLength]);

    [Theory]
    [InlineData("web.example.com", "web.example.com")]
    [InlineData("*.example.com", "web.example.com")]
    public async Task Who_trusts_one_process_of_the_fleet_trusts_what_another_one_issues(string name, string host)
    {
        using var trusted = new DevelopmentIssuer(Sealer, TimeProvider.System);
        using var issuer = new DevelopmentIssuer(Sealer, TimeProvider.System);
        var issued = await issuer.IssueAsync(name, 0, null!, default);
        using var certificate = X509Certificate2.CreateFromPem(issued.ChainPem, issued.KeyPem);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.Add(X509Certificate2.CreateFromPem(trusted.AuthorityPem));

        Assert.True(chain.Build(certificate), string.Join("; ", chain.ChainStatus.Select(status => status.StatusInformation)));
        Assert.True(certificate.MatchesHostname(host));
        Assert.True(certificate.HasPrivateKey);
    }
}
