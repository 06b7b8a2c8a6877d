using Hypeman.Client.Http;

namespace Hypeman.Client.Ingresses;

/// <summary>An ingress as the server tells of it.</summary>
public sealed record Ingress : ApiResource
{
    public required string Id { get; init; }
    public required string Name { get; init; }
    public IReadOnlyList<IngressRule> Rules { get; init; } = [];
    public DateTimeOffset? CreatedAt { get; init; }
}

/// <summary>What comes in as <c>Match</c> goes to <c>Target</c>.</summary>
/// <param name="Match">Which requests.</param>
/// <param name="Target">Where they go.</param>
/// <param name="Wake">Which instances at rest they wake: standby, stopped or never; standby when left out.</param>
/// <param name="WakeFilter">Which requests do; all when left out.</param>
/// <param name="RequestHeaderAuth">What requests must carry; its value is hidden in answers.</param>
/// <param name="Tls">Callers speak HTTPS; not when left out.</param>
/// <param name="RedirectHttp">Callers of port 80 are sent to https; not when left out.</param>
public sealed record IngressRule(
    IngressMatch Match, IngressTarget Target, string? Wake = null, WakeFilter? WakeFilter = null, IngressHeaderAuth? RequestHeaderAuth = null,
    bool? Tls = null, bool? RedirectHttp = null);

/// <summary>Patterns, in which <c>*</c> stands for any characters and <c>?</c> for one.</summary>
/// <param name="OnlyPaths">Those that wake; all when null or empty.</param>
/// <param name="ExceptPaths">Those that do not even so.</param>
/// <param name="ExceptUserAgents">Callers that do not.</param>
public sealed record WakeFilter(
    IReadOnlyList<string>? OnlyPaths = null, IReadOnlyList<string>? ExceptPaths = null, IReadOnlyList<string>? ExceptUserAgents = null);

/// <summary>A header, and the 32 to 256 characters that only callers know.</summary>
public sealed record IngressHeaderAuth(string Header, string Value);

/// <summary>The hostname, or a pattern such as <c>{instance}.example.com</c>, and the port of the fleet that a caller asks for; when left out
/// 80, or 443 with TLS.</summary>
public sealed record IngressMatch(string Hostname, int? Port = null);

/// <summary>An instance, by name, id or what a pattern captures, and the port its program listens on.</summary>
public sealed record IngressTarget(string Instance, int Port);

/// <summary>A wish for an ingress.</summary>
public sealed record CreateIngress(string Name, IReadOnlyList<IngressRule> Rules);

/// <summary>Hostnames of the fleet that lead to instances.</summary>
public sealed class IngressesClient
{
    private readonly ApiConnection _api;

    internal IngressesClient(ApiConnection api) => _api = api;

    public Task<Ingress> CreateAsync(CreateIngress wish, CancellationToken cancellationToken) =>
        _api.PostAsync<CreateIngress, Ingress>("ingresses", wish, cancellationToken);

    public Task<List<Ingress>> ListAsync(CancellationToken cancellationToken) =>
        _api.GetAsync<List<Ingress>>("ingresses", cancellationToken);

    public Task<Ingress> GetAsync(string id, CancellationToken cancellationToken) =>
        _api.GetAsync<Ingress>($"ingresses/{Uri.EscapeDataString(id)}", cancellationToken);

    public Task DeleteAsync(string id, CancellationToken cancellationToken) =>
        _api.DeleteAsync($"ingresses/{Uri.EscapeDataString(id)}", cancellationToken);
}
