namespace Hypeman.Contracts.Ingresses;

/// <summary>One ingress: its rules are checked and claimed here; the ingress proxies read them from the index.</summary>
[Alias("hypeman.ingress")]
public interface IIngressGrain : IGrainWithStringKey
{
    /// <exception cref="Errors.HypemanException">
    /// <c>bad_request</c>, <c>instance_not_found</c>, <c>hostname_in_use</c>, <c>already_exists</c>,
    /// <c>config_validation_failed</c>.
    /// </exception>
    [Alias("Create")] Task<IngressInfo> CreateAsync(IngressSpec spec);

    [Alias("Get")] Task<IngressInfo> GetAsync();

    [Alias("Delete")] Task DeleteAsync();
}
