using System.Text.Json;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.Silo.Server;

/// <summary>Tells scripts where a running server answers. It is there from when the server is ready until it ends.</summary>
internal sealed class ServerFile : IDisposable
{
    public const string FileName = "server.json";
    private readonly string _path;

    private ServerFile(string path) => _path = path;

    /// <param name="dataDirectory">Claimed by this process.</param>
    /// <param name="api">Null where there is no API.</param>
    /// <param name="ingressPort">0 where there is no ingress.</param>
    /// <param name="metricsPort">Of <c>/metrics</c>.</param>
    public static ServerFile Write(string dataDirectory, Uri? api, int ingressPort, int metricsPort)
    {
        var path = Path.Combine(dataDirectory, FileName);
        AtomicFile.Write(path, JsonSerializer.Serialize(new
        {
            pid = Environment.ProcessId,
            api_url = api?.ToString().TrimEnd('/'),
            ingress_port = ingressPort,
            metrics_port = metricsPort,
        }) + "\n");
        return new ServerFile(path);
    }

    public void Dispose() => File.Delete(_path);
}
