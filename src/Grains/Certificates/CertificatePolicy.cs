using Hypeman.Certificates.Issuance;
using Hypeman.Certificates.Sealing;
using Hypeman.Contracts.Certificates;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Ingresses;

namespace Hypeman.Grains.Certificates;

/// <summary>Whether certificates are to be had in this fleet, by whom, and for which names.</summary>
public sealed record CertificatePolicy
{
    /// <summary>Null: nobody issues them.</summary>
    public ICertificateIssuer? Issuer { get; init; }

    /// <summary>Keeps keys from others; there whenever there is an issuer.</summary>
    public SecretSealer? Sealer { get; init; }

    /// <summary>Names with an asterisk can be had: somebody publishes DNS records for us.</summary>
    public bool CanBeWildcard { get; init; }

    /// <summary>Hostnames, <c>*.example.com</c> for all with one label more, <c>*</c> for all.</summary>
    public IReadOnlyList<string> AllowedDomains { get; init; } = [];

    /// <exception cref="HypemanException"><c>bad_request</c>, <c>domain_not_allowed</c>.</exception>
    internal void Require(string name, string at)
    {
        if (Issuer is null)
            throw HypemanException.Invalid(
                "bad_request", $"{at}: needs certificates, which nobody issues here: set acme.email, or acme.ca to 'development' for a CA of our own");
        if (!CertificateName.IsAllowed(AllowedDomains, name))
            throw HypemanException.Invalid(
                "domain_not_allowed", $"{at}: '{name}' is none of acme.allowed_domains ({string.Join(", ", AllowedDomains.DefaultIfEmpty("which is empty"))})");
    }

    /// <summary>The names that are known beforehand to be needed.</summary>
    internal IEnumerable<string> NamesOf(IngressInfo ingress) => ingress.Rules
        .Where(rule => rule.Tls)
        .Select(rule => CertificateName.Of(HostPattern.Parse(rule.Hostname), CanBeWildcard))
        .OfType<string>()
        .Distinct();
}
