using Hypeman.Client.Certificates;
using Hypeman.Client.Http;
using Hypeman.Client.Images;
using Hypeman.Client.Ingresses;
using Hypeman.Client.Instances;
using Hypeman.Client.Nodes;
using Hypeman.Client.Snapshots;

namespace Hypeman.Client;

/// <summary>A fleet over its REST API. Uses nothing but HTTP; safe for concurrent calls.</summary>
public sealed class HypemanClient : IDisposable
{
    private readonly ApiConnection _connection;

    public HypemanClient(Uri baseUrl, string? apiKey)
    {
        _connection = new ApiConnection(baseUrl, apiKey);
        Instances = new InstancesClient(_connection);
        Images = new ImagesClient(_connection);
        Ingresses = new IngressesClient(_connection);
        Certificates = new CertificatesClient(_connection);
        Nodes = new NodesClient(_connection);
        Snapshots = new SnapshotsClient(_connection);
        Registry = new RegistryClient(_connection);
    }

    public InstancesClient Instances { get; }
    public ImagesClient Images { get; }
    public IngressesClient Ingresses { get; }
    public CertificatesClient Certificates { get; }
    public NodesClient Nodes { get; }
    public SnapshotsClient Snapshots { get; }
    public RegistryClient Registry { get; }

    /// <summary>Throws unless the server answers and says that it is well.</summary>
    public Task CheckHealthAsync(CancellationToken cancellationToken) =>
        _connection.SendAsync(HttpMethod.Get, "health", null, cancellationToken);

    public void Dispose() => _connection.Dispose();
}
