using Hypeman.Client.Http;

namespace Hypeman.Client.Certificates;

/// <summary>The certificate of a hostname as the server tells of it.</summary>
public sealed record Certificate : ApiResource
{
    /// <summary>A hostname, or <c>*.</c> and one.</summary>
    public required string Name { get; init; }

    /// <summary><c>pending</c>, <c>ready</c> or <c>failed</c>.</summary>
    public required string State { get; init; }

    public string? Issuer { get; init; }
    public DateTimeOffset? NotAfter { get; init; }

    /// <summary>Why it could not be had or renewed the last time.</summary>
    public string? LastError { get; init; }

    public DateTimeOffset? NextAttemptAt { get; init; }
}

/// <summary>Certificates come and go with the rules that need them.</summary>
public sealed class CertificatesClient
{
    private readonly ApiConnection _api;

    internal CertificatesClient(ApiConnection api) => _api = api;

    public Task<List<Certificate>> ListAsync(CancellationToken cancellationToken) =>
        _api.GetAsync<List<Certificate>>("certificates", cancellationToken);

    public Task<Certificate> GetAsync(string name, CancellationToken cancellationToken) =>
        _api.GetAsync<Certificate>($"certificates/{Uri.EscapeDataString(name)}", cancellationToken);

    /// <summary>Has it issued anew now; returns at once.</summary>
    public Task<Certificate> RenewAsync(string name, CancellationToken cancellationToken) =>
        _api.PostAsync<Certificate>($"certificates/{Uri.EscapeDataString(name)}/renew", cancellationToken);
}
